import fc from "fast-check";
import { expect, test } from "vitest";
import { MareyError, StoreFormatError } from "../src/core/errors.js";
import { formatYaml, parseYaml } from "../src/core/yaml.js";
import { parseStoreMetadata } from "../src/store/store-metadata.js";
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

/** Documents as Python's users may have them, and whether two of them are equal, types and all but whole floats. */
const pythonDocuments = `
import random, datetime, yaml, json, sys, math
rng = random.Random(int(sys.argv[1]))
words = ['', 'a', 'yes', 'no', '0123', '12:30:45', '2020-01-02', '1e5', '=', '<<', '~', 'null', 'é😀', ' x ', 'a: b', '- a', '#c', "it's", '"q"', 'x' * 90 + ' ' + 'y' * 40,
    'two\\nlines\\n', '\\ttab', 'trail \\n', '&a', '*a', '!t', '%d', '@x', '\\x85', '\\u2028', '2020-13-45', '0x1F', '1_000', '.inf', '|', '>', '?', '? a', '[', '{a', 'a\\r\\nb', '\\x00\\x07']
def scalar():
    k = rng.randrange(12)
    if k == 0: return rng.choice(words)
    if k == 1: return rng.randrange(-10**rng.randrange(1, 40), 10**rng.randrange(1, 40))
    if k == 2: return rng.choice([0.0, -0.0, 1.0, 1e300, 1e-300, math.inf, -math.inf, math.nan, rng.random(), rng.gauss(0, 1e10), 1e16, 123456789012345680.0])
    if k == 3: return rng.choice([True, False, None])
    if k == 4: return bytes(rng.randrange(256) for _ in range(rng.randrange(100)))
    if k == 5: return datetime.date(rng.randrange(1, 9999), rng.randrange(1, 13), rng.randrange(1, 29))
    if k in (6, 7):
        t = datetime.datetime(rng.randrange(1000, 9998), rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(24), rng.randrange(60), rng.randrange(60), rng.choice([0, 678, 123456, rng.randrange(10**6)]))
        return t if k == 6 else t.replace(tzinfo=datetime.timezone(datetime.timedelta(minutes=rng.choice([0, 60, -330, 345, 14 * 60]))))
    return ''.join(rng.choice('abc é\\n:#-0123.!&*?{}[],') for _ in range(rng.randrange(30)))
def value(depth):
    k = rng.randrange(8)
    if depth > 4 or k < 4: return scalar()
    if k == 4: return [value(depth + 1) for _ in range(rng.randrange(5))]
    if k == 5: return set(s for s in (scalar() for _ in range(rng.randrange(4))) if s == s)
    if k == 6:
        shared = value(depth + 1)
        return [shared, shared, {'again': shared}]
    kind = rng.randrange(3)
    keys = [rng.choice(words + ['k%d' % i for i in range(9)]) if kind else rng.choice([1, 2**70, 2.5, None, True, datetime.date(2020, 1, 2), 'text']) for _ in range(rng.randrange(5))]
    return {key: value(depth + 1) for key in keys}
def dump(v):
    style = dict(default_flow_style=rng.choice([True, False, None]), width=rng.choice([20, 80, 1000]), sort_keys=False)
    text = yaml.safe_dump(v, allow_unicode=rng.random() < 0.5, **style)
    # Left bare, PyYAML itself reads these as ends of lines.
    return yaml.safe_dump(v, **style) if '\\x85' in text or '\\u2028' in text else text
def same(a, b):
    if isinstance(a, bool) or isinstance(b, bool): return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)): return a == b or (a != a and b != b)
    if type(a) is not type(b): return False
    if isinstance(a, datetime.datetime): return a == b and a.utcoffset() == b.utcoffset()
    if isinstance(a, list): return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict): return len(a) == len(b) and all(k in b and same(v, b[k]) for k, v in a.items())
    return a == b
`;

