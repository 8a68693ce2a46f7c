import type { IndexedFrame, Stamp } from "../core/frame.js";
import type { AlignedSource } from "../transforms/align.js";
import { toJson } from "./json.js";

/** What is in a row of one source. */
interface Cell extends Stamp, Pick<IndexedFrame, "index"> {
  /** True if the frame is that of an earlier row, held. */
  readonly held: boolean;
}

/** The rows of an alignment as text, one line each; no frame is read. */
export interface AlignTable {
  /** The line above all; undefined where there is none. */
  readonly head: string | undefined;
  line(row: number): string;
}

/** Comma-separated values as RFC 4180 has them; what is missing or unknown is empty. */
export function csvTable(aligned: AlignedSource): AlignTable {
  const columns = aligned.names.flatMap((name) =>
    ["index", "number", "time", "held"].map((what) => quoted(`${name} ${what}`)),
  );
  return {
    head: ["row", "number", "time", ...columns].join(","),
    line: (row) => {
      const { number, time } = aligned.index.stamp(row);
      const cells = aligned.names.flatMap((_, at): (number | bigint | string)[] => {
        const cell = cellOf(aligned, row, at);
        return cell ? [cell.index, cell.number, cell.time, cell.held ? 1 : 0] : ["", "", "", ""];
      });
      return [row, number, time, ...cells].map(plain).join(",");
    },
  };
}

/** One JSON object a line. */
export function jsonTable(aligned: AlignedSource): AlignTable {
  return {
    head: undefined,
    line: (row) =>
      toJson({
        row,
        ...aligned.index.stamp(row),
        frames: Object.fromEntries(
          aligned.names.map((name, at) => [name, cellOf(aligned, row, at) ?? null] as const),
        ),
      }),
  };
}

function cellOf({ alignment, sources }: AlignedSource, row: number, at: number): Cell | undefined {
  const index = alignment.frames[at]![row]!;
  if (index < 0) return undefined;
  return { index, ...sources[at]!.index.stamp(index), held: alignment.held[at]![row] === 1 };
}

function plain(value: number | bigint | string): string {
  return typeof value === "number" && !Number.isFinite(value) ? "" : String(value);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
