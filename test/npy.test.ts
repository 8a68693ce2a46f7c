import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FileFormatError, UnsupportedError } from "../src/core/errors.js";
import { type AnyTypedArray, arrayOver, dtypeBytes, dtypes } from "../src/core/image.js";
import { decodeNpy, decodeNpyStrings, encodeNpy, readNpyHeader } from "../src/core/npy.js";
import { python } from "./peers/python.js";

const corpus = new URL("../../shared/corpus", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "marey-npy-"));

function sha256(data: AnyTypedArray): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return createHash("sha256").update(bytes).digest("hex");
}

/** What NumPy sees in every npy file listed: dtype, shape and the hash of the samples in C order, little-endian. */
const describeFiles = `
import sys, json, hashlib, numpy as np
def see(path):
    try: a = np.load(path)
    except ValueError: return None
    if a.dtype.kind not in 'biufc': return None
    a = np.ascontiguousarray(a).reshape(a.shape).astype(a.dtype.newbyteorder('<'))
    return [a.dtype.name, list(a.shape), hashlib.sha256(a.tobytes()).hexdigest()]
print(json.dumps([see(path) for path in json.load(open(sys.argv[1]))]))
`;

function seenByNumpy(paths: readonly string[]): ([string, number[], string] | null)[] {
  const list = join(folder, "list.json");
  writeFileSync(list, JSON.stringify(paths));
  return JSON.parse(python(describeFiles, [list]));
}

test("every npy file of the corpus reads as NumPy reads it", () => {
  const paths = readdirSync(corpus, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".npy"))
    .map((path) => join(corpus, path));
  expect(paths.length).toBeGreaterThan(200);
  for (const [i, seen] of seenByNumpy(paths).entries()) {
    const bytes = readFileSync(paths[i]!);
    if (seen === null) {
      expect(() => decodeNpy(bytes, paths[i]), paths[i]).toThrow();
      continue;
    }
    const array = decodeNpy(bytes, paths[i]);
    expect([array.dtype, array.shape, sha256(array.data)], paths[i]).toEqual(seen);
  }
});

test("every dtype, byte order and memory order that NumPy writes reads back", () => {
  const program = `
import sys, numpy as np
rng = np.random.RandomState(1)
for name in sys.argv[2:]:
    for shape in [(), (0,), (5,), (3, 4), (2, 3, 4), (2, 3, 2, 2)]:
        raw = rng.bytes(int(np.prod(shape)) * np.dtype(name).itemsize)
        a = np.frombuffer(raw, name).reshape(shape)
        if name == 'bool': a = np.frombuffer(raw, 'u1').reshape(shape) > 100
        for order in '<>':
            for layout in 'CF':
                for version in (1, 2, 3):
                    file = '%s/%s_%s_%s%s%d.npy' % (sys.argv[1], name, 'x'.join(map(str, shape)), 'be' if order == '>' else 'le', layout, version)
                    b = np.array(a.astype(a.dtype.newbyteorder(order)), order=layout)
                    with open(file, 'wb') as f: np.lib.format.write_array(f, b, version=(version, 0))
`;
  const made = mkdtempSync(join(folder, "made-"));
  python(program, [made, ...dtypes]);
  const paths = readdirSync(made).map((name) => join(made, name));
  expect(paths.length).toBe(dtypes.length * 6 * 2 * 2 * 3);
  for (const [i, seen] of seenByNumpy(paths).entries()) {
    const array = decodeNpy(readFileSync(paths[i]!), paths[i]);
    expect([array.dtype, array.shape, sha256(array.data)], paths[i]).toEqual(seen);
  }
});

test("what is written is what np.save writes, to the byte", () => {
  const shapes = [[], [1], [12345], [0], [48, 64], [480, 640, 3], [2, 3, 4, 5], [1000000, 1]];
  const program = `
import sys, io, json, numpy as np
for name in json.loads(sys.argv[1]):
    for shape in json.loads(sys.argv[2]):
        f = io.BytesIO(); np.save(f, np.zeros(shape, name)); print(f.getvalue().split(b'\\n')[0].hex() + '0a')
`;
  const expected = python(program, [JSON.stringify(dtypes), JSON.stringify(shapes)])
    .trim()
    .split("\n");
  const written = dtypes.flatMap((dtype) =>
    shapes.map((shape) => {
      const bytes = shape.reduce((product, axis) => product * axis, dtypeBytes(dtype));
      const file = encodeNpy({ dtype, shape, data: arrayOver(dtype, new ArrayBuffer(bytes), 0, bytes) });
      expect(file.length % 64).toBe(bytes % 64);
      return Buffer.from(file.subarray(0, file.length - bytes)).toString("hex");
    }),
  );
  expect(written).toEqual(expected);
});

