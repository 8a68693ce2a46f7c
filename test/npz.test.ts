import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FileFormatError, MareyError, UnsupportedError } from "../src/core/errors.js";
import { encodeNpz, readNpz } from "../src/core/npz.js";
import { decodePickledNumbers } from "../src/core/pickled-numbers.js";
import { python } from "./peers/python.js";

const corpus = new URL("../../shared/corpus", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "marey-npz-"));

const numbers = { dtype: "int64", shape: [3], data: new BigInt64Array([5n, -7n, 2n ** 62n]) } as const;
const times = { dtype: "float64", shape: [3], data: new Float64Array([0.25, Number.NaN, -1]) } as const;

test("every npz file of the corpus lists and gives what NumPy finds in it", () => {
  const program = `
import sys, json, io, zipfile, numpy as np
def see(path):
    try: z = np.load(path)
    except Exception: return None
    out = {}
    for name in z.files:
        try: a = z[name]
        except ValueError: out[name] = 'refused'; continue
        if a.dtype.kind == 'S': a = a.astype(str)
        out[name] = [a.dtype.name if a.dtype.kind != 'U' else 'str', list(a.shape), [str(x) for x in a.ravel()]]
    return out
print(json.dumps([see(p) for p in json.load(open(sys.argv[1]))]))
`;
  const paths = readdirSync(corpus, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".npz"))
    .map((path) => join(corpus, path));
  expect(paths.length).toBeGreaterThan(200);
  const list = join(folder, "list.json");
  writeFileSync(list, JSON.stringify(paths));
  const seen: (Record<string, "refused" | [string, number[], string[]]> | null)[] = JSON.parse(
    python(program, [list]),
  );
  const text = (value: number | bigint | string) =>
    String(value).replace("NaN", "nan").replace("Infinity", "inf");
  for (const [i, path] of paths.entries()) {
    const bytes = readFileSync(path);
    const expected = seen[i];
    if (expected == null) {
      expect(() => readNpz(bytes, path), path).toThrow(FileFormatError);
      continue;
    }
    const npz = readNpz(bytes, path);
    expect(npz.names, path).toEqual(Object.keys(expected));
    for (const [name, entry] of Object.entries(expected)) {
      const where = `${path} ${name}`;
      if (entry === "refused") {
        expect(() => npz.array(name), where).toThrow(UnsupportedError);
      } else if (entry[0] === "str") {
        expect([npz.strings(name).shape, npz.strings(name).data], where).toEqual(entry.slice(1));
      } else {
        const { dtype, shape, data } = npz.array(name);
        expect([dtype, shape], where).toEqual(entry.slice(0, 2));
        const values = Array.from(data as ArrayLike<number | bigint>);
        if (data instanceof Float64Array)
          expect(values.map(Number), where).toEqual(entry[2].map(pythonFloat));
        else
          expect(values.map(text), where).toEqual(
            entry[2].map((value) => (dtype === "bool" ? String(Number(value === "True")) : value)),
          );
      }
    }
  }
});

function pythonFloat(text: string): number {
  return text === "nan" ? Number.NaN : Number(text.replace("inf", "Infinity"));
}

test("NumPy reads what is written here", () => {
  const path = join(folder, "ours.npz");
  writeFileSync(path, encodeNpz({ frame_number: numbers, frame_time: times }));
  const program = `
import sys, numpy as np, zipfile
assert zipfile.ZipFile(sys.argv[1]).testzip() is None
z = np.load(sys.argv[1]); print(z.files, z['frame_number'].tolist(), z['frame_time'].tolist(), z['frame_number'].dtype)
`;
  expect(python(program, [path]).trim()).toBe(
    "['frame_number', 'frame_time'] [5, -7, 4611686018427387904] [0.25, nan, -1.0] int64",
  );
});

test("compressed, streamed and ZIP64 archives read like plain ones", () => {
  const program = `
import sys, io, zipfile, numpy as np
n = np.array([5, -7, 2**62]); t = np.array([0.25, np.nan, -1]); d = sys.argv[1]
np.savez(d + '/plain.npz', frame_number=n, frame_time=t)
np.savez_compressed(d + '/deflated.npz', frame_number=n, frame_time=t)
class Pipe(io.RawIOBase):                      # cannot seek: sizes follow the data
    def __init__(self, path): self.f = open(path, 'wb')
    def writable(self): return True
    def write(self, b): return self.f.write(b)
    def close(self): self.f.close(); super().close()
for name, method in (('streamed', zipfile.ZIP_STORED), ('streamed_deflated', zipfile.ZIP_DEFLATED)):
    with zipfile.ZipFile(Pipe(d + '/%s.npz' % name), 'w', method) as z:
        for key, a in (('frame_number', n), ('frame_time', t)):
            f = io.BytesIO(); np.save(f, a); z.writestr(key + '.npy', f.getvalue())
zipfile.ZIP64_LIMIT = 10; zipfile.ZIP_FILECOUNT_LIMIT = 1  # everything goes into ZIP64 records
np.savez(d + '/zip64.npz', frame_number=n, frame_time=t)
`;
  python(program, [folder]);
  for (const name of ["plain", "deflated", "streamed", "streamed_deflated", "zip64"]) {
    const npz = readNpz(readFileSync(join(folder, `${name}.npz`)), name);
    expect(npz.names, name).toEqual(["frame_number", "frame_time"]);
    expect(npz.array("frame_number").data, name).toEqual(numbers.data);
    expect(npz.array("frame_time").data, name).toEqual(times.data);
  }
});

