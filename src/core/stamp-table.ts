import { FileFormatError } from "./errors.js";
import { parseTable, type TextTable } from "./text-table.js";
import { parseTime, type TimeUnit, unitOfName } from "./time-text.js";

/** When each frame was, and maybe its number, as a file beside a video tells it. */
export interface StampColumns {
  /** Seconds, one a frame; NaN where there is none. */
  readonly times: Float64Array;
  /** The camera's own numbers, one a frame. */
  readonly numbers?: Float64Array;
  /** Where the times stood: the name of a column or an array. */
  readonly column?: string;
}

export interface StampFileOptions {
  /**
   * Which column (by its name or its number, the first is 1) or array the times are in. @default the only one, or the
   * only one whose name or content says time
   */
  readonly column?: string | number;
  /** What numbers count. @default what the column's name says, "Time Stamp (ms)"; else seconds */
  readonly unit?: TimeUnit;
}

/** Names that are a frame's number, without blanks and signs. */
const numberNames = new Set(["framenumber", "frameid", "framecount"]);

const isValue = (cell: string): boolean => parseTime(cell) !== undefined;

/**
 * Reads times, and numbers where a column is named so, from a CSV or TSV with or without a header. Times are numbers or
 * ISO dates; see `parseTime`.
 * @throws {FileFormatError} if there is no such column, several could be meant, or a cell is no time.
 */
export function stampsOfTable(text: string, path: string, options: StampFileOptions = {}): StampColumns {
  const table = parseTable(text, isValue);
  if (table.rows.length === 0) throw new FileFormatError(path, "there is no line of values in it");
  const at = columnOf(table, options.column, path);
  const name = table.names?.[at];
  const unit = options.unit ?? (name === undefined ? undefined : unitOfColumn(name)) ?? "s";
  const times = new Float64Array(table.rows.length);
  for (const [rank, { cells, line }] of table.rows.entries()) {
    const cell = cells[at];
    const time = cell === undefined ? undefined : parseTime(cell, unit);
    if (time === undefined) {
      const found = cell === undefined ? `has no column ${at + 1}` : `"${shortened(cell)}" is no time`;
      throw new FileFormatError(path, `line ${line}: ${found}`);
    }
    times[rank] = time;
  }
  const numbers = numbersOf(table, at);
  return { times, ...(numbers && { numbers }), column: name ?? `${at + 1}` };
}

function columnOf({ names, columns, rows }: TextTable, wanted: string | number | undefined, path: string) {
  const plain = (name: string): string => name.trim().toLowerCase();
  const all = names?.map(plain) ?? [];
  const listed = names ? names.map((name) => `"${name}"`).join(", ") : `${columns} without names`;
  if (wanted !== undefined) {
    const named = all.indexOf(plain(String(wanted)));
    if (named >= 0) return named;
    const place = Number(wanted);
    if (Number.isInteger(place) && place >= 1 && place <= columns) return place - 1;
    throw new FileFormatError(path, `there is no column ${wanted}; its columns: ${listed} (the first is 1)`);
  }
  if (columns === 1) return 0;
  const only = (places: readonly number[]): number | undefined =>
    places.length === 1 ? places[0] : undefined;
  const places = Array.from({ length: columns }, (_, place) => place);
  const found =
    names === undefined
      ? only(places.filter((place) => isDate(rows[0]!.cells[place] ?? "")))
      : (only(places.filter((place) => /^(frame_time|time|timestamps?)$/.test(all[place]!))) ??
        only(places.filter((place) => /time|clock/.test(all[place]!))));
  if (found !== undefined) return found;
  throw new FileFormatError(path, `which column has the times? Choose one; its columns: ${listed}`);
}

/** UCLA's Miniscope of version 3 counts milliseconds without saying so. */
function unitOfColumn(name: string): TimeUnit | undefined {
  return name.trim() === "sysClock" ? "ms" : unitOfName(name);
}

function isDate(cell: string): boolean {
  return /^\d{4}-/.test(cell) && isValue(cell);
}

/** The column of frame numbers, if there is one and all its cells are whole numbers. */
function numbersOf({ names, rows }: TextTable, timesAt: number): Float64Array | undefined {
  const at = names?.findIndex((name, place) => {
    return place !== timesAt && numberNames.has(name.toLowerCase().replace(/[^a-z]/g, ""));
  });
  if (at === undefined || at < 0) return undefined;
  const numbers = Float64Array.from(rows, ({ cells }) =>
    /^[+-]?\d+$/.test(cells[at] ?? "") ? Number(cells[at]) : Number.NaN,
  );
  return numbers.every(Number.isSafeInteger) ? numbers : undefined;
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
