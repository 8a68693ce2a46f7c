import { type CodedFrame, type CodedInfo, type CodedSink, isSameCoding } from "../core/coded-frame.js";
import { FrameMismatchError, UnsupportedError } from "../core/errors.js";
import { describeMismatch } from "../core/image.js";
import type { ChunkWriter, CodedChunks } from "./chunk-format.js";
import { mostFramesInChunk } from "./chunk-index.js";
import { type ChunkAtWork, ChunkedWriter } from "./chunked-writer.js";
import { codedPixels } from "./coded-pixels.js";
import type { StorePlan } from "./store-plan.js";

/**
 * A store that is being written with frames as a camera compressed them. Comes from `createCodedStore`.
 *
 *     K . . . . K . . . . K . .      a chunk ends before the first keyframe at which it has its size,
 *     |_________________| |____      or at which frames begin to be decoded with something else
 *
 * Each packet is one frame, one row, one fragment or cluster of its file, as in any store; safe means what it means there.
 * What leans on a frame that is not there is left out, up to a keyframe. Frames have to come as they are shown: rows of
 * a stream with B-frames would be out of order, so such a stream is refused at the first frame that comes late.
 */
export class CodedStoreWriter extends ChunkedWriter<CodedFrame> implements CodedSink {
  protected override readonly beginsAhead = false;
  readonly #plan: StorePlan;
  readonly #chunks: CodedChunks;
  /** What the frames of the chunk at work are decoded with. */
  #coded: CodedInfo;
  /** The frame that the next one leans on is not there. */
  #needsKey = true;
  #leftOut = 0;
  #lastPts = Number.NEGATIVE_INFINITY;
  /** Why it takes no more of this stream. */
  #refusal: UnsupportedError | undefined;

  constructor(plan: StorePlan, chunks: CodedChunks, coded: CodedInfo) {
    super(plan);
    this.#plan = plan;
    this.#chunks = chunks;
    this.#coded = coded;
  }

  /** Frames that were left out, because one that they lean on is missing. */
  get leftOut(): number {
    return this.#leftOut;
  }

  async write(frame: CodedFrame): Promise<boolean> {
    this.needOpen();
    try {
      this.#check(frame);
    } catch (error) {
      this.skip();
      throw error;
    }
    try {
      return await this.append(frame, frame, (same) => same);
    } catch (error) {
      this.#needsKey = true;
      throw error;
    }
  }

  skip(): void {
    // In the order of the calls: frames that were given before still count.
    void this.inTurn(async () => {
      this.#needsKey = true;
    });
  }

  #check({ coded, data, number, pts }: CodedFrame): void {
    const { codec } = this.#chunks;
    if (coded.codec !== codec) throw new FrameMismatchError(`a packet of ${codec}`, `one of ${coded.codec}`);
    const mismatch = describeMismatch(this.#plan.stored, codedPixels(coded).stored);
    if (mismatch !== undefined)
      throw new FrameMismatchError(...(mismatch.split(", got ") as [string, string]));
    if (data.length === 0) throw new FrameMismatchError("a packet", "one of no bytes");
    if (typeof number !== "bigint" && typeof number !== "number") {
      throw new FrameMismatchError("a frame number", typeof number);
    }
    if (pts !== undefined && pts < this.#lastPts) {
      const advice = "set the camera to a profile without B-frames, or record it decoded";
      this.#refusal ??= new UnsupportedError(
        "frames to keep as they are",
        `frame ${number} comes after one that is shown later (B-frames); ${advice}`,
      );
    }
    if (this.#refusal !== undefined) throw this.#refusal;
    this.#lastPts = pts ?? this.#lastPts;
  }

  protected placeOf(frame: CodedFrame, chunk: ChunkAtWork | undefined): "here" | "new" | "nowhere" {
    const isSame = isSameCoding(this.#coded, frame.coded);
    const isWhole = chunk !== undefined && chunk.failure === undefined;
    if (!frame.isKey) {
      const fits = isWhole && isSame && chunk.length < mostFramesInChunk;
      if (fits && !this.#needsKey) return "here";
      this.#needsKey = true;
      this.#leftOut++;
      return "nowhere";
    }
    this.#needsKey = false;
    this.#coded = frame.coded;
    return isWhole && isSame && chunk.length < this.#plan.chunkSize ? "here" : "new";
  }

  protected createChunk(path: string): Promise<ChunkWriter<CodedFrame>> {
    return this.#chunks.createChunk(path, this.#coded, this.#plan.options);
  }
}
