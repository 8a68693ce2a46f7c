import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import {
  ClosedError,
  EncodeError,
  ExistsError,
  FrameMismatchError,
  StoreFormatError,
  UnsupportedError,
} from "../src/core/errors.js";
import type { FrameNumber } from "../src/core/frame.js";
import type { Image, ImageInfo } from "../src/core/image.js";
import { readNpz } from "../src/core/npz.js";
import { npy } from "../src/formats/npy.js";
import { builtInFormats } from "../src/index.js";
import type { ChunkFormat } from "../src/store/chunk-format.js";
import { type CreateStoreOptions, createStore } from "../src/store/create-store.js";
import { openStore } from "../src/store/open-store.js";
import { repairStore } from "../src/store/repair-store.js";
import { python } from "./peers/python.js";

const formats = builtInFormats;
const info: ImageInfo = { width: 8, height: 6, channels: 1, dtype: "uint8", color: "gray" };
const folder = mkdtempSync(join(tmpdir(), "marey-writer-"));
let made = 0;
const newPath = (): string => join(folder, `store${made++}`);

function picture(value: number, of: ImageInfo = info): Image {
  return { ...of, data: new Uint8Array(of.width * of.height * of.channels).fill(value) };
}

function create(path: string, options: Partial<CreateStoreOptions> = {}) {
  return createStore(path, { info, format: "npy", formats, ...options });
}

async function stampsOf(path: string): Promise<[FrameNumber, number, number][]> {
  await using store = await openStore(path, { formats });
  const found: [FrameNumber, number, number][] = [];
  for await (const { number, time, image } of store) found.push([number, time, Number(image.data[0])]);
  return found;
}

test("an existing store is refused and stays as it is", async () => {
  const path = newPath();
  {
    await using store = await create(path);
    await store.write({ image: picture(1), number: 0, time: 0 });
  }
  const before = readFileSync(join(path, "metadata.yaml"));
  await expect(create(path)).rejects.toThrow(ExistsError);
  await expect(create(join(path, "metadata.yaml"))).rejects.toThrow(ExistsError);
  expect(readFileSync(join(path, "metadata.yaml"))).toEqual(before);
  expect(await stampsOf(path)).toEqual([[0, 0, 1]]);
});

test("overwrite replaces a store, and only what belongs to one", async () => {
  const path = newPath();
  {
    await using store = await create(path, { chunkSize: 1 });
    for (let i = 0; i < 3; i++) await store.write({ image: picture(i), number: i, time: i });
    await store.addExtraData({ old: true });
  }
  writeFileSync(join(path, "notes.txt"), "keep me");
  {
    await using store = await create(path, { overwrite: true });
    await store.write({ image: picture(9), number: 9, time: 9 });
  }
  expect(await stampsOf(path)).toEqual([[9, 9, 9]]);
  expect(readdirSync(path).sort()).toEqual([
    ".metadata.yaml.copy",
    "000000",
    "README.txt",
    "metadata.yaml",
    "notes.txt",
  ]);
});

test("a folder with other things in it is never taken for a store's place", async () => {
  const path = newPath();
  mkdirSync(path);
  writeFileSync(join(path, "thesis.tex"), "years of work");
  await expect(create(path)).rejects.toThrow(ExistsError);
  await expect(create(path, { overwrite: true })).rejects.toThrow(ExistsError);
  await expect(create(join(path, "thesis.tex"), { overwrite: true })).rejects.toThrow(ExistsError);
  writeFileSync(join(path, "metadata.yaml"), "camera: left\n");
  await expect(create(path, { overwrite: true })).rejects.toThrow(StoreFormatError);
  expect(readFileSync(join(path, "thesis.tex"), "utf8")).toBe("years of work");
});

test("of writers that start at the same place at once, one gets it", async () => {
  const path = newPath();
  const starts = await Promise.allSettled(Array.from({ length: 5 }, () => create(path)));
  const stores = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  expect(stores.length).toBe(1);
  for (const start of starts) {
    if (start.status === "rejected") expect(start.reason).toBeInstanceOf(ExistsError);
  }
  await stores[0]!.write({ image: picture(1), number: 0, time: 0 });
  await stores[0]!.close();
  expect(await stampsOf(path)).toEqual([[0, 0, 1]]);
});

