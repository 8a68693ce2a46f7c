import type { FrameNumber } from "../core/frame.js";
import { editRows, type SpelledRow } from "./extra/edit-rows.js";
import type { MotifH5Reader } from "./extra/motif-h5-reader.js";
import { numberBefore } from "./extra/row.js";
import type { FramesOfRows } from "./frames-of-rows.js";
import { isSame } from "./renumber.js";

/** Where rows of extra data stand. */
export interface RowPlace {
  /** The file that the rows stand in. */
  readonly path: string;
  /** Ranks of the first frame of its chunk, and of the one after its last. */
  readonly chunk: readonly [start: number, stop: number];
}

/** Which frames get which numbers. */
export interface Renumbering {
  /** Of every frame, in the order of the store. */
  readonly old: readonly FrameNumber[];
  readonly numbers: readonly FrameNumber[];
  readonly frames: FramesOfRows;
}

/** A file of extra data with new frame numbers. */
export interface RenumberedRows {
  readonly bytes: Uint8Array;
  /** Rows in it keep the number that they had. */
  readonly isLeft: boolean;
}

/**
 * Rows in JSON. A row belongs to the frame of its index, if that had its number; one without an index to the frame that
 * its number and time say. What its number was stays beside the new one.
 * @throws {FileFormatError} if they are damaged.
 */
export function renumberRows(
  bytes: Uint8Array,
  { path, chunk }: RowPlace,
  { old, numbers, frames }: Renumbering,
): RenumberedRows {
  let isLeft = false;
  const edit = (row: SpelledRow): ReadonlyMap<string, string> => {
    const spelled = row.get("frame_number") ?? "";
    const number = parseNumber(spelled);
    if (number === undefined) return new Map();
    const rank = rankOfRow(row, number, chunk);
    if (rank === undefined) {
      // Rows before the first frame have none; Motif sets rows aside for frames that may never come.
      isLeft ||= Number(number) >= 0;
      return new Map();
    }
    const kept = row.has(numberBefore) ? [] : [[numberBefore, spelled] as const];
    return new Map([["frame_number", String(numbers[rank]!)], ...kept]);
  };
  const rankOfRow = (row: SpelledRow, number: FrameNumber, near: RowPlace["chunk"]): number | undefined => {
    if (!row.has("frame_index")) {
      return frames.find({ number, time: Number(row.get("frame_time") ?? Number.NaN) }, near);
    }
    const index = Number(row.get("frame_index"));
    return old[index] !== undefined && isSame(old[index], number) ? index : undefined;
  };
  const text = editRows(new TextDecoder().decode(bytes), path, edit);
  return { bytes: new TextEncoder().encode(text), isLeft };
}

/** Samples in Motif's HDF5, in the same way. @throws {FileFormatError} if it is damaged, or cannot hold the numbers. */
export async function renumberSamples(
  bytes: Uint8Array,
  { path, chunk }: RowPlace,
  { numbers, frames }: Renumbering,
  h5: MotifH5Reader,
): Promise<RenumberedRows> {
  let isLeft = false;
  const stamps = await h5.stamps(bytes, path);
  const given = stamps.map((stamp) => {
    const rank = stamp && frames.find(stamp, chunk);
    if (stamp && rank === undefined) isLeft = true;
    return rank === undefined ? undefined : numbers[rank];
  });
  return { bytes: await h5.renumbered(bytes, path, given), isLeft };
}

function parseNumber(spelled: string): FrameNumber | undefined {
  if (spelled === "NaN") return Number.NaN;
  if (/^-?\d+$/.test(spelled)) return BigInt(spelled);
  return /^-?\d[\d.eE+-]*$/.test(spelled) ? Number(spelled) : undefined;
}
