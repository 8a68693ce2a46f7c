import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { FileFormatError, UnsupportedError } from "../src/core/errors.js";
import { open, sniff } from "../src/index.js";
import { caiman } from "../src/readers/caiman.js";
import { suite2p } from "../src/readers/suite2p.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { expectSample, lab, md5s } from "./fixtures/lab-samples.js";
import { testMutations } from "./fixtures/mutations.js";
import { python } from "./peers/python.js";
import { marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-calcium-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const sample = "memmap_d1_48_d2_64_d3_1_order_C_frames_7_.mmap";

/** CaImAn's maps as its `mmapping.py` makes them, Suite2p's binaries as its `binary.py` does; NumPy says what is in them. */
const writeFiles = `
import hashlib, json, os, sys, numpy as np
os.chdir(sys.argv[1]); rng = np.random.RandomState(5); expected = {}
md5 = lambda a: [hashlib.md5(np.ascontiguousarray(f).tobytes()).hexdigest() for f in a]
video = rng.rand(9, 30, 41).astype("f4")
for order in "CF":
    name = f"movie_d1_30_d2_41_d3_1_order_{order}_frames_9.mmap"
    flat = np.reshape(np.transpose(video, (1, 2, 0)), (30 * 41, 9), order="F")
    m = np.memmap(name, mode="w+", dtype=np.float32, shape=flat.shape, order=order); m[:] = flat; m.flush()
    expected[name] = md5(video)
raw = rng.randint(-3000, 3000, (6, 40, 52)).astype("<i2")
kinds = {"plain": (40, 52, 6, 30.5), "scalars": (np.int64(40), np.int32(52), np.uint16(6), np.float32(15))}
for kind, (ly, lx, n, fs) in kinds.items():
    for protocol in 2, 3, 4, 5:
        where = f"{kind}{protocol}"; os.mkdir(where); raw.tofile(f"{where}/data.bin")
        ops = {"look_one_level_down": False, "meanImg": raw.mean(0), "filelist": ["a.tif", "b.tif"], "when": {"x": (1, 2.5, None, 2**70)},
               "Ly": ly, "Lx": lx, "nframes": n, "fs": fs, "yrange": [0, 40], "set": {1, 2}, "reg_file": "/x/data.bin", "bytes": b"\\x00\\xff"}
        import pickle
        a = np.empty((), dtype=object); a[()] = ops
        with open(f"{where}/ops.npy", "wb") as f:
            np.lib.format.write_array_header_1_0(f, np.lib.format.header_data_from_array_1_0(a)); pickle.dump(a, f, protocol=protocol)
        expected[f"{where}/data.bin"] = md5(raw)
np.save("usual.npy", ops, allow_pickle=True)
class Evil:
    def __reduce__(self): return (os.system, ("touch evil-was-here",))
os.mkdir("evil"); raw.tofile("evil/data.bin"); np.save("evil/ops.npy", {"a": Evil(), "Ly": 40, "Lx": 52}, allow_pickle=True)
expected["evil/data.bin"] = md5(raw)
print(json.dumps(expected))
`;

const expected: { readonly [name: string]: string[] } = JSON.parse(python(writeFiles, [folder]));

testSeekableSource("a memory map of CaImAn's", () => caiman.open(join(lab, sample), {}));
testSeekableSource("a binary of Suite2p's", () => suite2p.open(at("scalars4/data.bin"), {}));
testMutations(at("plain4/data.bin"), (path) => suite2p.open(path, {}), {
  ...{ damaged: at("plain4/ops.npy"), header: 700 },
});

test(`${sample}: every frame is what its maker says`, async () => {
  expect(await sniff(join(lab, sample))).toBe("array");
  await expectSample(sample);
});

test.each(Object.keys(expected))("%s: every frame is NumPy's", async (name) => {
  await using source = await open(at(name));
  expect(await md5s(source)).toEqual(expected[name]);
});

test("Suite2p's rate is that of its ops, a pickle is never run, and ops that were saved as usual are read", async () => {
  await using plain = await open(at("plain5/data.bin"));
  expect(plain.index.time(1)).toBeCloseTo(1 / 30.5, 12);
  await using scalars = await open(at("scalars2/data.bin"), { fps: 10 });
  expect(scalars.index.time(1)).toBe(0.1);
  await using _ = await open(at("evil/data.bin"));
  expect(() => readFileSync(at("evil-was-here"))).toThrow();
  mkdirSync(at("usual"));
  copyFileSync(at("usual.npy"), at("usual/ops.npy"));
  copyFileSync(at("plain5/data.bin"), at("usual/other.bin"));
  await using usual = await open(at("usual/other.bin"));
  expect(await md5s(usual)).toEqual(expected["plain5/data.bin"]);
});

test("bare samples need a size, which wins over the ops; counts that do not fit are told", async () => {
  mkdirSync(at("bare"));
  copyFileSync(at("plain4/data.bin"), at("bare/data_raw.bin"));
  await expect(open(at("bare/data_raw.bin"))).rejects.toThrow(/no ops\.npy beside .*\(size\)/);
  await using told = await open(at("bare/data_raw.bin"), { size: { width: 52, height: 40 } });
  expect(await md5s(told)).toEqual(expected["plain4/data.bin"]);
  const run = await marey(["info", at("bare/data_raw.bin"), "--size", "52x40", "--json"]);
  expect(JSON.parse(run.stdout)).toMatchObject({ frames: 6 });
  expect((await marey(["info", at("bare/data_raw.bin"), "--size", "52"])).stderr).toMatch(/no size such as/);
  await using other = await open(at("plain4/data.bin"), { size: { width: 40, height: 52 } });
  expect(other.info).toMatchObject({ width: 40, height: 52 });
  const bytes = readFileSync(at("plain3/data.bin"));
  writeFileSync(at("plain3/data.bin"), bytes.subarray(0, -7));
  const cut = await suite2p.open(at("plain3/data.bin"), {});
  expect(
    (cut as unknown as { problems: { message: string }[] }).problems.map(({ message }) => message),
  ).toEqual(["its last 4153 bytes are no whole frame", "its ops count 6 frames, 5 are there"]);
  await cut.close();
});

test("a name that claims more than the file has, or planes, is refused at once", async () => {
  const name = (d3: number, frames: number): string =>
    at(`m_d1_48_d2_64_d3_${d3}_order_F_frames_${frames}_.mmap`);
  for (const path of [name(1, 8), name(1, 9e15), name(2, 3)]) copyFileSync(join(lab, sample), path);
  await expect(open(name(1, 8))).rejects.toThrow(/8 pictures of 64x48 float32, 98304 bytes; it has 86016/);
  await expect(open(name(1, 9e15))).rejects.toThrow(FileFormatError);
  await expect(open(name(2, 3))).rejects.toThrow(UnsupportedError);
  expect(dirname(name(1, 8))).toBe(folder);
});
