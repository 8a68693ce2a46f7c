import { FrameMismatchError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import { describeImage, describeMismatch, type Image, imageBytes } from "../core/image.js";
import type { FrameSink } from "../core/stream.js";
import type { ChunkWriter } from "./chunk-format.js";
import { type ChunkAtWork, ChunkedWriter } from "./chunked-writer.js";
import type { StorePlan } from "./store-plan.js";

/**
 * A store that is being written. Comes from `createStore`.
 *
 * `write` resolves when the frame is safe, as `durability` says. Encoding runs beside the caller: give it `ahead` more
 * frames without waiting, as `pipeTo` does, and all cores are busy. Whatever happens to this process, a frame whose
 * write has resolved can be read back. A frame that could not be written rejects its own write, and those after it in
 * the same chunk; the next begins a new chunk.
 */
export class StoreWriter extends ChunkedWriter<Image> implements FrameSink {
  readonly #plan: StorePlan;

  constructor(plan: StorePlan) {
    super(plan);
    this.#plan = plan;
  }

  /**
   * Resolves when the frame is safe; see `CreateStoreOptions.durability`.
   * @throws {FrameMismatchError} if it is no such frame as the store was made for.
   * @throws {EncodeError} if it cannot be written; those before it are kept.
   * @throws {DiskFullError} if the disk has less than `minFree` left. What was written is closed and whole by then.
   */
  async write(frame: Frame): Promise<void> {
    this.needOpen();
    const { offered } = this.#plan;
    const mismatch = describeMismatch(offered, frame.image);
    if (mismatch !== undefined || offered.color !== frame.image.color) {
      throw new FrameMismatchError(describeImage(offered), describeImage(frame.image));
    }
    if (frame.image.data.byteLength !== imageBytes(offered)) {
      throw new FrameMismatchError(`${imageBytes(offered)} bytes`, `${frame.image.data.byteLength} bytes`);
    }
    if (typeof frame.number !== "bigint" && typeof frame.number !== "number") {
      throw new FrameMismatchError("a frame number", typeof frame.number);
    }
    await this.append(frame, frame.image, this.#plan.toStored);
  }

  protected placeOf(_: Image, chunk: ChunkAtWork | undefined): "here" | "new" {
    const isFull = chunk !== undefined && chunk.length >= this.#plan.chunkSize;
    return isFull || chunk?.failure !== undefined ? "new" : "here";
  }

  protected createChunk(path: string): Promise<ChunkWriter<Image>> {
    const { format, stored, options, files } = this.#plan;
    return format.createChunk(path, stored, options, files);
  }
}
