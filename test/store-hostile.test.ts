import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DecodeError, NotFoundError, StoreFormatError, UnsupportedError } from "../src/core/errors.js";
import { encodeNpy } from "../src/core/npy.js";
import { encodeNpz } from "../src/core/npz.js";
import { avc1Mp4 } from "../src/formats/avc1-mp4.js";
import { mjpegAvi } from "../src/formats/mjpeg-avi.js";
import { npy } from "../src/formats/npy.js";
import { openStore } from "../src/store/open-store.js";

const formats = [npy, mjpegAvi, avc1Mp4];
const folder = mkdtempSync(join(tmpdir(), "marey-hostile-"));
let made = 0;

interface Fields {
  [key: string]: string;
}

/** A store of three 4x3 pictures, with some of its metadata changed. */
function store(changes: Fields = {}, user = ""): string {
  const path = join(folder, `store${made++}`);
  mkdirSync(join(path, "000000"), { recursive: true });
  const fields: Fields = {
    chunksize: "3",
    class: "DirectoryImgStore",
    created_utc: "'2026-01-02T03:04:05.000678'",
    encoding: "null",
    format: "npy",
    imgdtype: "uint8",
    imgshape: "[3, 4]",
    timezone_local: "Etc/UTC",
    uuid: "0123456789abcdef0123456789abcdef",
    version: "2",
    ...changes,
  };
  const lines = Object.entries(fields).map(([key, value]) => `  ${key}: ${value}`);
  writeFileSync(join(path, "metadata.yaml"), `${user}__store:\n${lines.join("\n")}\n`);
  for (let rank = 0; rank < 3; rank++) writePicture(path, rank);
  writeIndex(join(path, "000000/index.npz"), 3);
  return path;
}

function writePicture(path: string, rank: number): void {
  const data = new Uint8Array(12).fill(rank + 1);
  writeFileSync(join(path, `000000/00000${rank}.npy`), encodeNpy({ dtype: "uint8", shape: [3, 4], data }));
}

function writeIndex(path: string, length: number): void {
  const times = new Float64Array(length).map((_, i) => i);
  const column = { dtype: "float64", shape: [length], data: times } as const;
  writeFileSync(path, encodeNpz({ frame_number: column, frame_time: column }));
}

async function values(path: string): Promise<(number | string)[]> {
  await using opened = await openStore(path, { formats });
  const found: (number | string)[] = [];
  for (let index = 0; index < opened.index.length; index++) {
    found.push(
      await opened.frame({ index }).then(
        ({ image }) => Number(image.data[0]),
        (error) => error.code,
      ),
    );
  }
  return found;
}

test("the store that the others are made from is in order", async () => {
  const path = store();
  expect(await values(path)).toEqual([1, 2, 3]);
  await using opened = await openStore(path, { formats });
  expect(opened.problems).toEqual([]);
});

test.each(["../../etc/passwd", "/../x", ".avi/../..", "", ".", "avi", ".a b", "/etc/passwd", ".\0x", ".."])(
  "an extension cannot lead elsewhere: %j",
  async (extension) => {
    const path = store({ class: "VideoImgStore", format: "mjpeg", extension: JSON.stringify(extension) });
    // An empty one means none, as in old stores.
    if (extension === "") await expect(openStore(path, { formats })).resolves.toBeDefined();
    else await expect(openStore(path, { formats })).rejects.toThrow(StoreFormatError);
  },
);

test.each(["../../../tmp/x", "npy/../..", "exe", "''"])(
  "a format is one that is known: %s",
  async (format) => {
    await expect(openStore(store({ format }), { formats })).rejects.toThrow(UnsupportedError);
  },
);

test.each([
  ["imgshape", "[3, -4]"],
  ["imgshape", "[1e300, 4]"],
  ["imgshape", "[3]"],
  ["imgshape", "[3, 4, 3, 3]"],
  ["imgshape", "big"],
  ["imgshape", "[99999999999, 99999999999]"],
  ["chunksize", "0"],
  ["chunksize", "many"],
  ["chunksize", "1.5"],
  ["format", "[npy]"],
])("metadata that makes no sense is refused: %s %s", async (key, value) => {
  await expect(openStore(store({ [key]: value }), { formats })).rejects.toThrow(StoreFormatError);
});

