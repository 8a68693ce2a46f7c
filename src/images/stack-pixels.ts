import { type DType, dtypeBytes } from "../core/image.js";
import type { ArrayLayout } from "./array-axes.js";
import { hostIsLittle, swapBytes } from "./sample-order.js";

/** Where the samples come from. */
export interface SampleBytes {
  readonly dtype: DType;
  /** Undefined where they have the machine's order already. */
  readonly littleEndian: boolean | undefined;
  /** Bytes [start, start + length) of the samples. */
  read(start: number, length: number): Promise<Uint8Array>;
}

/** Bytes of frames that are gathered in one pass over the file, and kept; and bytes that are read at once. */
const groupBytes = 2 ** 26;
const pieceBytes = 2 ** 23;

/**
 * Gathers frames from an array whose axes lie in any order.
 *
 * Where time is the slowest axis, a frame lies in one piece. Anywhere else its samples are spread over the whole
 * file, so one pass gathers as many neighbouring frames as may be kept:
 *
 *     h w t    |0 1 2 3 4 5 6|0 1 2 3 4 5 6|0 1 2 …      frames 2-4 are 3 of every 7 samples
 */
export class StackPixels {
  readonly #layout: ArrayLayout;
  readonly #samples: SampleBytes;
  readonly #sampleBytes: number;
  readonly #frameBytes: number;
  /** Axes slower than time, and faster than it. */
  readonly #outer: Grid;
  readonly #inner: Grid;
  readonly #groupLength: number;
  #innerPlaces: Int32Array | undefined;
  #group: { readonly first: number; readonly frames: Promise<Uint8Array[]> } | undefined;

  constructor(layout: ArrayLayout, samples: SampleBytes) {
    const { fileAxes, width, height, channels, frames } = layout;
    const time = fileAxes.findIndex(({ axis }) => axis === "t");
    const stepOf = { h: width * channels, w: channels, c: 1, t: 0 };
    const grid = (from: number, to: number): Grid => {
      const axes = fileAxes.slice(from, to);
      return { lengths: axes.map(({ length }) => length), steps: axes.map(({ axis }) => stepOf[axis]) };
    };
    this.#layout = layout;
    this.#samples = samples;
    this.#sampleBytes = dtypeBytes(samples.dtype);
    this.#frameBytes = width * height * channels * this.#sampleBytes;
    this.#outer = grid(0, Math.max(0, time));
    this.#inner = grid(time + 1, fileAxes.length);
    this.#groupLength = Math.max(1, Math.min(frames, Math.floor(groupBytes / this.#frameBytes)));
  }

  /** The bytes of one frame, rows top to bottom, channels interleaved, in the machine's byte order. */
  async frame(rank: number): Promise<Uint8Array> {
    if (this.#outer.lengths.length === 0) return this.#frameInOnePiece(rank);
    const first = Math.floor(rank / this.#groupLength) * this.#groupLength;
    if (this.#group?.first !== first) {
      const frames = this.#gather(first);
      const group = { first, frames };
      this.#group = group;
      // A pass that failed is tried again by the next who asks.
      frames.catch(() => {
        if (this.#group === group) this.#group = undefined;
      });
    }
    return (await this.#group!.frames)[rank - first]!;
  }

  async #frameInOnePiece(rank: number): Promise<Uint8Array> {
    const bytes = await this.#samples.read(rank * this.#frameBytes, this.#frameBytes);
    const { littleEndian = hostIsLittle } = this.#samples;
    const dense = isDense(this.#inner);
    // An array in memory hands out its own bytes: they are copied only if they are to be changed.
    if (dense && littleEndian === hostIsLittle) return bytes;
    const out = new Uint8Array(this.#frameBytes);
    if (dense) {
      out.set(bytes);
    } else {
      this.#innerPlaces ??= placesOf(this.#inner);
      copySamples(bytes, 0, this.#innerPlaces, out, 0, this.#sampleBytes);
    }
    return this.#inHostOrder(out);
  }

  async #gather(first: number): Promise<Uint8Array[]> {
    const { frames } = this.#layout;
    const count = Math.min(this.#groupLength, frames - first);
    const out = Array.from({ length: count }, () => new Uint8Array(this.#frameBytes));
    const outer = placesOf(this.#outer);
    this.#innerPlaces ??= placesOf(this.#inner);
    const inner = this.#innerPlaces;
    const stepBytes = inner.length * this.#sampleBytes;
    const rowBytes = frames * stepBytes;
    const rowsAtOnce = Math.max(1, Math.floor(pieceBytes / rowBytes));
    for (let row = 0; row < outer.length; row += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, outer.length - row);
      const start = row * rowBytes + first * stepBytes;
      const bytes = await this.#samples.read(start, (rows - 1) * rowBytes + count * stepBytes);
      for (let r = 0; r < rows; r++) {
        for (let t = 0; t < count; t++) {
          copySamples(
            bytes,
            r * rowBytes + t * stepBytes,
            inner,
            out[t]!,
            outer[row + r]!,
            this.#sampleBytes,
          );
        }
      }
    }
    for (const frame of out) this.#inHostOrder(frame);
    return out;
  }

  #inHostOrder(bytes: Uint8Array): Uint8Array {
    const { dtype, littleEndian = hostIsLittle } = this.#samples;
    // Complex numbers are two samples each.
    const unit = dtype.startsWith("complex") ? this.#sampleBytes / 2 : this.#sampleBytes;
    if (littleEndian !== hostIsLittle) swapBytes(bytes, unit);
    return bytes;
  }
}

/** Axes as the file runs through them: how long each is, and how far apart its samples lie in a frame. */
interface Grid {
  readonly lengths: readonly number[];
  readonly steps: readonly number[];
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total * length, 1);
}

/** True if the samples lie in the frame as in the file, one behind the other. */
function isDense({ lengths, steps }: Grid): boolean {
  return steps.every((step, i) => lengths[i] === 1 || step === product(lengths.slice(i + 1)));
}

/** Where in the frame each sample of the grid belongs. */
function placesOf({ lengths, steps }: Grid): Int32Array {
  const places = new Int32Array(product(lengths));
  for (let i = 0; i < places.length; i++) {
    let rest = i;
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      places[i]! += (rest % lengths[axis]!) * steps[axis]!;
      rest = Math.floor(rest / lengths[axis]!);
    }
  }
  return places;
}

/** Copies samples that lie side by side from `at` (in bytes) to `base` + their places (in samples). */
function copySamples(
  from: Uint8Array,
  at: number,
  places: Int32Array,
  to: Uint8Array,
  base: number,
  sampleBytes: number,
): void {
  if (sampleBytes === 1) {
    for (let i = 0; i < places.length; i++) to[base + places[i]!] = from[at + i]!;
    return;
  }
  for (let i = 0; i < places.length; i++) {
    const target = (base + places[i]!) * sampleBytes;
    const source = at + i * sampleBytes;
    for (let byte = 0; byte < sampleBytes; byte++) to[target + byte] = from[source + byte]!;
  }
}
