import type { FrameNumber } from "../../core/frame.js";

/** One row of extra data; `frame_number`, `frame_time` and `frame_index` say to which frame it belongs. */
export type ExtraRow = Readonly<Record<string, unknown>>;

/** What `reindexStore` keeps the frame number under that was there before, in indexes and rows, as imgstore does. */
export const numberBefore = "_frame_number_before_reindex";

/** The frame that a row belongs to: the last one written before it, if there is one. */
export interface RowStamp {
  readonly number: FrameNumber;
  readonly time: number;
  /** Rank in the store; -1 before the first frame. */
  readonly index: number;
}

/**
 * One row as Python's json spells it, ASCII only. Typed arrays become lists, dates ISO 8601, sets lists.
 * @throws {TypeError} if a value has no JSON spelling (a function, a symbol, undefined in a list).
 */
export function formatExtraRow(row: ExtraRow, stamp: RowStamp): string {
  return formatJson({
    ...row,
    frame_time: stamp.time,
    frame_number: stamp.number,
    frame_index: stamp.index,
  }).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Any value as Python's json spells it. @throws {TypeError} if it has no such spelling. */
export function formatJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return formatNumber(value);
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (Array.isArray(value) || value instanceof Set || ArrayBuffer.isView(value)) {
    return `[${Array.from(value as Iterable<unknown>, formatJson).join(", ")}]`;
  }
  if (typeof value !== "object") throw new TypeError(`extra data cannot hold ${typeof value}`);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}: ${formatJson(field)}`).join(", ")}}`;
}

function formatNumber(value: number): string {
  return Object.is(value, -0) ? "-0.0" : String(value); // NaN and Infinity as Python spells them, too
}
