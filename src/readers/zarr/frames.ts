import { FileFormatError } from "../../core/errors.js";
import { dtypeBytes } from "../../core/image.js";
import { wordsOver } from "../../images/sample-order.js";
import type { ZarrArray } from "./array.js";
import type { ZarrChunks } from "./chunks.js";

/** What an axis of the array is: time, rows, columns, channels, or one step of it that is taken. */
export type AxisRole = "t" | "h" | "w" | "c" | number;

/** Bytes of neighbouring frames that are gathered from the same chunks and kept; and chunks that are unpacked at once. */
const [groupBytes, chunksAtOnce] = [2 ** 26, 4];
/** Most chunks that a picture may lie in. */
const mostChunks = 2 ** 20;

/** Where an axis runs: what of it a frame has, and how far apart its samples lie in the frame and in a chunk. */
interface AxisPlan {
  readonly role: AxisRole;
  readonly chunk: number;
  readonly length: number;
  readonly frameStep: number;
  readonly chunkStep: number;
}

/**
 * Gathers frames from chunks of any shape. Those that lie in the same chunks are gathered together, so that each chunk is
 * unpacked once where frames are read in order:
 *
 *     t  |0 1 2 3|4 5 6 7|8 …      frames 4 to 7 come out of one row of chunks
 */
export class ZarrFrames {
  readonly #chunks: ZarrChunks;
  readonly #array: ZarrArray;
  readonly #axes: readonly AxisPlan[];
  readonly #frames: number;
  readonly #samples: number;
  readonly #frameBytes: number;
  readonly #chunkFrames: number;
  readonly #groupLength: number;
  readonly #groups = new Map<number, Promise<Uint8Array[]>>();