test("a huge picture that is only claimed costs nothing", async () => {
  const path = store({ imgshape: "[16000000, 16000000]" });
  expect(await values(path)).toEqual([1, 2, 3]);
});

test("an index that claims 2^40 frames is reported, and the other chunks are read", async () => {
  const path = store();
  cpSync(join(path, "000000"), join(path, "000001"), { recursive: true });
  const npz = readFileSync(join(path, "000001/index.npz"));
  const shape = Buffer.from("(3,), }");
  for (let at = npz.indexOf(shape); at >= 0; at = npz.indexOf(shape, at + 1))
    npz.write("(1099511627776,), }", at);
  writeFileSync(join(path, "000001/index.npz"), npz);
  await using opened = await openStore(path, { formats });
  expect(opened.index.length).toBe(3);
  expect(opened.problems.map(({ message }) => message).join()).toMatch(/chunk 1 is left out/);
});

test("an index file of terabytes is refused by its size", async () => {
  const path = store();
  truncateSync(join(path, "000000/index.npz"), 2 ** 42); // sparse
  await using opened = await openStore(path, { formats });
  expect(opened.index.length).toBe(0);
  expect(opened.problems[0]!.message).toMatch(/at most .* are read/);
});

test("metadata of 100 MB is refused by its size", async () => {
  const path = store();
  writeFileSync(join(path, "metadata.yaml"), Buffer.alloc(100 * 2 ** 20, "# "));
  await expect(openStore(path, { formats })).rejects.toThrow(StoreFormatError);
});

test("metadata that unfolds without end is refused", async () => {
  const levels = Array.from(
    { length: 12 },
    (_, i) => `a${i}: &a${i} [${Array(10).fill(i ? `*a${i - 1}` : "x")}]\n`,
  );
  await expect(openStore(store({}, levels.join("")), { formats })).rejects.toThrow(StoreFormatError);
});

test("links that lead out of the store are not followed", async () => {
  const outside = store();
  const secret = join(folder, "secret.npy");
  writeFileSync(secret, encodeNpy({ dtype: "uint8", shape: [3, 4], data: new Uint8Array(12).fill(99) }));

  const linkedPicture = store();
  rmSync(join(linkedPicture, "000000/000001.npy"));
  symlinkSync(secret, join(linkedPicture, "000000/000001.npy"));
  expect(await values(linkedPicture)).toEqual([1, "DECODE", 3]);

  const linkedChunk = store();
  symlinkSync(join(outside, "000000"), join(linkedChunk, "000001"));
  {
    await using opened = await openStore(linkedChunk, { formats });
    expect(opened.index.length).toBe(3);
    expect(opened.problems[0]!.message).toMatch(/leads out of the store/);
  }

  const linkedIndex = store();
  rmSync(join(linkedIndex, "000000/index.npz"));
  symlinkSync(join(outside, "000000/index.npz"), join(linkedIndex, "000000/index.npz"));
  expect(await values(linkedIndex)).toEqual([]);

  const linkedExtra = store();
  writeFileSync(join(folder, "rows.json"), '[{"secret": 1}]');
  symlinkSync(join(folder, "rows.json"), join(linkedExtra, "000000/index.extra.json"));
  await using opened = await openStore(linkedExtra, { formats });
  expect(await opened.extraData()).toEqual([]);

  const linkedMetadata = store();
  renameSync(join(linkedMetadata, "metadata.yaml"), join(folder, "elsewhere.yaml"));
  symlinkSync(join(folder, "elsewhere.yaml"), join(linkedMetadata, "metadata.yaml"));
  await expect(openStore(linkedMetadata, { formats })).rejects.toThrow(StoreFormatError);
});

test("a video that is a link out of the store is not opened", async () => {
  const path = store({ class: "VideoImgStore", format: "mjpeg/avi", extension: ".avi" });
  const video = join(folder, "outside.avi");
  execFileSync("ffmpeg", [
    "-v",
    "error",
    "-y",
    "-f",
    "lavfi",
    "-i",
    "testsrc=size=4x4:rate=25:duration=0.2",
    video,
  ]);
  symlinkSync(video, join(path, "000000.avi"));
  writeIndex(join(path, "000000.npz"), 3);
  await using opened = await openStore(path, { formats });
  expect(opened.index.length).toBe(0);
  expect(opened.problems.map(({ message }) => message).join()).toMatch(/leads out of the store/);
});

