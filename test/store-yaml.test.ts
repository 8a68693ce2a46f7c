import fc from "fast-check";
import { expect, test } from "vitest";
import { StoreFormatError } from "../src/core/errors.js";
import { formatYaml, parseYaml } from "../src/store/yaml.js";
import { python } from "./peers/python.js";

/** JSON that keeps integers apart from floats, and both exact. */
const judge = `
import sys, json, yaml, math, datetime
def J(v):
    if v is None or isinstance(v, (bool, str)): return v
    if isinstance(v, int): return {'int': str(v)}
    if isinstance(v, float): return {'float': 'nan' if math.isnan(v) else v.hex()}
    if isinstance(v, list): return [J(x) for x in v]
    if isinstance(v, dict): return {'map': [[str(k), J(x)] for k, x in sorted(v.items(), key=lambda p: str(p[0]))]}
    return {'other': type(v).__name__}
docs = json.load(sys.stdin)
out = []
for doc in docs:
    try: out.append(J(yaml.safe_load(doc)))
    except Exception as e: out.append({'error': type(e).__name__})
print(json.dumps(out))
`;

function seenByPyYaml(documents: readonly string[]): unknown[] {
  return JSON.parse(python(judge, [], Buffer.from(JSON.stringify(documents))));
}

/** The same spelling for what is read here. A whole float is a float to Python; here it is a number. */
function spell(value: unknown): unknown {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "bigint" || Number.isInteger(value)) return { number: Number(value) };
  if (typeof value === "number") return { number: Number.isNaN(value) ? "nan" : value };
  if (Array.isArray(value)) return value.map(spell);
  if (value instanceof Date || value instanceof Set || value instanceof Uint8Array) return "other";
  const entries = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1));
  return { map: entries.map(([key, field]) => [key, spell(field)]) };
}

function respell(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(respell);
  if (typeof value !== "object" || value === null) return value;
  if ("int" in value) return { number: Number(value.int) };
  if ("float" in value) return { number: value.float === "nan" ? "nan" : fromHex(value.float as string) };
  if ("map" in value) {
    const entries = (value.map as [string, unknown][]).map(([key, field]) => [key, respell(field)] as const);
    return { map: entries.toSorted(([a], [b]) => (a < b ? -1 : 1)) };
  }
  return "other";
}

function fromHex(text: string): number {
  if (text === "inf" || text === "-inf") return text === "inf" ? Infinity : -Infinity;
  const [, sign, whole, fraction = "", exponent] = /^(-?)0x(\d)\.?([0-9a-f]*)p([-+]\d+)$/.exec(text)!;
  const mantissa = Number(BigInt(`0x${whole}${fraction}`));
  const power = Number(exponent) - 4 * fraction.length;
  // In two steps: the smallest numbers are out of the reach of one.
  const value = mantissa * 2 ** Math.max(power, -1000) * 2 ** Math.min(0, power + 1000);
  return sign ? -value : value;
}

const traps = [
  "1e5",
  "1.5e+3",
  "1.5e3",
  "1e234567890123456789012345678901",
  "0123",
  "08",
  "0o17",
  "0x1F",
  "0b101",
  "1_000",
  "1__0",
  "12:30:45",
  "190:20:30.15",
  "1:99",
  "yes",
  "No",
  "ON",
  "off",
  "y",
  "n",
  "True",
  "tRue",
  "~",
  "null",
  "Null",
  "NULL",
  "nul",
  ".nan",
  ".NaN",
  ".inf",
  "-.inf",
  "+.INF",
  ".5",
  "-.5",
  "+1.5",
  "1.",
  "-1.",
  "1.e+5",
  "+1",
  "-0",
  "0",
  "00",
  "123456789012345678901234567890",
  "-9007199254740993",
  "abc",
  "a b",
  "'q'",
  '"q"',
  "2020-01-02x",
  "1-2",
  "+",
  "-x",
  ".",
  "..",
  "e5",
  "0x",
  "0b",
  "0_",
  "_1",
  "1_",
  "1e+5",
  "1.0e+5",
  "-1.5e-3",
  "Infinity",
  "NaN",
  "nan",
  "inf",
  "0xg",
  "0b2",
];