  /** @throws {FileFormatError} if its pictures lie in more chunks than there can be. */
  constructor(chunks: ZarrChunks, roles: readonly AxisRole[]) {
    const { array } = chunks;
    const lengthOf = (role: AxisRole): number =>
      roles.includes(role) ? array.shape[roles.indexOf(role)]! : 1;
    const [width, height, channels] = [lengthOf("w"), lengthOf("h"), lengthOf("c")];
    const frameSteps = { t: 0, h: width * channels, w: channels, c: 1 };
    const chunkSteps: number[] = [];
    let step = 1;
    for (const axis of [...array.order].reverse()) {
      chunkSteps[axis] = step;
      step *= array.chunks[axis]!;
    }
    this.#chunks = chunks;
    this.#array = array;
    this.#axes = roles.map((role, axis) => ({
      ...{ role, chunk: array.chunks[axis]!, length: array.shape[axis]! },
      frameStep: typeof role === "number" ? 0 : frameSteps[role],
      chunkStep: chunkSteps[axis]!,
    }));
    this.#frames = lengthOf("t");
    this.#samples = width * height * channels;
    this.#frameBytes = this.#samples * dtypeBytes(array.dtype);
    this.#chunkFrames = this.#axes.find(({ role }) => role === "t")?.chunk ?? 1;
    this.#groupLength = Math.max(
      1,
      Math.min(this.#chunkFrames, Math.floor(groupBytes / Math.max(1, this.#frameBytes))),
    );
    const perFrame = this.#axes.reduce(
      (product, { role, length, chunk }) => product * (isSpatial(role) ? Math.ceil(length / chunk) : 1),
      1,
    );
    if (perFrame > mostChunks) {
      throw new FileFormatError(array.folder, `each of its pictures lies in ${perFrame} chunks`);
    }
  }

  /** The samples of one frame, rows top to bottom, channels interleaved, in the machine's byte order. */
  async frame(rank: number): Promise<Uint8Array> {
    const row = Math.floor(rank / this.#chunkFrames) * this.#chunkFrames;
    const first = row + Math.floor((rank - row) / this.#groupLength) * this.#groupLength;
    const kept = this.#groups.get(first);
    if (kept) return (await kept)[rank - first]!;
    const stop = Math.min(first + this.#groupLength, row + this.#chunkFrames, this.#frames);
    const gathering = this.#gather(first, stop - first);
    this.#groups.set(first, gathering);
    if (this.#groups.size > 2) this.#groups.delete(this.#groups.keys().next().value!);
    // A pass that failed is tried again by the next who asks.
    gathering.catch(() => this.#groups.delete(first));
    return (await gathering)[rank - first]!;
  }

  async #gather(first: number, count: number): Promise<Uint8Array[]> {
    const frames: Uint8Array[] = [];
    // Not before a chunk is there: a picture that is large by its metadata alone is never made.
    const makeFrames = (): Uint8Array[] => {
      while (frames.length < count) frames.push(this.#emptyFrame());
      return frames;
    };
    const places = this.#placesAt(first);
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < places.length) {
        const place = places[next++]!;
        const chunk = await this.#chunks.read(place);
        if (chunk) this.#copy(chunk, place, first, makeFrames());
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: chunksAtOnce }, lane));
    const failed = lanes.find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
    if (frames.length === 0 && this.#frameBytes * count > groupBytes) {
      throw new FileFormatError(
        this.#array.folder,
        `none of the chunks of a picture of ${this.#frameBytes} bytes is there`,
      );
    }
    return makeFrames();
  }

  #emptyFrame(): Uint8Array {
    const frame = new Uint8Array(this.#frameBytes);
    const { fill } = this.#array;
    if (fill) for (let at = 0; at < frame.length; at += fill.length) frame.set(fill, at);
    return frame;
  }

  /** All chunks that the frames in one row of them lie in. */
  #placesAt(frame: number): number[][] {
    let places: number[][] = [[]];
    for (const { role, chunk, length } of this.#axes) {
      const fixed = role === "t" ? frame : role;
      const along =
        typeof fixed === "number"
          ? [Math.floor(fixed / chunk)]
          : Array.from({ length: Math.ceil(length / chunk) }, (_, i) => i);
      places = places.flatMap((place) => along.map((at) => [...place, at]));
    }
    return places;
  }

  #copy(chunk: Uint8Array, place: readonly number[], first: number, frames: readonly Uint8Array[]): void {
    const lines: CopyAxis[] = [];
    let [from, to] = [0, 0];
    let time: CopyAxis | undefined;
    for (const [axis, { role, chunk: size, length, frameStep, chunkStep }] of this.#axes.entries()) {
      const start = place[axis]! * size;
      if (role === "t") {
        time = { count: frames.length, from: chunkStep, to: 0 };
        from += (first - start) * chunkStep;
      } else if (typeof role === "number") from += (role - start) * chunkStep;
      else {
        lines.push({ count: Math.min(size, length - start), from: chunkStep, to: frameStep });
        to += start * frameStep;
      }
    }
    const sampleBytes = dtypeBytes(this.#array.dtype);
    // Complex numbers of 16 bytes are two words each.
    const words = sampleBytes === 16 ? 2 : 1;
    const wordBytes = sampleBytes / words;
    const axes = [...lines, ...(words === 2 ? [{ count: 2, from: 0.5, to: 0.5 }] : [])]
      .map((line) => ({ count: line.count, from: line.from * words, to: line.to * words }))
      .sort((a, b) => b.to - a.to);
    const source = wordsOver(chunk, wordBytes);
    for (const [i, frame] of frames.entries()) {
      const start = (from + i * (time?.from ?? 0)) * words;
      copyGrid(source, start, wordsOver(frame, wordBytes), to * words, joined(axes));
    }
  }
}

function isSpatial(role: AxisRole): boolean {
  return typeof role === "string" && role !== "t";
}

interface CopyAxis {
  readonly count: number;
  /** Samples from one step to the next. */
  readonly from: number;
  readonly to: number;
}

/** Axes that lie one within the other without gaps, on both sides, are one. @param axes the slowest first. */
function joined(axes: readonly CopyAxis[]): CopyAxis[] {
  const out: CopyAxis[] = [];
  for (const axis of axes.filter(({ count }) => count !== 1)) {
    const outer = out.at(-1);
    const fits = outer && outer.from === axis.from * axis.count && outer.to === axis.to * axis.count;
    if (fits) out[out.length - 1] = { count: outer.count * axis.count, from: axis.from, to: axis.to };
    else out.push(axis);
  }
  return out;
}

function copyGrid(
  source: ReturnType<typeof wordsOver>,
  from: number,
  target: ReturnType<typeof wordsOver>,
  to: number,
  axes: readonly CopyAxis[],
): void {
  const [axis, ...inner] = axes;
  if (axis === undefined) {
    target[to] = source[from]!;
  } else if (inner.length > 0) {
    for (let i = 0; i < axis.count; i++)
      copyGrid(source, from + i * axis.from, target, to + i * axis.to, inner);
  } else if (axis.from === 1 && axis.to === 1) {
    target.set(source.subarray(from, from + axis.count), to);
  } else {
    for (let i = 0; i < axis.count; i++) target[to + i * axis.to] = source[from + i * axis.from]!;
  }
}
