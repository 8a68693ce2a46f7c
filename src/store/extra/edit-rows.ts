import { FileFormatError } from "../../core/errors.js";

/** The fields of one row of extra data, each as it is spelled in the file. */
export type SpelledRow = ReadonlyMap<string, string>;

const space = /[ \t\r\n]*/y;
const text = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const plain = /[^\s,:[\]{}"]+/y;

/**
 * Changes fields of rows of extra data, and nothing else of the text: numbers are neither rounded nor spelled anew.
 * @param text a list of objects in JSON, as `parseExtraRows` reads it.
 * @param edit what fields are to be, in JSON; new ones are added at the end of the row.
 * @throws {FileFormatError} if it is no such list, or not whole.
 */
export function editRows(
  json: string,
  path: string,
  edit: (row: SpelledRow) => ReadonlyMap<string, string>,
): string {
  const out: string[] = [];
  let at = 0;
  let copied = 0;

  const fail = (expected: string): never => {
    throw new FileFormatError(path, `damaged at character ${at}: ${expected} expected`);
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(json)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const take = (character: string): boolean => {
    match(space);
    if (json[at] !== character) return false;
    at++;
    return true;
  };
  const need = (character: string): void => {
    if (!take(character)) fail(`"${character}"`);
  };
  const skipValue = (): void => {
    // Nested lists and objects are passed over by counting brackets: what is between them stays as it is.
    let depth = 0;
    do {
      match(space);
      const character = json[at];
      if (character === "{" || character === "[") depth++;
      else if (character === "}" || character === "]") depth--;
      else if (character === '"') {
        if (match(text) === undefined) fail("a text");
        continue;
      } else if (character === undefined) fail("a value");
      else if (character !== "," && character !== ":") {
        match(plain);
        continue;
      } else if (depth === 0) fail("a value");
      at++;
    } while (depth > 0);
    if (depth < 0) fail("a value");
  };
  const editRow = (): void => {
    need("{");
    const fields = new Map<string, string>();
    const spans = new Map<string, readonly [start: number, end: number]>();
    const isEmpty = take("}");
    if (!isEmpty) {
      do {
        match(space);
        const key = JSON.parse(match(text) ?? fail("a name")) as string;
        need(":");
        match(space);
        const start = at;
        skipValue();
        spans.set(key, [start, at]);
        fields.set(key, json.slice(start, at));
      } while (take(","));
      need("}");
    }
    const end = at - 1;
    const changes = edit(fields);
    const known = [...changes]
      .filter(([key]) => spans.has(key))
      .map(([key, value]) => ({ span: spans.get(key)!, value }));
    for (const { span, value } of known.sort((a, b) => a.span[0] - b.span[0])) {
      out.push(json.slice(copied, span[0]), value);
      copied = span[1];
    }
    const added = [...changes]
      .filter(([key]) => !spans.has(key))
      .map(([key, value]) => `${JSON.stringify(key)}: ${value}`);
    if (added.length > 0) {
      out.push(json.slice(copied, end), isEmpty ? "" : ", ", added.join(", "));
      copied = end;
    }
  };

  need("[");
  if (!take("]")) {
    do editRow();
    while (take(","));
    need("]");
  }
  match(space);
  if (at < json.length) fail("the end");
  out.push(json.slice(copied));
  return out.join("");
}