test("an empty folder and the path of metadata.yaml are places for a store", async () => {
  const path = newPath();
  mkdirSync(path);
  await (await create(join(path, "metadata.yaml"))).close();
  expect(await stampsOf(path)).toEqual([]);
});

test("while it is written there is a lock, and chunks appear whole", async () => {
  const path = newPath();
  const store = await create(path, { chunkSize: 2 });
  for (let i = 0; i < 5; i++) await store.write({ image: picture(i), number: i, time: i });
  expect(existsSync(join(path, ".lock"))).toBe(true);
  await vi.waitFor(() => expect(existsSync(join(path, "000001/index.npz"))).toBe(true));
  expect(existsSync(join(path, "000002/index.npz"))).toBe(false);
  {
    await using reader = await openStore(path, { formats });
    expect(reader.index.length).toBe(5);
    expect(reader.problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^the store is being written, by process \d+ on /),
    ]);
  }
  await store.close();
  expect(existsSync(join(path, ".lock"))).toBe(false);
  expect((await stampsOf(path)).length).toBe(5);
  expect(readdirSync(path, { recursive: true }).filter((name) => String(name).endsWith(".part"))).toEqual([]);
});

test("writes that nobody waits for keep their order", async () => {
  const path = newPath();
  const store = await create(path, { format: "png", chunkSize: 7 });
  const writing: Promise<void>[] = [];
  for (let i = 0; i < 50; i++) writing.push(store.write({ image: picture(i), number: i * 3, time: i / 10 }));
  await Promise.all([...writing, store.close()]);
  expect(await stampsOf(path)).toEqual(Array.from({ length: 50 }, (_, i) => [i * 3, i / 10, i]));
});

test("numbers of any kind come back as they were", async () => {
  const kinds: Record<string, [FrameNumber[], string]> = {
    negative: [[-3, 0, 2 ** 53 - 1], "int64"],
    "beyond 2^53": [[2n ** 53n + 1n, -(2n ** 63n), 5], "int64"],
    "beyond 2^63": [[2n ** 64n - 1n, 3], "uint64"],
    fractional: [[1.5, 2], "float64"],
    missing: [[Number.NaN, 2], "float64"],
    duplicate: [[7, 7, 6], "int64"],
  };
  for (const [kind, [numbers, dtype]] of Object.entries(kinds)) {
    const path = newPath();
    {
      await using store = await create(path);
      for (const [i, number] of numbers.entries())
        await store.write({ image: picture(i), number, time: Number.NaN });
    }
    expect(
      (await stampsOf(path)).map(([number]) => number),
      kind,
    ).toEqual(numbers);
    const bytes = readFileSync(join(path, "000000/index.npz"));
    expect(readNpz(bytes).array("frame_number").dtype, kind).toBe(dtype);
  }
});

test("frames that do not fit are refused, whatever the difference is", async () => {
  await using store = await create(newPath());
  const others: Image[] = [
    picture(1, { ...info, width: 6, height: 8 }),
    picture(1, { ...info, channels: 3, color: "bgr" }),
    { ...info, dtype: "uint16", data: new Uint16Array(48) },
    { ...info, color: "none", data: new Uint8Array(48) },
    { ...info, data: new Uint8Array(47) },
  ];
  for (const image of others) {
    await expect(store.write({ image, number: 0, time: 0 })).rejects.toThrow(FrameMismatchError);
  }
  expect(store.length).toBe(0);
});

test("rgb frames are stored in the order that Python expects", async () => {
  const path = newPath();
  const rgb: ImageInfo = { ...info, channels: 3, color: "rgb" };
  {
    await using store = await create(path, { info: rgb });
    const data = new Uint8Array(48 * 3).map((_, i) => i % 3);
    await store.write({ image: { ...rgb, data }, number: 0, time: 0 });
  }
  const seen = python("import sys, numpy as np; print(np.load(sys.argv[1])[0, 0].tolist())", [
    join(path, "000000/000000.npy"),
  ]);
  expect(seen.trim()).toBe("[2, 1, 0]");
});

