import { ColumnIndex, numberColumn } from "../core/column-index.js";
import { ClosedError, DecodeError, UnsupportedError } from "../core/errors.js";
import type { FrameNumber, IndexedFrame, Stamp } from "../core/frame.js";
import type { FrameAddress } from "../core/frame-address.js";
import type { FrameIndex } from "../core/frame-index.js";
import { blankImage, describeImage, type Image, type ImageInfo } from "../core/image.js";
import { type FrameRange, resolveRange, type SeekableSource } from "../core/stream.js";
import { type Alignment, noFrame, type PairOptions, pairFrames } from "./pair-frames.js";
import { type RowFrame, rowFrame, rowFrames } from "./row-frames.js";

/**
 * Sources in order, called "0", "1" …; or with names, as an object or as pairs. Of several with the same name the second
 * is called "name 2", and so on.
 */
export type NamedSources<S extends SeekableSource = SeekableSource> =
  | readonly S[]
  | readonly (readonly [name: string, source: S])[]
  | Readonly<Record<string, S>>;

/** A source by its name or its rank. */
export type Which = string | number;

export interface AlignOptions extends Omit<PairOptions, "reference"> {
  /** As in `PairOptions`; a source may be told by its name, too. @default 0 */
  readonly reference?: Which | "union";
  /**
   * What becomes of a row when one of its frames is damaged. `throw`: the row is an error, as any damaged frame is.
   * `black`: there is no frame of that source; the others are there. @default "throw"
   */
  readonly damage?: "throw" | "black";
  /** Called for each damaged frame that is taken for black. */
  readonly onDamage?: (error: DecodeError, source: string) => void;
}

/** The frames of one instant. */
export interface AlignedFrames extends Stamp {
  /** The row, 0 … length - 1. `number` and `time` are the reference's; in a union those of the first that has one. */
  readonly index: number;
  /** For each source its frame, with its own index, number and time; undefined where it has none. */
  readonly frames: readonly (IndexedFrame | undefined)[];
  /** For each source what is to be seen: its frame's picture, or black in the shape of the source's `info`. */
  readonly images: readonly Image[];
}

/**
 * Opens several sources as one: row for row the frames that belong together, by number or by time; see `PairOptions`.
 * Each source may have its own size, dtype and rate.
 * @param sources are closed with what is returned.
 * @throws {RangeError} for options that make no sense.
 * @throws {UnsupportedError} where black is asked for and a source gives a video's native planes.
 */
export function align<S extends SeekableSource>(
  sources: NamedSources<S>,
  options: AlignOptions = {},
): AlignedSource<S> {
  const named = namedSources(sources);
  const names = named.map(([name]) => name);
  const list = named.map(([, source]) => source);
  const { reference = 0, ...rest } = options;
  const rank = reference === "union" ? reference : rankOfSource(names, reference);
  const alignment = pairFrames(
    list.map(({ index }) => index),
    { ...rest, reference: rank },
  );
  const needsBlack = (options.policy ?? "drop") !== "drop" || options.damage === "black";
  for (const { info } of list) if (needsBlack && info.color === "native") throw noBlack(info);
  const index = rowIndex(
    list.map((source) => source.index),
    alignment,
    rank,
  );
  const told = rank === "union" ? rank : names[rank]!;
  return new AlignedSource(names, list, alignment, index, { ...options, reference: told });
}

/** Several sources, row for row. Comes from `align`. */
export class AlignedSource<S extends SeekableSource = SeekableSource> implements AsyncDisposable {
  readonly names: readonly string[];
  readonly sources: readonly S[];
  /** Which frame of which source is in which row. */
  readonly alignment: Alignment;
  /** Number and time of every row. */
  readonly index: FrameIndex;
  readonly options: AlignOptions;
  readonly #black: (Image | undefined)[] = [];
  #closed = false;

  constructor(
    names: readonly string[],
    sources: readonly S[],
    alignment: Alignment,
    index: FrameIndex,
    options: AlignOptions,
  ) {
    this.names = names;
    this.sources = sources;
    this.alignment = alignment;
    this.index = index;
    this.options = options;
  }

  /** Rank of a source. @throws {RangeError} if there is none with that name or rank. */
  rankOf(which: Which): number {
    return rankOfSource(this.names, which);
  }

  /**
   * One row. Requests may overlap.
   * @throws {FrameNotFoundError} if no row has that address.
   * @throws {DecodeError} if one of its frames is damaged, unless damage is to be black.
   */
  async row(address: FrameAddress): Promise<AlignedFrames> {
    this.#needOpen();
    const index = this.index.locate(address);
    const found = await Promise.all(
      this.sources.map((source, at) => rowFrame(source, this.alignment.frames[at]![index]!)),
    );
    this.#needOpen();
    return this.#assemble(index, found);
  }