test("every plain word has the value that PyYAML gives it", () => {
  const documents = traps.map((word) => `k: ${word}`);
  const seen = seenByPyYaml(documents);
  for (const [i, document] of documents.entries()) {
    expect(spell(parseYaml(document, "here")), document).toEqual(respell(seen[i]));
  }
});

test("words put together at random, too", () => {
  const words = fc.sample(
    fc.string({ unit: fc.constantFrom(..."0123456789abefxo_.:+-eEyn~"), minLength: 1, maxLength: 9 }),
    { numRuns: 4000, seed: 7 },
  );
  // What neither can read as one word, or PyYAML reads as a mapping or date, is not meant here.
  const documents = words
    .filter((word) => !/: |:$|^[-~]*$|^- |^\d{4}-\d/.test(word) && !word.startsWith("?"))
    .map((word) => `[${word}]`);
  const seen = seenByPyYaml(documents);
  for (const [i, document] of documents.entries()) {
    if ("error" in (seen[i] as object)) continue;
    expect(spell(parseYaml(document, "here")), document).toEqual(respell(seen[i]));
  }
});

test("whatever is written, PyYAML reads back as the same values", () => {
  const { values } = {
    values: fc.sample(
      fc.letrec((tie) => ({
        value: fc.oneof(
          { depthSize: "small", withCrossShrink: true },
          fc.constantFrom(...traps),
          fc.string({ unit: "binary" }),
          fc.string({
            unit: fc.constantFrom(..." \n\t#:-'\"\\{}[]&*!|>%@`,?=<~ab\u0085\u2028é😀".split("")),
          }),
          fc.lorem({ maxCount: 40 }),
          fc.double(),
          fc.integer(),
          fc.bigInt({ min: 2n ** 60n, max: 2n ** 80n }),
          fc.boolean(),
          fc.constant(null),
          fc.array(tie("value"), { maxLength: 4 }),
          fc.dictionary(fc.oneof(fc.string(), fc.constantFrom(...traps, "=", "<<x")), tie("value"), {
            maxKeys: 4,
          }),
        ),
      })).value,
      { numRuns: 1500, seed: 11 },
    ),
  };
  const documents = values.map((value) => formatYaml({ k: value }));
  expect(documents.every((text) => /^[\x20-\x7e\n]*$/.test(text))).toBe(true);
  const seen = seenByPyYaml(documents);
  for (const [i, document] of documents.entries()) {
    expect(respell(seen[i]), document).toEqual(spell({ k: values[i] }));
    expect(spell(parseYaml(document, "here")), document).toEqual(spell({ k: values[i] }));
  }
});

test("keys stand in Python's order, dashes where PyYAML puts them", () => {
  const text = formatYaml({ b: [1, 2], __store: { imgshape: [48, 64], encoding: null }, A: 1.5, a: 1e21 });
  expect(text).toBe(
    [
      "A: 1.5",
      "__store:",
      "  encoding: null",
      "  imgshape:",
      "  - 48",
      "  - 64",
      "a: 1.0e+21",
      "b:",
      "- 1",
      "- 2",
      "",
    ].join("\n"),
  );
});

test("aliases that multiply are refused, and fast", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 12; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  expect(() => parseYaml(lines.join("\n"), "bomb.yaml")).toThrow(StoreFormatError);
  expect(() => parseYaml("a: &a [*a]", "circle.yaml")).toThrow(StoreFormatError);
  expect(parseYaml("a: &a [1]\nb: *a", "here")).toEqual({ a: [1], b: [1] });
});

test("what is no YAML, or wants code to run, is refused with the name of the file", () => {
  for (const text of [
    "a: [1",
    "\tx: 1",
    "a: !!python/object/apply:os.system [true]",
    "",
    "a: 1\n---\nb: 2",
    "[".repeat(5000),
  ]) {
    expect(() => parseYaml(text, "metadata.yaml"), text.slice(0, 40)).toThrow(StoreFormatError);
  }
});

test("a key named __proto__ is a key like any other", () => {
  const value = parseYaml("__proto__: {polluted: 1}\nconstructor: 2", "here") as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
