import type { ExtraRow } from "./row.js";

export interface ExtraRows {
  readonly rows: readonly ExtraRow[];
  /** What was wrong; undefined if the file is whole. */
  readonly problem: string | undefined;
}

/**
 * Reads the text of an `.extra.json` file: a list of objects, in the JSON that Python writes, with bare NaN and
 * Infinity and integers of any size (`bigint` beyond 2^53). A file that a crash cut short gives the rows that are
 * whole.
 */
export function parseExtraRows(text: string): ExtraRows {
  const { values, problem } = needsCare(text) ? parseValues(text) : parsePlain(text);
  const rows = values.filter(isRow);
  const others = values.length - rows.length;
  return { rows, problem: problem ?? (others > 0 ? `${others} rows are no objects` : undefined) };
}

function isRow(value: unknown): value is ExtraRow {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether `JSON.parse` would fail on the text, or round an integer in it. */
function needsCare(text: string): boolean {
  return /NaN|Infinity|(?<![\d.])\d{16}/.test(text);
}

interface Values {
  readonly values: readonly unknown[];
  readonly problem: string | undefined;
}

function parsePlain(text: string): Values {
  try {
    const values = JSON.parse(text);
    if (Array.isArray(values)) return { values, problem: undefined };
  } catch {
    // Then row by row, as far as it goes.
  }
  return parseValues(text);
}

const deepest = 500;
const word = /[ \t\r\n]*(NaN|-?Infinity|true|false|null)/y;
const number = /[ \t\r\n]*(-?\d+)(\.\d+)?([eE][-+]?\d+)?/y;
const string = /[ \t\r\n]*("[^"\\]*(?:\\.[^"\\]*)*")/y;
/** What may stand at the end of a file that goes on elsewhere: nothing, half a text, half a word or number. */
const unfinishedToken = /^\s*(?:"[^"\\]*(?:\\.[^"\\]*)*\\?|[-+\w.]*)$/;
const words: Record<string, unknown> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  true: true,
  false: false,
  null: null,
};

function parseValues(text: string): Values {
  const values: unknown[] = [];
  let at = 0;

  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const peek = (): string => {
    while (" \t\r\n".includes(text[at] ?? "x")) at++;
    return text[at] ?? "";
  };
  const take = (character: string): boolean => {
    if (peek() !== character) return false;
    at++;
    return true;
  };
  const expect = (character: string): void => {
    if (!take(character)) throw new SyntaxError(`"${character}" expected`);
  };

  const parseString = (): string => JSON.parse((match(string) ?? fail("text expected"))[1]!);
  const parseValue = (depth: number): unknown => {
    if (depth > deepest) fail("nested too deeply");
    const start = peek();
    if (start === "{") return parseObject(depth);
    if (start === "[") return parseList(depth);
    if (start === '"') return parseString();
    const named = match(word);
    if (named) return words[named[1]!];
    const [, whole, fraction, exponent] = match(number) ?? fail("a value expected");
    if (fraction === undefined && exponent === undefined) {
      const value = Number(whole);
      return Number.isSafeInteger(value) ? value : BigInt(whole!);
    }
    // A number at the very end may go on in the part that is missing; then the row is not whole, which shows next.
    return Number(`${whole}${fraction ?? ""}${exponent ?? ""}`);
  };
  const parseObject = (depth: number): ExtraRow => {
    const entries: [string, unknown][] = [];
    expect("{");
    if (take("}")) return {};
    do {
      peek();
      const key = parseString();
      expect(":");
      entries.push([key, parseValue(depth + 1)]);
    } while (take(","));
    expect("}");
    return Object.fromEntries(entries);
  };
  const parseList = (depth: number): unknown[] => {
    const list: unknown[] = [];
    expect("[");
    if (take("]")) return list;
    do list.push(parseValue(depth + 1));
    while (take(","));
    expect("]");
    return list;
  };

  try {
    expect("[");
    if (!take("]")) {
      do values.push(parseValue(0));
      while (take(","));
      expect("]");
    }
    if (peek() !== "") fail("more after the end");
    return { values, problem: undefined };
  } catch (error) {
    const where = unfinishedToken.test(text.slice(at)) ? "cut short" : `damaged at character ${at}`;
    const reason = (error as Error).message;
    return { values, problem: `${where} after ${values.length} whole rows (${reason})` };
  }
}

function fail(reason: string): never {
  throw new SyntaxError(reason);
}