  /**
   * Rows in order, all sources read at the same time, each by a loop of its own. Nothing is read ahead of the rows
   * that are asked for but what the sources themselves do.
   */
  async *rows(range: FrameRange = {}): AsyncGenerator<AlignedFrames> {
    this.#needOpen();
    const { start, count, step } = resolveRange(range, this.index.length);
    const loops = this.sources.map((source, at) => {
      const ranks = this.alignment.frames[at]!;
      return rowFrames(
        source,
        Int32Array.from({ length: count }, (_, place) => ranks[start + place * step]!),
      );
    });
    try {
      for (let place = 0; place < count; place++) {
        const found = await Promise.all(loops.map(async (loop) => (await loop.next()).value as RowFrame));
        this.#needOpen();
        const row = this.#assembleOr(range.onDamage, start + place * step, found);
        if (row) yield row;
      }
    } finally {
      await Promise.allSettled(loops.map((loop) => loop.return(undefined)));
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<AlignedFrames> {
    return this.rows();
  }

  /** The same rows with the frames of one source only. Closing either closes that source. */
  only(which: Which): AlignedSource<S> {
    const at = this.rankOf(which);
    const { length, frames, held } = this.alignment;
    const alignment = { length, frames: [frames[at]!], held: [held[at]!] };
    return new AlignedSource([this.names[at]!], [this.sources[at]!], alignment, this.index, this.options);
  }

  /** How the rows came about, and what each source is. Plain JSON values. */
  describe(): Record<string, unknown> {
    const { by = "number", direction, tolerance, policy = "drop", reference } = this.options;
    return {
      by,
      direction: direction ?? (by === "time" ? "nearest" : "exact"),
      ...(tolerance !== undefined && Number.isFinite(tolerance) && { tolerance }),
      policy,
      reference,
      rows: this.index.length,
      sources: this.sources.map((source, at) => ({
        name: this.names[at],
        image: describeImage(source.info),
        frames: source.index.length,
        ...this.#countRows(at),
        ...source.describe(),
      })),
    };
  }

  /** Closes all sources. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    const results = await Promise.allSettled(this.sources.map((source) => source.close()));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @throws {ClosedError} */
  #needOpen(): void {
    if (this.#closed) throw new ClosedError(`alignment of ${this.names.join(", ")}`);
  }

  #countRows(at: number): { paired: number; held: number; missing: number } {
    const frames = this.alignment.frames[at]!;
    const held = this.alignment.held[at]!.reduce((sum, isHeld) => sum + isHeld, 0);
    const missing = frames.reduce((sum, rank) => sum + (rank === noFrame ? 1 : 0), 0);
    return { paired: frames.length - held - missing, held, missing };
  }

  #assembleOr(
    onDamage: FrameRange["onDamage"],
    index: number,
    found: readonly RowFrame[],
  ): AlignedFrames | undefined {
    try {
      return this.#assemble(index, found);
    } catch (error) {
      if (!onDamage || !(error instanceof DecodeError)) throw error;
      onDamage(error);
      return undefined;
    }
  }

  #assemble(index: number, found: readonly RowFrame[]): AlignedFrames {
    const frames = found.map((frame, at) => {
      if (!(frame instanceof DecodeError)) return frame;
      if (this.options.damage !== "black") throw damagedRow(this.names[at]!, index, frame);
      this.options.onDamage?.(frame, this.names[at]!);
      return undefined;
    });
    const images = frames.map((frame, at) => frame?.image ?? this.#blackOf(at));
    return { index, ...this.index.stamp(index), frames, images };
  }

  #blackOf(at: number): Image {
    this.#black[at] ??= blackImage(this.sources[at]!.info);
    return this.#black[at];
  }
}

/** The damage of a frame, told of the row that it is in. */
export function damagedRow(source: string, row: number, cause: DecodeError): DecodeError {
  return new DecodeError(`row of ${source}`, row, cause.message, { cause });
}

function namedSources<S extends SeekableSource>(sources: NamedSources<S>): (readonly [string, S])[] {
  const named = Array.isArray(sources)
    ? (sources as readonly (S | readonly [string, S])[]).map((entry, at) =>
        isPair(entry) ? entry : ([String(at), entry] as const),
      )
    : Object.entries(sources as Readonly<Record<string, S>>);
  const uses = new Map<string, number>();
  return named.map(([name, source]) => {
    const use = (uses.get(name) ?? 0) + 1;
    uses.set(name, use);
    return [use === 1 ? name : `${name} ${use}`, source];
  });
}

function isPair<S>(entry: S | readonly [string, S]): entry is readonly [string, S] {
  return Array.isArray(entry);
}

function rankOfSource(names: readonly string[], which: Which): number {
  const rank = typeof which === "string" ? names.indexOf(which) : which;
  if (Number.isInteger(rank) && rank >= 0 && rank < names.length) return rank;
  throw new RangeError(
    `no source is called or has the rank ${JSON.stringify(which)}: there are ${names.join(", ")}`,
  );
}

/** Zeros: black, but for a video's native planes, whose zeros are green. */
function blackImage(info: ImageInfo): Image {
  if (info.color === "native") throw noBlack(info);
  return blankImage(info);
}

function noBlack(info: ImageInfo): UnsupportedError {
  return new UnsupportedError("black picture", describeImage(info), ["bgr", "rgb", "gray"]);
}

/** The rows' own numbers and times: those of the reference, in a union of the first source that has a frame. */
function rowIndex(
  indexes: readonly FrameIndex[],
  { length, frames, held }: Alignment,
  reference: number | "union",
): FrameIndex {
  if (reference !== "union" && indexes[reference]!.length === length) return indexes[reference]!;
  const sourceOf = (row: number): number =>
    reference === "union"
      ? frames.findIndex((ranks, at) => ranks[row] !== noFrame && held[at]![row] === 0)
      : reference;
  const times = new Float64Array(length);
  const numbers: FrameNumber[] = [];
  for (let row = 0; row < length; row++) {
    const at = sourceOf(row);
    const rank = frames[at]![row]!;
    times[row] = indexes[at]!.time(rank);
    numbers.push(indexes[at]!.number(rank));
  }
  return new ColumnIndex({ numbers: numberColumn(numbers), times });
}
