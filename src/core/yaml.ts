import {
  binaryTag,
  DEFAULT_SCALAR_STYLE_RULES,
  defineMappingTag,
  defineScalarTag,
  dump,
  load,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  omapTag,
  pairsTag,
  SCALAR_STYLE,
  type ScalarLayout,
  Schema,
  seqTag,
  setTag,
  strTag,
} from "js-yaml";
import { type MareyError, StoreFormatError } from "./errors.js";
import { Timestamp } from "./timestamp.js";

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

const timestampTag = defineScalarTag<Date>("tag:yaml.org,2002:timestamp", {
  implicit: true,
  resolve: (text) => Timestamp.read(text) ?? NOT_RESOLVED,
  identify: (value) => value instanceof Date,
  represent: (date: Date) => (date instanceof Timestamp ? date.spelled() : date.toISOString()),
});

/** Plain objects, but for mappings with keys that are no texts: as object keys they would come to be some. */
const mappingTag = defineMappingTag<Map<unknown, unknown>, object>(mapTag.tagName, {
  create: () => new Map(),
  addPair: (map, key, value) => {
    map.set(key, value);
    return "";
  },
  has: (map, key) => map.has(key),
  finalize: (map) =>
    [...map.keys()].every((key) => typeof key === "string") ? Object.fromEntries(map) : map,
  keys: (found) => (found instanceof Map ? found.keys() : Object.keys(found)),
  get: (found, key) =>
    found instanceof Map ? found.get(key) : (found as Record<string, unknown>)[String(key)],
  identify: (value) => value instanceof Map || mapTag.identify(value),
  represent: (value) => (value instanceof Map ? value : mapTag.represent(value)),
});

const schema = new Schema([
  strTag,
  seqTag,
  mappingTag,
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
 * Reads one YAML document as `yaml.safe_load` does. Mappings become plain objects (a `Map` if a key is no text), integers
 * beyond 2^53 `bigint`, timestamps a `Timestamp`, which is a `Date` that keeps its text, `!!binary` `Uint8Array`, `!!set`
 * `Set`.
 * @param Failure what is thrown if it is no YAML, or grows beyond a million values through its aliases.
 * @throws {StoreFormatError} or `Failure`.
 */
export function parseYaml(
  text: string,
  path: string,
  Failure: new (path: string, found: string, options?: ErrorOptions) => MareyError = StoreFormatError,
): unknown {
  let value: unknown;
  try {
    value = load(text, { schema, json: true });
  } catch (cause) {
    const [reason] = String((cause as Error).message).split("\n");
    throw new Failure(path, `not valid YAML: ${reason}`, { cause });
  }
  if (countValues(value, mostValues) > mostValues) {
    throw new Failure(path, `holds more than ${mostValues} values`);
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
    if (next instanceof Map) pending.push(...next.keys());
    for (const child of next instanceof Set || next instanceof Map ? next.values() : Object.values(next)) {
      pending.push(child);
    }
  }
  return count;
}

/** As Python sorts; keys of different kinds stay where they are. */
function compareKeys(a: unknown, b: unknown): number {
  const isComparable = typeof a === typeof b && (typeof a === "string" || typeof a === "number");
  return isComparable ? (a! < b! ? -1 : a! > b! ? 1 : 0) : 0;
}

/** Whatever PyYAML would not read back as a string gets quotes. `=` is special there, and fails to load. */
function quoteForPyYaml(layout: ScalarLayout & { style: number }): void {
  const { value, tag } = layout.node;
  if (tag !== "tag:yaml.org,2002:str") return;
  if (/[^\x20-\x7e\n]/.test(value)) layout.style = SCALAR_STYLE.DOUBLE_QUOTED;
  else if (value === "=" || looksTyped(value)) layout.style = SCALAR_STYLE.SINGLE_QUOTED;
}

/** What PyYAML takes for a date, whether there is such a day or not. */
const looksDated = /^\d{4}-\d\d?-\d\d?(?:$|[Tt \t])/;

/** Also what only YAML 1.2 takes for a number, so that no reader does. */
function looksTyped(value: string): boolean {
  const isNumber = integer.test(value) || float.test(value) || !Number.isNaN(Number(value));
  return isNumber || boolean.test(value) || looksDated.test(value);
}

/**
 * Writes a YAML document that `yaml.safe_load` reads back as the same values: ASCII, keys sorted, block style.
 * @throws {TypeError} if a value has no YAML spelling (a function, a class instance …).
 */
export function formatYaml(value: unknown): string {
  const text = dump(value, {
    schema,
    seqNoIndent: true,
    sortKeys: (a: unknown, b: unknown) => compareKeys(a, b),
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

/** Whether PyYAML reads a plain text as anything but that text: a number, a date, true, null … */
export function isTypedYaml(text: string): boolean {
  return (
    /^(?:~|null|Null|NULL|)$/.test(text) ||
    ["<<", "=", "!", "&", "*"].includes(text) ||
    boolean.test(text) ||
    integer.test(text) ||
    float.test(text) ||
    /^\d{4}-\d\d-\d\d$/.test(text) ||
    (/^\d{4}-\d\d?-\d\d?[Tt \t]/.test(text) && Timestamp.isSpelled(text))
  );
}