test("any array survives being written and read", () => {
  const arrays = fc
    .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat({ max: 6 }), { maxLength: 4 }))
    .chain(([dtype, shape]) => {
      const length = shape.reduce((product, axis) => product * axis, dtypeBytes(dtype));
      return fc
        .uint8Array({ minLength: length, maxLength: length })
        .map((bytes) => ({ dtype, shape, data: arrayOver(dtype, bytes.slice().buffer, 0, length) }));
    });
  fc.assert(
    fc.property(arrays, fc.nat({ max: 7 }), (array, shift) => {
      const file = encodeNpy(array);
      // Also at an address that no typed array can start at.
      const moved = new Uint8Array(file.length + shift);
      moved.set(file, shift);
      const read = decodeNpy(moved.subarray(shift));
      expect([read.dtype, read.shape, sha256(read.data)]).toEqual([
        array.dtype,
        array.shape,
        sha256(array.data),
      ]);
    }),
  );
});

test("strings of both kinds are readable, and are no numbers", () => {
  const program = `
import sys, numpy as np
np.save(sys.argv[1] + '/text.npy', np.array(['mjpeg', '', 'Zeit é 😀']))
np.save(sys.argv[1] + '/bytes.npy', np.array(b'avc1/mp4'))
np.save(sys.argv[1] + '/empty.npy', np.array(''))
`;
  python(program, [folder]);
  const read = (name: string) => readFileSync(join(folder, name));
  expect(decodeNpyStrings(read("text.npy"))).toEqual({ shape: [3], data: ["mjpeg", "", "Zeit é 😀"] });
  expect(decodeNpyStrings(read("bytes.npy"))).toEqual({ shape: [], data: ["avc1/mp4"] });
  expect(decodeNpyStrings(read("empty.npy"))).toEqual({ shape: [], data: [""] });
  expect(() => decodeNpy(read("text.npy"))).toThrow(UnsupportedError);
});

test("pickles, records and dates are refused by name, never executed", () => {
  const program = `
import sys, numpy as np
np.save(sys.argv[1] + '/object.npy', np.array([1, None], dtype=object), allow_pickle=True)
np.save(sys.argv[1] + '/record.npy', np.zeros(3, [('a', '<f8'), ('b', '<u2')]))
np.save(sys.argv[1] + '/date.npy', np.zeros(3, 'M8[ns]'))
`;
  python(program, [folder]);
  for (const [name, descr] of [
    ["object.npy", "|O"],
    ["record.npy", "('b', '<u2')"],
    ["date.npy", "M8"],
  ] as const) {
    const bytes = readFileSync(join(folder, name));
    expect(readNpyHeader(bytes).dtype).toBeUndefined();
    expect(readNpyHeader(bytes).descr).toContain(descr);
    expect(() => decodeNpy(bytes, name)).toThrow(UnsupportedError);
    expect(() => decodeNpyStrings(bytes, name)).toThrow(UnsupportedError);
  }
});

test("a file cut anywhere is refused", () => {
  const data = new Uint16Array(60).fill(7);
  const whole = encodeNpy({ dtype: "uint16", shape: [10, 6], data });
  for (let length = 0; length < whole.length; length++) {
    expect(() => decodeNpy(whole.subarray(0, length)), `${length} bytes`).toThrow(FileFormatError);
  }
});

test("a header that promises more than the file holds costs no memory", () => {
  const file = (text: string) => {
    const padded = text.padEnd(117);
    return Buffer.concat([Buffer.from([0x93]), Buffer.from(`NUMPY\x01\x00\x76\x00${padded}\n`, "latin1")]);
  };
  const header = (descr: string, shape: string) =>
    file(`{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`);
  expect(decodeNpy(header("<f8", "(0, 1099511627776)")).data.length).toBe(0);
  for (const shape of ["(1099511627776,)", "(4294967296, 4294967296, 4294967296)", "(1,)"]) {
    expect(() => decodeNpy(header("<f8", shape)), shape).toThrow(FileFormatError);
  }
  expect(() => decodeNpyStrings(header("<U0", "(1099511627776,)"))).toThrow(FileFormatError);
  expect(() => decodeNpyStrings(header("<U99999999", "(3,)"))).toThrow(FileFormatError);
  for (const shape of ["(-1,)", "(1.5,)", "(99999999999999999999,)", "(,)", "(a,)", "5"]) {
    expect(() => decodeNpy(header("<f8", shape)), shape).toThrow(FileFormatError);
  }
  expect(() => decodeNpy(file("{'descr': '<f8', 'shape': (3,)}"))).toThrow(FileFormatError);
  expect(() => decodeNpy(file("__import__('os').system('true')"))).toThrow(FileFormatError);
});

test("flipped bytes give an array or a typed error, nothing else", () => {
  const whole = encodeNpy({ dtype: "float32", shape: [4, 5], data: new Float32Array(20).fill(0.5) });
  fc.assert(
    fc.property(fc.nat({ max: 127 }), fc.nat({ max: 255 }), (at, byte) => {
      const damaged = whole.slice();
      damaged[at] = byte;
      try {
        decodeNpy(damaged);
      } catch (error) {
        expect(error).toSatisfy((e) => e instanceof FileFormatError || e instanceof UnsupportedError);
      }
    }),
    { numRuns: 2000 },
  );
});
