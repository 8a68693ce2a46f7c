/** A text of columns, as spreadsheets and recorders write it. */
export interface TextTable {
  /** Names of the columns; undefined if the text begins with values. */
  readonly names: readonly string[] | undefined;
  readonly columns: number;
  readonly rows: readonly TextRow[];
}

export interface TextRow {
  readonly cells: readonly string[];
  /** Where it stands in the text, from 1. */
  readonly line: number;
}

/**
 * Takes a CSV or TSV apart: columns parted by tabs, semicolons, commas or blanks, whichever the first line has first of
 * these. Quotes are understood; empty lines, and lines that begin with #, are left out, but for the first one with
 * names, as NumPy's `savetxt` writes it.
 * @param isValue true for cells that no header has: if one of the first line is a value, there are no names.
 */
export function parseTable(text: string, isValue: (cell: string) => boolean): TextTable {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n?|\n/);
  const start = lines.findIndex((line) => line.trim() !== "");
  if (start < 0) return { names: undefined, columns: 0, rows: [] };
  const first = lines[start]!.replace(/^#\s*/, "");
  const separator = ["\t", ";", ","].find((each) => first.includes(each));
  const head = cellsOf(first, separator);
  const hasNames = !head.some((cell) => cell !== "" && isValue(cell));
  const rows: TextRow[] = [];
  for (let i = hasNames ? start + 1 : start; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.trim() === "" || line.startsWith("#")) continue;
    rows.push({ cells: cellsOf(line, separator), line: i + 1 });
  }
  return { names: hasNames ? head : undefined, columns: head.length, rows };
}

function cellsOf(line: string, separator: string | undefined): string[] {
  if (separator === undefined) return line.trim().split(/\s+/).map(unquoted);
  if (!line.includes('"')) return line.split(separator).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (const character of line) {
    if (character === '"') isQuoted = !isQuoted;
    if (character === separator && !isQuoted) {
      cells.push(unquoted(cell));
      cell = "";
    } else {
      cell += character;
    }
  }
  return [...cells, unquoted(cell)];
}

function unquoted(cell: string): string {
  const plain = cell.trim();
  return /^".*"$/s.test(plain) ? plain.slice(1, -1).replaceAll('""', '"') : plain;
}