test("extra data lands beside the frame it belongs to, also the last of a chunk", async () => {
  const path = newPath();
  {
    await using store = await create(path, { chunkSize: 2 });
    await store.addExtraData({ early: true });
    for (let i = 0; i < 4; i++) {
      await store.write({ image: picture(i), number: 10 + i, time: i });
      await store.addExtraData({
        i,
        text: "é\u2028",
        list: new Float32Array([1, 0.5]),
        at: new Date(0),
        big: 2n ** 70n,
      });
    }
    await store.addExtraData({});
  }
  const seen = python(
    `
import sys, json
for chunk in ('000000', '000001'):
    raw = open('%s/%s/index.extra.json' % (sys.argv[1], chunk), 'rb').read().decode('ascii')
    print(json.dumps([[r['frame_index'], str(r['frame_number']), r.get('i'), r.get('text'), r.get('list'), r.get('at'), r.get('big')] for r in json.loads(raw)]))
`,
    [path],
  );
  const row = (i: number) => [i, String(10 + i), i, "é\u2028", [1, 0.5], "1970-01-01T00:00:00.000Z", 2 ** 70];
  expect(
    seen
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    [[-1, "nan", null, null, null, null, null], row(0), row(1)],
    [row(2), row(3)],
  ]);
  await using store = await openStore(path, { formats });
  const rows = await store.extraData();
  expect(rows.map((found) => found.frame_index)).toEqual([-1, 0, 1, 2, 3]);
  expect(rows[4]!.big).toBe(2n ** 70n);
  expect(rows[0]!.frame_time).toBeNaN();
});

test("an index that cannot be written is told, and its frames are read all the same", async () => {
  const path = newPath();
  const store = await create(path, { chunkSize: 2 });
  await store.write({ image: picture(0), number: 0, time: 0 });
  mkdirSync(join(path, "000000/index.npz/in the way"), { recursive: true });
  for (let i = 1; i < 4; i++) await store.write({ image: picture(i), number: i, time: i }).catch(() => {});
  await expect(
    store.close().then(() => store.write({ image: picture(4), number: 4, time: 4 })),
  ).rejects.toThrow();
  rmSync(join(path, "000000/index.npz"), { recursive: true });
  expect(await stampsOf(path)).toEqual([0, 1, 2, 3].map((i) => [i, i, i]));
});

test("rows of extra data alone make no video, and no error", async () => {
  const path = newPath();
  const store = await create(path, { format: "avc1/mp4" });
  await store.addExtraData({ lonely: true });
  await store.close();
  expect(readdirSync(path).sort()).toEqual([
    ".metadata.yaml.copy",
    "000000.extra.json",
    "README.txt",
    "metadata.yaml",
  ]);
  expect(await stampsOf(path)).toEqual([]);
});

test("extra data that JSON cannot say is refused, the rest is kept", async () => {
  const path = newPath();
  {
    await using store = await create(path);
    await store.write({ image: picture(1), number: 0, time: 0 });
    await expect(store.addExtraData({ f: () => 1 })).rejects.toThrow(TypeError);
    await store.addExtraData({ ok: new Set([1, 2]) });
  }
  await using store = await openStore(path, { formats });
  expect((await store.extraData()).map(({ ok }) => ok)).toEqual([[1, 2]]);
});

test("a picture that cannot be written rejects its own write, and the store goes on in a new chunk", async () => {
  const path = newPath();
  const faulty: ChunkFormat = {
    ...npy,
    async createChunk(chunk, of, options, files) {
      const writer = await npy.createChunk(chunk, of, options, files);
      return {
        ...writer,
        write: async (image, time) => {
          if (image.data[0] === 5) throw new EncodeError(chunk, "no space left on device");
          return writer.write(image, time);
        },
      };
    },
  };
  const store = await createStore(path, { info, format: "npy", formats: [faulty], chunkSize: 4 });
  for (let i = 0; i < 20; i++) {
    const written = store.write({ image: picture(i), number: i, time: i });
    if (i === 5) await expect(written).rejects.toThrow(EncodeError);
    else await written;
  }
  await store.close(); // it has been told already
  const kept = Array.from({ length: 20 }, (_, i) => i).filter((i) => i !== 5);
  expect(await stampsOf(path)).toEqual(kept.map((i) => [i, i, i]));
});