test("a pickle beside the arrays leaves them readable", () => {
  const path = join(folder, "pickle.npz");
  python("import sys, numpy as np; np.savez(sys.argv[1], encoding=np.array(None), frame_number=[1, 2])", [
    path,
  ]);
  const npz = readNpz(readFileSync(path), path);
  expect(npz.has("encoding")).toBe(true);
  expect(npz.header("encoding").descr).toBe("|O");
  expect(() => npz.array("encoding")).toThrow(UnsupportedError);
  expect(npz.array("frame_number").data).toEqual(new BigInt64Array([1n, 2n]));
});

test("an array that is not there is named, and so are those that are", () => {
  const npz = readNpz(encodeNpz({ frame_time: times }), "000000.npz");
  expect(() => npz.array("frame_number")).toThrow("000000.npz: no array frame_number; there are frame_time");
});

test("a file cut anywhere is refused", () => {
  const whole = encodeNpz({ frame_number: numbers, frame_time: times });
  for (let length = 0; length < whole.length; length++) {
    expect(() => readNpz(whole.subarray(0, length)), `${length} bytes`).toThrow(FileFormatError);
  }
});

test("a flipped byte is found, whatever it is", () => {
  const whole = encodeNpz({ frame_number: numbers, frame_time: times });
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = whole.slice();
      damaged[at]! ^= change;
      try {
        const npz = readNpz(damaged);
        for (const name of npz.names) npz.array(name);
        if (npz.has("frame_number")) expect(npz.array("frame_number").data).toEqual(numbers.data);
        if (npz.has("frame_time")) expect(npz.array("frame_time").data).toEqual(times.data);
      } catch (error) {
        if (!(error instanceof MareyError)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});

test("an entry that claims 2^40 bytes is refused before memory is asked for", () => {
  for (const compressed of [false, true]) {
    const path = join(folder, "bomb.npz");
    const save = compressed ? "savez_compressed" : "savez";
    python(`import sys, numpy as np; np.${save}(sys.argv[1], frame_time=np.zeros(100))`, [path]);
    const bytes = readFileSync(path);
    const central = bytes.lastIndexOf(Buffer.from("PK\x01\x02", "latin1"));
    bytes.writeUInt32LE(0xfffffff0, central + 24);
    expect(() => readNpz(bytes).array("frame_time")).toThrow(FileFormatError);
  }
});

test("of pickled numbers every one is read, and nothing is ever run", () => {
  const program = `
import sys, io, json, pickle, numpy as np
def npy(values, protocol):
    f = io.BytesIO(); a = np.empty(len(values), dtype=object); a[:] = values
    if protocol == 3: np.save(f, a)
    else:
        np.lib.format._write_array_header(f, np.lib.format.header_data_from_array_1_0(a), (1, 0)); pickle.dump(a, f, protocol=protocol)
    return f.getvalue().hex()
class Evil:
    def __reduce__(self): return (print, ('run',))
good = [[None], [None, 1.5], [0, 255, 256, 65535, 65536, -1, 2**31 - 1, 2**31, -2**31 - 1, 2**62, -2**63, 2**64, None, 1e-300, float('inf')], [None] + [i / 7 for i in range(5000)]]
bad = [[None, 'text'], [None, np.float64(2)], [Evil()], [None, [1]], [b'x', None], []]
print(json.dumps(dict(good=[[npy(v, p), [None if x is None else repr(x) for x in v]] for v in good for p in (3, 4)], bad=[npy(v, 3) for v in bad])))
`;
  const { good, bad } = JSON.parse(python(program)) as { good: [string, (string | null)[]][]; bad: string[] };
  for (const [hex, values] of good) {
    const found = decodePickledNumbers(Buffer.from(hex, "hex"), "npy");
    const wanted = values.map((text) => {
      if (text === null) return Number.NaN;
      if (/^-?\d+$/.test(text)) return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
      return Number(text.replace("inf", "Infinity"));
    });
    expect(found).toEqual(wanted);
    const bytes = Buffer.from(hex, "hex");
    for (let end = 80; end < Math.min(bytes.length - 4, 400); end++) {
      // Cut anywhere, it is none; a header that is cut is refused before.
      if (end >= 128) expect(decodePickledNumbers(bytes.subarray(0, end), "npy")).toBeUndefined();
    }
  }
  for (const hex of bad) expect(decodePickledNumbers(Buffer.from(hex, "hex"), "npy") ?? []).toEqual([]);
});