test("links within the store are followed, and so is a link to the store itself", async () => {
  const path = store();
  rmSync(join(path, "000000/000001.npy"));
  symlinkSync("000002.npy", join(path, "000000/000001.npy"));
  const link = join(folder, "link");
  symlinkSync(path, link);
  expect(await values(link)).toEqual([1, 3, 3]);
});

test("a pipe or a folder in the place of a file does not hang anybody", async () => {
  const path = store();
  for (const name of ["000000/000000.npy", "000000/index.extra.json"]) {
    rmSync(join(path, name), { force: true });
    execFileSync("mkfifo", [join(path, name)]);
  }
  rmSync(join(path, "000000/000001.npy"));
  mkdirSync(join(path, "000000/000001.npy"));
  expect(await values(path)).toEqual(["DECODE", "DECODE", 3]);
  await using opened = await openStore(path, { formats });
  expect(await opened.extraData()).toEqual([]);
  expect(opened.problems.map(({ message }) => message).join()).toMatch(/not a regular file/);
  rmSync(join(path, "000000/index.npz"));
  execFileSync("mkfifo", [join(path, "000000/index.npz")]);
  expect(await values(path)).toEqual([]);
});

test("pictures of another shape than declared say so themselves", async () => {
  const path = store();
  const data = new Uint16Array(30).fill(7);
  writeFileSync(join(path, "000000/000001.npy"), encodeNpy({ dtype: "uint16", shape: [2, 5, 3], data }));
  await using opened = await openStore(path, { formats });
  const { image } = await opened.frame({ index: 1 });
  expect(image).toMatchObject({ width: 5, height: 2, channels: 3, dtype: "uint16", color: "bgr" });
});

test("an array that is no picture is refused, the others are read", async () => {
  const path = store();
  writeFileSync(
    join(path, "000000/000000.npy"),
    encodeNpy({ dtype: "uint8", shape: [2], data: new Uint8Array(2) }),
  );
  writeFileSync(join(path, "000000/000001.npy"), "\x93NUMPY garbage");
  expect(await values(path)).toEqual(["UNSUPPORTED", "DECODE", 3]);
});

test("what is no store is not found", async () => {
  for (const path of [folder, join(folder, "nothing"), join(folder, "nothing/metadata.yaml"), "/dev/null"]) {
    await expect(openStore(path, { formats }), path).rejects.toThrow(NotFoundError);
  }
});

test("stray files are passed over, and told", async () => {
  const path = store();
  for (const name of ["analysis", "1", "0000000", ".ipynb_checkpoints", "٠٠٠٠٠١", "-00001", "000001 copy"]) {
    mkdirSync(join(path, name));
  }
  writeFileSync(join(path, ".lock"), "");
  writeFileSync(join(path, "README.txt"), "hello");
  await using opened = await openStore(path, { formats });
  expect(opened.index.length).toBe(3);
  const told = opened.problems.map((problem) => problem.path.slice(opened.path.length + 1)).sort();
  expect(opened.problems.map(({ severity }) => severity)).toEqual(Array(7).fill("warning"));
  expect(told).toEqual([".lock", "-00001", "0000000", "000001 copy", "1", "analysis", "٠٠٠٠٠١"].sort());
});

test("a frame that the index promises and the video lacks is a DecodeError; the count is told", async () => {
  const path = store({
    class: "VideoImgStore",
    format: "mjpeg/avi",
    extension: ".avi",
    imgshape: "[48, 64, 3]",
  });
  const video = join(path, "000000.avi");
  const source = "testsrc=size=64x48:rate=25:duration=0.2";
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, "-c:v", "mjpeg", video]);
  writeIndex(join(path, "000000.npz"), 8);
  await using opened = await openStore(path, { formats });
  const found: number[] = [];
  const reading = async () => {
    for await (const frame of opened) found.push(frame.index);
  };
  await expect(reading()).rejects.toMatchObject({ code: "DECODE", frame: 5 });
  expect(found).toEqual([0, 1, 2, 3, 4]);
  await expect(opened.frame({ index: 7 })).rejects.toThrow(DecodeError);
  await expect(opened.frame({ index: 4 })).resolves.toBeDefined();
  const message = "chunk 0 holds 5 frames, its index says 8";
  expect(opened.problems).toEqual([{ path: video, message, severity: "error" }]);
});
