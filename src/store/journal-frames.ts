import type { FrameClocks } from "../core/frame.js";
import type { ChunkColumns } from "./chunk-records.js";
import { type ClockColumns, GrowingClocks } from "./clock-columns.js";
import type { JournalFrame } from "./journal.js";
import { numberColumn } from "./store-index.js";

const kinds = { number: 0, signed: 1, unsigned: 2 } as const;

/** The frames that a journal names, in columns: 41 bytes each, for a journal may name millions. */
export class JournalFrames implements Iterable<JournalFrame> {
  #length = 0;
  readonly #kinds: Uint8Array;
  /** Numbers, as doubles or integers of 64 bits. */
  readonly #numbers: Float64Array;
  readonly #integers: BigUint64Array;
  readonly #times: Float64Array;
  readonly #offsets: Float64Array;
  readonly #sizes: Float64Array;
  readonly #digests: BigUint64Array;
  readonly #clocks = new GrowingClocks();

  /** @param most frames that may come; what does not come takes no memory. */
  constructor(most: number) {
    this.#kinds = new Uint8Array(most);
    this.#numbers = new Float64Array(most);
    this.#integers = new BigUint64Array(this.#numbers.buffer);
    this.#times = new Float64Array(most);
    this.#offsets = new Float64Array(most);
    this.#sizes = new Float64Array(most);
    this.#digests = new BigUint64Array(most);
  }

  get length(): number {
    return this.#length;
  }

  /** Does nothing when it is full. */
  push({ number, time, offset, size, digest }: JournalFrame, clocks?: FrameClocks): void {
    if (this.#length === this.#times.length) return;
    const rank = this.#length++;
    this.#clocks.set(rank, clocks);
    if (typeof number === "number") this.#numbers[rank] = number;
    else {
      this.#kinds[rank] = number < 2n ** 63n ? kinds.signed : kinds.unsigned;
      this.#integers[rank] = BigInt.asUintN(64, number);
    }
    this.#times[rank] = time;
    this.#offsets[rank] = offset;
    this.#sizes[rank] = size;
    this.#digests[rank] = digest;
  }

  /** Forgets those from `length` on. */
  cut(length: number): void {
    this.#length = length;
  }

  /** Negative ranks count from the end. */
  at(rank: number): JournalFrame | undefined {
    const at = rank < 0 ? this.#length + rank : rank;
    if (at < 0 || at >= this.#length) return undefined;
    const integer = this.#integers[at]!;
    const kind = this.#kinds[at];
    return {
      kind: "frame",
      number:
        kind === kinds.number
          ? this.#numbers[at]!
          : kind === kinds.signed
            ? BigInt.asIntN(64, integer)
            : integer,
      time: this.#times[at]!,
      offset: this.#offsets[at]!,
      size: this.#sizes[at]!,
      digest: this.#digests[at]!,
    };
  }

  *[Symbol.iterator](): Generator<JournalFrame> {
    for (let rank = 0; rank < this.#length; rank++) yield this.at(rank)!;
  }

  /** What the clocks said of them; undefined if nobody looked. */
  get clocks(): ClockColumns | undefined {
    return this.#clocks.columns(this.#length);
  }

  /** Numbers and times, which share memory with this. */
  columns(): ChunkColumns {
    const times = this.#times.subarray(0, this.#length);
    const isPlain = this.#kinds.subarray(0, this.#length).every((kind) => kind === kinds.number);
    if (isPlain) return { numbers: this.#numbers.subarray(0, this.#length), times };
    return { numbers: numberColumn(Array.from(this, ({ number }) => number)), times };
  }
}
