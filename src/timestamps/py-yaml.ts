import { isTypedYaml } from "../core/yaml.js";

// YAML as ataraxis-data-structures writes it: `yaml.dump` by libyaml with explicit_start, explicit_end, width 200 and an
// indent of 10, which libyaml takes for 2. What is written here has the same bytes; see libyaml 0.2.5, `emitter.c`.

/** Columns after which a line is folded at its next space. */
const width = 200;

/** Values as they are in the peer's files: mappings, lists of mappings, texts, whole numbers, nothing. */
export type PyYamlValue = string | number | bigint | null | readonly PyYamlMapping[] | PyYamlMapping;

export interface PyYamlMapping {
  readonly [key: string]: PyYamlValue;
}

/** A document, keys in the order given. */
export function formatPyYaml(document: PyYamlMapping): string {
  return `---\n${mapping(document, 0)}...\n`;
}

function mapping(values: PyYamlMapping, indent: number, first = " ".repeat(indent)): string {
  return Object.entries(values)
    .map(([key, value], at) => `${at === 0 ? first : " ".repeat(indent)}${entry(key, value, indent)}`)
    .join("");
}

function entry(key: string, value: PyYamlValue, indent: number): string {
  const name = scalar(key, 0, 0, false);
  if (typeof value !== "object" || value === null) {
    const text =
      typeof value === "string" ? scalar(value, indent + name.length + 2, indent + 2, true) : `${value}`;
    return `${name}: ${text}\n`;
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return `${name}: []\n`;
    const dash = `${" ".repeat(indent)}- `;
    return `${name}:\n${value.map((item) => mapping(item, indent + 2, dash)).join("")}`;
  }
  const fields = value as PyYamlMapping;
  return Object.keys(fields).length === 0 ? `${name}: {}\n` : `${name}:\n${mapping(fields, indent + 2)}`;
}

/**
 * One text.
 * @param column where it begins. @param indent of lines that it goes on in. @param folds whether it may have several.
 */
function scalar(text: string, column: number, indent: number, folds: boolean): string {
  const characters = [...text];
  const facts = analyze(characters);
  const written = new FoldedLine(column, indent, folds);
  if (!facts.isQuoted && !isTypedYaml(text)) plain(characters, written);
  else if (!facts.isEscaped && (folds || !text.includes("\n"))) singleQuoted(characters, written);
  else doubleQuoted(characters, written);
  return written.text;
}

const isBlank = (character: string | undefined): boolean =>
  character === undefined || /^[\0 \t\r\n\x85\u2028\u2029]$/.test(character);

/** What a text needs: quotes of any kind, and escapes. */
function analyze(characters: readonly string[]): { readonly isQuoted: boolean; readonly isEscaped: boolean } {
  const text = characters.join("");
  const isEscaped = /[^\n\x20-\x7e]/u.test(text) || / \n/.test(text) || /\n /.test(text);
  const isMarked = characters.some((character, at) => {
    const endsHere = isBlank(characters[at + 1]);
    if (at === 0) return "#,[]{}&*!|>'\"%@`".includes(character) || ("?:-".includes(character) && endsHere);
    return (character === ":" && endsHere) || (character === "#" && isBlank(characters[at - 1]));
  });
  const isQuoted = isEscaped || isMarked || /^(---|\.\.\.|[ \n])|[ \n]$|\n/.test(text);
  return { isQuoted, isEscaped };
}

/** A text that grows, and knows in which column it is. */
class FoldedLine {
  text = "";
  #column: number;
  readonly #indent: number;
  readonly #folds: boolean;

  constructor(column: number, indent: number, folds: boolean) {
    this.#column = column;
    this.#indent = indent;
    this.#folds = folds;
  }

  get isFull(): boolean {
    return this.#folds && this.#column > width;
  }

  put(text: string): void {
    this.text += text;
    this.#column += text.length;
  }

  /** The end of a line, and no more. */
  break(): void {
    this.text += "\n";
    this.#column = 0;
  }

  /** To where text goes on, in the next line unless this one is empty. */
  indent(): void {
    if (this.#column > 0) this.break();
    this.put(" ".repeat(this.#indent));
  }
}

function plain(characters: readonly string[], line: FoldedLine): void {
  for (const [at, character] of characters.entries()) {
    const isLone = characters[at - 1] !== " " && characters[at + 1] !== " ";
    if (character === " " && isLone && line.isFull) line.indent();
    else line.put(character);
  }
}

function singleQuoted(characters: readonly string[], line: FoldedLine): void {
  line.put("'");
  const last = characters.length - 1;
  for (const [at, character] of characters.entries()) {
    const [before, after] = [characters[at - 1], characters[at + 1]];
    if (character === "\n") {
      if (before !== "\n") line.break();
      line.break();
      if (after !== "\n") line.indent();
    } else if (character === " " && before !== " " && after !== " " && at > 0 && at < last && line.isFull) {
      line.indent();
    } else line.put(character === "'" ? "''" : character);
  }
  line.put("'");
}

const escapes: Readonly<Record<string, string>> = {
  ...{
    "\0": "0",
    "\x07": "a",
    "\b": "b",
    "\t": "t",
    "\n": "n",
    "\v": "v",
    "\f": "f",
    "\r": "r",
    "\x1b": "e",
  },
  ...{ '"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P" },
};

function doubleQuoted(characters: readonly string[], line: FoldedLine): void {
  line.put('"');
  const last = characters.length - 1;
  for (const [at, character] of characters.entries()) {
    if (character === " " && characters[at - 1] !== " " && at > 0 && at < last && line.isFull) {
      line.indent();
      if (characters[at + 1] === " ") line.put("\\");
    } else if (/^[\x20-\x7e]$/.test(character) && character !== '"' && character !== "\\")
      line.put(character);
    else line.put(`\\${escapes[character] ?? hexadecimal(character.codePointAt(0)!)}`);
  }
  line.put('"');
}

function hexadecimal(code: number): string {
  const digits = code.toString(16).toUpperCase();
  if (code <= 0xff) return `x${digits.padStart(2, "0")}`;
  return code <= 0xffff ? `u${digits.padStart(4, "0")}` : `U${digits.padStart(8, "0")}`;
}
