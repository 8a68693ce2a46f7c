import { FileFormatError } from "../../core/errors.js";
import { chooseColumns, type RowsOptions, secondsOf } from "./rows.js";
import type { PlotSeries } from "./series.js";

export interface CsvTable {
  /** Of the columns, from the first line. */
  readonly names: readonly string[];
  /** As text, each as long as `names`. */
  readonly rows: readonly (readonly string[])[];
}

/**
 * Reads comma-separated values as RFC 4180 has them: quotes around fields that hold commas, quotes (doubled) or line breaks;
 * lines end with CR LF, LF or CR. Semicolons and tabs for commas are recognised by the first line. Empty lines and lines
 * that begin with # are left out before the header.
 * @throws {FileFormatError} if it is empty, a quote is not closed, or a line has more or fewer fields than the header.
 */
export function parseCsv(text: string, path = "csv"): CsvTable {
  const start = headerStart(text);
  const separator = separatorOf(text, start);
  const lines = linesOf(text, start, separator, path);
  const [names, ...rows] = lines.filter(({ fields }) => fields.length > 1 || fields[0] !== "");
  if (names === undefined) throw new FileFormatError(path, "no header, no rows");
  for (const { fields, line } of rows) {
    if (fields.length !== names.fields.length) {
      const expected = `the header has ${names.fields.length}`;
      throw new FileFormatError(path, `line ${line} has ${fields.length} fields, ${expected}`);
    }
  }
  return { names: names.fields.map((name) => name.trim()), rows: rows.map(({ fields }) => fields) };
}

/**
 * The columns of a CSV text as series.
 * @throws {FileFormatError} as `parseCsv`; {RangeError} if a column is not there.
 */
export function seriesOfCsv(text: string, options: RowsOptions = {}, path = "csv"): PlotSeries[] {
  const { names, rows } = parseCsv(text, path);
  const numberOf = (field: string): number => (field.trim() === "" ? Number.NaN : Number(field));
  const columnAt = (name: string): Float64Array => {
    const at = names.indexOf(name);
    return Float64Array.from(rows, (row) => numberOf(row[at]!));
  };
  const { time, columns, x } = chooseColumns(names, options, (name) => columnAt(name).some(Number.isFinite));
  const clock = names.indexOf(time);
  const times = Float64Array.from(rows, (row) => secondsOf(row[clock]!, options.unit));
  const across = x === undefined ? undefined : columnAt(x);
  return columns.map((name) => ({ name, times, values: columnAt(name), ...(across && { x: across }) }));
}

function headerStart(text: string): number {
  let at = text.startsWith("\ufeff") ? 1 : 0;
  for (;;) {
    const skipped = /^(?:#[^\r\n]*)?(?:\r\n|\r|\n)/.exec(text.slice(at, at + 4096))?.[0];
    if (skipped === undefined) return at;
    at += skipped.length;
  }
}

/** The one that the header has most of. */
function separatorOf(text: string, start: number): string {
  const header = /^[^\r\n]*/.exec(text.slice(start, start + 65_536))![0].replace(/"[^"]*"/g, "");
  const count = (separator: string): number => header.split(separator).length;
  return [",", ";", "\t"].reduce((best, one) => (count(one) > count(best) ? one : best));
}

interface Line {
  readonly fields: string[];
  /** As editors count them. */
  readonly line: number;
}

function linesOf(text: string, start: number, separator: string, path: string): Line[] {
  const lines: Line[] = [];
  let fields: string[] = [];
  let line = 1 + lineBreaks(text.slice(0, start));
  let began = line;
  let at = start;
  const plain = new RegExp(`[^${separator === "\t" ? "\\t" : separator}\\r\\n]*`, "y");
  while (at < text.length) {
    if (text[at] === '"') {
      let field = "";
      for (;;) {
        const close = text.indexOf('"', at + 1);
        if (close < 0) throw new FileFormatError(path, `line ${line}: a quote is not closed`);
        const part = text.slice(at + 1, close);
        line += lineBreaks(part);
        field += part;
        at = close + 1;
        if (text[at] !== '"') break;
        field += '"';
      }
      fields.push(field);
    } else {
      plain.lastIndex = at;
      const field = plain.exec(text)![0];
      fields.push(field);
      at += field.length;
    }
    const next = text[at];
    if (next === separator) {
      at++;
      if (at === text.length) fields.push("");
      continue;
    }
    if (next !== undefined && next !== "\r" && next !== "\n") {
      throw new FileFormatError(path, `line ${line}: "${next}" after a closing quote`);
    }
    lines.push({ fields, line: began });
    fields = [];
    at += next === "\r" && text[at + 1] === "\n" ? 2 : 1;
    began = ++line;
  }
  if (fields.length > 0) lines.push({ fields, line: began });
  return lines;
}

function lineBreaks(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}
