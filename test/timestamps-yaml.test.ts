import fc from "fast-check";
import { expect, test } from "vitest";
import { FileFormatError } from "../src/core/errors.js";
import { parseYaml } from "../src/core/yaml.js";
import { formatPyYaml, type PyYamlMapping } from "../src/timestamps/py-yaml.js";
import { python } from "./peers/python.js";

/** What ataraxis-data-structures makes of documents: libyaml, with its options. */
const judge = `
import json, sys, yaml
out = [yaml.dump(d, Dumper=yaml.CDumper, default_style="", default_flow_style=False, indent=10, width=200,
  explicit_start=True, explicit_end=True, sort_keys=False) for d in json.load(sys.stdin)]
print(json.dumps(out))
`;

function dumped(documents: readonly PyYamlMapping[]): string[] {
  return JSON.parse(python(judge, [], Buffer.from(JSON.stringify(documents)))) as string[];
}

const odd = [
  ...[
    "",
    "face_camera",
    "101",
    "1e3",
    "1.5",
    "0x1F",
    "true",
    "no",
    "null",
    "~",
    "2024-01-02",
    "2024-1-2 03:04:05",
  ],
  ...[
    " lead",
    "trail ",
    "a: b",
    "a #b",
    "a#b",
    "- x",
    "-x",
    "? x",
    "#x",
    "---",
    "...",
    "Käfer",
    "日本",
    "😀",
    "a'b",
  ],
  ...[
    'say "x"',
    "back\\slash",
    "tab\tx",
    "a\nb",
    "a\n\nb\n",
    "a \nb",
    "\na",
    "=",
    "<<",
    "[x]",
    "{x}",
    "%x",
    "@x",
    "`x",
  ],
  ...[
    "1:30",
    "12:30:45",
    "x:",
    ":x",
    "x,y",
    "a\rb",
    "\u00a0",
    "\u2028",
    "\u0085",
    "\ufeff",
    "0o17",
    "0b1",
    ".inf",
    ".5",
  ],
  `boom: ${"it broke because of this or that ".repeat(20)}`,
  `${"word ".repeat(90)}end`,
  `it's ${"a  double  blank and one ".repeat(30)}`,
  `Käfer ${"über  alle Maßen lang ".repeat(20)}`,
];

test("YAML has the bytes that PyYAML writes: quotes, escapes and folded lines", () => {
  const words = fc.string({ unit: fc.constantFrom(..."ab  '\"\\:#-,?!\n\té😀1.e+~"), maxLength: 12 });
  const long = fc.array(words, { maxLength: 60 }).map((parts) => parts.join(" "));
  const random = fc.sample(fc.oneof(words, long), { numRuns: 3000, seed: 7 });
  const documents = [...odd, ...random].flatMap((text): PyYamlMapping[] => [
    { sources: [{ id: 101, name: text }] },
    { jobs: { "9bf3c970bfb446c3": { specifier: "101", error_message: text, executor_id: null } } },
  ]);
  const all = [{ sources: [] }, { jobs: {} }, ...documents];
  const expected = dumped(all);
  for (const [at, document] of all.entries()) {
    const text = formatPyYaml(document);
    expect([document, text]).toEqual([document, expected[at]]);
    expect(parseYaml(text, "yaml", FileFormatError)).toEqual(document);
  }
});
