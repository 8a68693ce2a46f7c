import { type ExtraRow, numberBefore } from "./row.js";

/**
 * What of the rows of a Motif `.extra_data.json` belongs to frames, in their order: rows without a frame number of 0 or
 * more were set aside for frames that never came. Sorted by `frame_index`, then by `sensor_time`; rows that lack them
 * come last.
 */
export function motifRows(rows: readonly ExtraRow[]): ExtraRow[] {
  return rows
    .filter((row) => isCounted(row.frame_number) || isCounted(row[numberBefore]))
    .sort((a, b) => compare(a.frame_index, b.frame_index) || compare(a.sensor_time, b.sensor_time));
}

/** After a reindex, frames before the one of number 0 have negative numbers. */
function isCounted(number: unknown): boolean {
  return (typeof number === "number" || typeof number === "bigint") && number >= 0;
}

function compare(a: unknown, b: unknown): number {
  const [left, right] = [orLast(a), orLast(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function orLast(value: unknown): number | bigint {
  if (typeof value === "bigint") return value;
  return typeof value === "number" && !Number.isNaN(value) ? value : Number.POSITIVE_INFINITY;
}