test("what Python writes as metadata comes back to Python as it was, dates, sets, bytes and keys too", {
  timeout: 120_000,
}, () => {
  for (const seed of ["1", "2", "3"]) {
    const made = JSON.parse(
      python(`${pythonDocuments}\nprint(json.dumps([dump({'k': value(0)}) for _ in range(1500)]))`, [seed]),
    ) as string[];
    const rewritten = made.map((document) => formatYaml(parseYaml(document, "here")));
    const wrong = python(
      `${pythonDocuments}
made, rewritten = json.load(sys.stdin)
def load(text):
    try: return yaml.safe_load(text)
    except Exception as e: return e
print(json.dumps([[a, b, repr(load(a)), repr(load(b))] for a, b in zip(made, rewritten) if not same(load(a), load(b))]))`,
      [seed],
      Buffer.from(JSON.stringify([made, rewritten])),
    );
    expect(JSON.parse(wrong)).toEqual([]);
  }
});

test("a date keeps its microseconds and its zone, and is a Date all the same", () => {
  const texts = [
    "2020-01-02",
    "2020-01-02 03:04:05.000678",
    "2020-01-02 03:04:05.123456+05:45",
    "2020-1-2T3:04:05Z",
  ];
  const found = parseYaml(`[${texts.join(", ")}]`, "here") as Date[];
  expect(found.every((date) => date instanceof Date)).toBe(true);
  expect(found.map((date) => date.toISOString())).toEqual([
    "2020-01-02T00:00:00.000Z",
    "2020-01-02T03:04:05.000Z",
    "2020-01-01T21:19:05.123Z",
    "2020-01-02T03:04:05.000Z",
  ]);
  expect(parseYaml(formatYaml(found), "here")).toEqual(found);
  expect(formatYaml(found)).toBe(`${texts.map((text) => `- ${text}\n`).join("")}`);
  found[1]!.setUTCFullYear(2021);
  expect(formatYaml(found[1])).toContain("2021-01-02T03:04:05.000Z");
});

test("2,000 mutations of a metadata.yaml are read or refused, and pollute nothing", () => {
  const text = formatYaml({
    __store: {
      class: "DirectoryImgStore",
      version: 2,
      imgshape: [48, 64],
      imgdtype: "uint8",
      chunksize: 3,
      format: "npy",
      encoding: null,
    },
    nested: { list: [1, [2, { a: new Date(0) }]], bytes: new Uint8Array(40), set: new Set(["x", 1]) },
    text: "two\nlines",
  });
  const bits = [
    "&a ",
    "*a",
    "<<: *a\n",
    "!!set ",
    "!!binary ",
    "? ",
    "__proto__: {polluted: 1}\n",
    "- ",
    "[",
    "{",
    "}",
    ": ",
    "\n",
    "\t",
    "!!python/object:os.system ",
    "|\n",
    "'",
    '"',
    "%YAML 1.1\n",
    "---\n",
    "1e999",
    "0b",
    "2020-01-01 1:",
  ];
  const outcomes = { read: 0, refused: 0 };
  for (const seed of fc.sample(
    fc.tuple(fc.nat(text.length), fc.nat(bits.length - 1), fc.nat(4), fc.nat(text.length)),
    { numRuns: 2000, seed: 3 },
  )) {
    const [at, bit, cut, other] = seed;
    const once = text.slice(0, at) + bits[bit] + text.slice(at + cut);
    const mutated =
      at % 2 === 0 ? once : once.slice(0, other) + bits[(bit * 7 + cut) % bits.length] + once.slice(other);
    try {
      const { user } = parseStoreMetadata(mutated, "metadata.yaml");
      expect(Object.getPrototypeOf(user)).toBe(Object.prototype);
      outcomes.read++;
    } catch (error) {
      if (!(error instanceof MareyError)) throw new Error(`${error}: ${JSON.stringify(mutated)}`);
      outcomes.refused++;
    }
  }
  expect(outcomes.read).toBeGreaterThan(100);
  expect(outcomes.refused).toBeGreaterThan(100);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