test("of many writes on their way, those before a failure are kept, those behind it in its chunk are not", async () => {
  const path = newPath();
  const store = await create(path);
  await store.write({ image: picture(0), number: 0, time: 0 });
  // A folder in the place of a picture: the file cannot be made.
  mkdirSync(join(path, "000000/000003.npy"));
  const writes = [1, 2, 3, 4, 5].map((i) => store.write({ image: picture(i), number: i, time: i }));
  const told = await Promise.allSettled(writes);
  expect(told.slice(0, 3).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
  await store.write({ image: picture(6), number: 6, time: 6 });
  await store.close();
  expect(existsSync(join(path, ".lock"))).toBe(false);
  const kept = [0, ...[1, 2, 3, 4, 5].filter((_, at) => told[at]!.status === "fulfilled"), 6];
  expect(await stampsOf(path)).toEqual(kept.map((i) => [i, i, i]));
});

test("a chunk that cannot be begun is told at once", async () => {
  const path = newPath();
  const store = await create(path, { chunkSize: 1 });
  await store.write({ image: picture(0), number: 0, time: 0 });
  writeFileSync(join(path, "000001"), "in the way");
  await expect(store.write({ image: picture(1), number: 1, time: 1 })).rejects.toThrow(EncodeError);
  await store.close();
  expect(await stampsOf(path)).toEqual([[0, 0, 0]]);
});

test("after close nothing is written any more, and closing again does nothing", async () => {
  const path = newPath();
  const store = await create(path);
  await store.close();
  await store.close();
  await store.abort();
  await expect(store.write({ image: picture(1), number: 0, time: 0 })).rejects.toThrow(ClosedError);
  await expect(store.addExtraData({ a: 1 })).rejects.toThrow(ClosedError);
  expect(await stampsOf(path)).toEqual([]);
});

test("unknown formats, impossible chunk sizes and reserved names are refused at once", async () => {
  await expect(create(newPath(), { format: "gif" })).rejects.toThrow(UnsupportedError);
  for (const chunkSize of [0, -1, 1.5, Number.NaN]) {
    await expect(create(newPath(), { chunkSize })).rejects.toThrow(RangeError);
  }
  await expect(create(newPath(), { metadata: { __store: {} } })).rejects.toThrow(TypeError);
  const path = newPath();
  await expect(create(path, { metadata: { f: () => 1 } })).rejects.toThrow();
  expect(existsSync(path)).toBe(false);
  const native: ImageInfo = { ...info, color: "native" };
  await expect(create(newPath(), { info: native })).rejects.toThrow(UnsupportedError);
});

test("user metadata comes back, in Python too", async () => {
  const path = newPath();
  const metadata = { genotype: "wt", größe: [1, 2.5, null], nested: { deep: true, yes: "yes" }, hex: "1e5" };
  await (await create(path, { metadata })).close();
  await using store = await openStore(path, { formats });
  expect(store.userMetadata).toEqual(metadata);
  expect(Math.abs(store.created.getTime() - Date.now())).toBeLessThan(60_000);
  expect(store.uuid).toMatch(/^[0-9a-f]{32}$/);
  const seen = python("import sys, yaml, json; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))", [
    join(path, "metadata.yaml"),
  ]);
  expect(JSON.parse(seen)).toMatchObject(metadata);
});

test("chunks have imgstore's usual sizes unless told", async () => {
  for (const [format, size] of [
    ["npy", 200],
    ["png+color", 200],
    ["avc1/mp4", 10_000],
  ] as const) {
    const path = newPath();
    await (await create(path, { format })).close();
    await using store = await openStore(path, { formats });
    expect(store.metadata.chunkSize).toBe(size);
  }
});

test("a smaller quality makes smaller pictures", async () => {
  const sizes: number[] = [];
  for (const quality of [30, 95]) {
    const path = newPath();
    const large: ImageInfo = { ...info, width: 64, height: 64 };
    {
      await using store = await create(path, { format: "jpg", quality, info: large });
      const data = new Uint8Array(64 * 64).map((_, i) => (i * i * 31) & 255);
      await store.write({ image: { ...large, data }, number: 0, time: 0 });
    }
    sizes.push(readFileSync(join(path, "000000/000000.jpg")).length);
  }
  expect(sizes[0]).toBeLessThan(sizes[1]!);
});

for (const format of builtInFormats.map(({ name }) => name)) {
  test(`a killed writer of ${format} leaves every frame that it acknowledged`, async () => {
    // The files as they are after a kill at that moment.
    const path = newPath();
    const copy = newPath();
    const large: ImageInfo = { ...info, width: 64, height: 48 };
    const store = await create(path, { format, chunkSize: 5, info: large });
    // The last frame but one of a chunk has the next one begun ahead of time: it is there, and empty.
    for (let i = 0; i < 15; i++) {
      const data = new Uint8Array(64 * 48).fill(i * 10);
      await store.write({ image: { ...large, data }, number: i * 2, time: i / 8 });
      await store.addExtraData({ row: i });
    }
    execFileSync("cp", ["-r", path, copy]);
    await store.close();
    {
      await using crashed = await openStore(copy, { formats });
      expect(crashed.index.length).toBe(15);
      for await (const { index, number, time, image } of crashed) {
        expect([number, time]).toEqual([index * 2, index / 8]);
        expect(Math.abs(Number(image.data[777]) - index * 10)).toBeLessThan(4);
      }
      expect(crashed.problems.map(({ message }) => message)).toEqual([
        expect.stringMatching(/is being written/),
      ]);
    }
    // Whoever goes on mends it first.
    rmSync(join(copy, ".lock"));
    {
      await using more = await create(copy, { format, info: large, append: true });
      await more.write({ image: picture(200, large), number: 100, time: 100 });
    }
    await using whole = await openStore(copy, { formats });
    expect(whole.problems).toEqual([]);
    const values: number[] = [];
    for await (const { image } of whole) values.push(Number(image.data[777]));
    expect(values.length).toBe(16);
    expect(values.every((value, i) => Math.abs(value - (i < 15 ? i * 10 : 200)) < 4)).toBe(true);
    expect(readdirSync(copy).filter((name) => name.endsWith(".journal"))).toEqual([]);
  });
}

test("a video whose writer was stopped while it closed it is read, and repaired", async () => {
  const path = newPath();
  const copy = newPath();
  const large: ImageInfo = { ...info, width: 64, height: 48 };
  const store = await create(path, { format: "avc1/mp4", info: large });
  for (let i = 0; i < 9; i++) {
    await store.write({
      image: { ...large, data: new Uint8Array(64 * 48).fill(i * 20) },
      number: i,
      time: i,
    });
  }
  execFileSync("cp", ["-r", path, copy]);
  await store.close();
  // Closing puts one box around all fragments, and its table of contents behind them, which did not reach the disk.
  const film = readFileSync(join(copy, "000000.mp4"));
  film.writeUInt32BE(1, 28);
  film.write("mdat", 32, "latin1");
  film.writeBigUInt64BE(BigInt(film.length - 28), 36);
  writeFileSync(join(copy, "000000.mp4"), film);
  for (const isRepaired of [false, true]) {
    if (isRepaired) await repairStore(copy, { formats, force: true });
    await using crashed = await openStore(copy, { formats });
    let count = 0;
    for await (const { index, image } of crashed) {
      expect(Math.abs(Number(image.data[777]) - index * 20)).toBeLessThan(4);
      count++;
    }
    expect(count).toBe(9);
    expect((await crashed.frame({ index: 8 })).number).toBe(8);
  }
});
