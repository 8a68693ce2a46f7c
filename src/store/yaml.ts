import {
  binaryTag,
  DEFAULT_SCALAR_STYLE_RULES,
  defineScalarTag,
  dump,
  FAILSAFE_SCHEMA,
  load,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  omapTag,
  pairsTag,
  SCALAR_STYLE,
  type ScalarLayout,
  Schema,
  setTag,
  timestampTag,
} from "js-yaml";
import { StoreFormatError } from "../core/errors.js";

// YAML 1.1 as PyYAML reads and writes it, which is narrower than the specification: `1e5` is a string because its
// floats need a dot and a signed exponent, `y` is a string because its booleans are whole words. A reader of YAML
// 1.2 would turn some hexadecimal uuids into numbers.

const boolean = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const integer =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const float =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

const booleanTag = defineScalarTag("tag:yaml.org,2002:bool", {
  implicit: true,
  resolve: (text) => (boolean.test(text) ? /^(?:y|t|on)/i.test(text) : NOT_RESOLVED),
  identify: (value) => typeof value === "boolean",
  represent: String,
});

const integerTag = defineScalarTag<number | bigint>("tag:yaml.org,2002:int", {
  implicit: true,
  resolve: (text) => (integer.test(text) ? parseInteger(text) : NOT_RESOLVED),
  identify: (value) => typeof value === "bigint" || (Number.isSafeInteger(value) && !Object.is(value, -0)),
  represent: String,
});

const floatTag = defineScalarTag("tag:yaml.org,2002:float", {
  implicit: true,
  resolve: (text, isExplicit) =>
    float.test(text) || (isExplicit && text !== "" && !Number.isNaN(Number(text)))
      ? parseFloatLiteral(text)
      : NOT_RESOLVED,
  identify: (value) => typeof value === "number",
  represent: formatFloat,
});

const schema = new Schema([
  ...FAILSAFE_SCHEMA.tags,
  nullYaml11Tag,
  booleanTag,
  integerTag,
  floatTag,
  timestampTag,
  mergeTag,
  binaryTag,
  omapTag,
  pairsTag,
  setTag,
]);

function parseInteger(text: string): number | bigint {
  const digits = text.replace(/_/g, "").replace(/^[-+]/, "");
  const sign = text.startsWith("-") ? -1n : 1n;
  let value: bigint;
  if (digits.includes(":")) value = digits.split(":").reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  else if (/^0[0-7]+$/.test(digits)) value = BigInt(`0o${digits.slice(1)}`);
  else value = BigInt(/^0[bx]$/.test(digits) ? 0 : digits);
  const whole = sign * value;
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
}

function parseFloatLiteral(text: string): number {
  const plain = text.toLowerCase().replace(/_/g, "");
  const sign = plain.startsWith("-") ? -1 : 1;
  const digits = plain.replace(/^[-+]/, "");
  if (digits === ".inf") return sign * Number.POSITIVE_INFINITY;
  if (digits === ".nan") return Number.NaN;
  return sign * digits.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** As PyYAML writes it: always with a dot, so that it stays a float, and a sign in the exponent. */
function formatFloat(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa, exponent] = String(value).split("e") as [string, string?];
  const dotted = mantissa.includes(".") ? mantissa : `${mantissa}.0`;
  return exponent === undefined ? dotted : `${dotted}e${exponent}`;
}

/** Aliases may repeat a value; beyond this many values in all, somebody wants to fill the memory. */
const mostValues = 1_000_000;

/**
 * Reads one YAML document as `yaml.safe_load` does. Mappings become plain objects, integers beyond 2^53 `bigint`,
 * timestamps `Date` (to the millisecond), `!!binary` `Uint8Array`, `!!set` `Set`.
 * @throws {StoreFormatError} if it is no YAML, or grows beyond a million values through its aliases.
 */
export function parseYaml(text: string, path: string): unknown {
  let value: unknown;
  try {
    value = load(text, { schema, json: true });
  } catch (cause) {
    const [reason] = String((cause as Error).message).split("\n");
    throw new StoreFormatError(path, `not valid YAML: ${reason}`, { cause });
  }
  if (countValues(value, mostValues) > mostValues) {
    throw new StoreFormatError(path, `holds more than ${mostValues} values`);
  }
  return value;
}

/** Counts values as a walk through all aliases meets them; stops beyond `limit`. */
function countValues(value: unknown, limit: number): number {
  let count = 0;
  const pending = [value];
  while (pending.length > 0 && count <= limit) {
    const next = pending.pop();
    count++;
    if (typeof next !== "object" || next === null || ArrayBuffer.isView(next)) continue;
    for (const child of next instanceof Set ? next : Object.values(next)) pending.push(child);
  }
  return count;
}

/** Whatever PyYAML would not read back as a string gets quotes. `=` is special there, and fails to load. */
function quoteForPyYaml(layout: ScalarLayout & { style: number }): void {
  const { value, tag } = layout.node;
  if (tag !== "tag:yaml.org,2002:str") return;
  if (/[^\x20-\x7e\n]/.test(value)) layout.style = SCALAR_STYLE.DOUBLE_QUOTED;
  else if (value === "=" || looksTyped(value)) layout.style = SCALAR_STYLE.SINGLE_QUOTED;
}

/** Also what only YAML 1.2 takes for a number, so that no reader does. */
function looksTyped(value: string): boolean {
  return boolean.test(value) || integer.test(value) || float.test(value) || !Number.isNaN(Number(value));
}

/**
 * Writes a YAML document that `yaml.safe_load` reads back as the same values: ASCII, keys sorted, block style.
 * @throws {TypeError} if a value has no YAML spelling (a function, a class instance …).
 */
export function formatYaml(value: unknown): string {
  const text = dump(value, {
    schema,
    seqNoIndent: true,
    sortKeys: (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0),
    scalarStyleRules: [quoteForPyYaml, ...Object.values(DEFAULT_SCALAR_STYLE_RULES)],
  });
  // All text beyond ASCII stands in double quotes by now, where it can be escaped.
  return text.replace(/\P{ASCII}/gu, (character) => {
    const code = character.codePointAt(0)!;
    const digits = code.toString(16).toUpperCase();
    if (code <= 0xff) return `\\x${digits.padStart(2, "0")}`;
    return code <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
  });
}
