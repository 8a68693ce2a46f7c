import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { crc32 } from "../src/core/crc32.js";
import { FrameNotFoundError } from "../src/core/errors.js";
import type { FrameAddress } from "../src/core/frame-address.js";
import { createStore, builtInFormats as formats } from "../src/index.js";
import { CatalogueWriter, parseCatalogue, readCatalogue } from "../src/store/catalogue.js";
import { encodeChunkIndex as encodeContent } from "../src/store/chunk-index.js";
import { recordBytes } from "../src/store/chunk-records.js";
import { type CatalogueUse, matchRecords } from "../src/store/chunk-table.js";
import { chunkPaths, findChunks } from "../src/store/layout.js";
import { openStore } from "../src/store/open-store.js";
import { findChunkIndex } from "../src/store/store-index.js";
import { parseStoreMetadata } from "../src/store/store-metadata.js";
import { corpusPath, corpusStores } from "./peers/imgstore-corpus.js";

const folder = mkdtempSync(join(tmpdir(), "marey-catalogue-"));
afterAll(() => rmSync(folder, { recursive: true }));
const catalogueName = ".marey-catalogue";
const uuid = "0123456789abcdef0123456789abcdef";
const perChunk = 4;
let made = 0;

function encodeChunkIndex(numbers: readonly number[], times: readonly number[]): Uint8Array {
  return encodeContent({ numbers, times, store: {} });
}

/** An hour ago: what was written a moment ago is not kept, as it may be written again. */
function age(path: string, seconds = 3600): void {
  const then = Date.now() / 1000 - seconds;
  utimesSync(path, then, then);
}

function metadata(layout: "directory" | "video"): string {
  const own =
    layout === "video"
      ? "class: VideoImgStore, extension: .avi, format: mjpeg/avi"
      : "class: DirectoryImgStore, format: npy";
  return `__store: {${own}, chunksize: ${perChunk}, created_utc: '2026-01-02T03:04:05', encoding: null, imgdtype: uint8, imgshape: [4, 4], timezone_local: Etc/UTC, uuid: ${uuid}, version: 2}\n`;
}

function writeIndex(
  root: string,
  layout: "directory" | "video",
  chunk: number,
  first = chunk * perChunk,
): void {
  const paths = chunkPaths(root, layout, ".avi", chunk);
  if (layout === "directory") mkdirSync(paths.chunk, { recursive: true });
  else if (!existsSync(paths.chunk)) writeFileSync(paths.chunk, "");
  const numbers = Array.from({ length: perChunk }, (_, i) => first + i);
  writeFileSync(
    paths.indexNpz,
    encodeChunkIndex(
      numbers,
      numbers.map((number) => 1e9 + number / 8),
    ),
  );
  age(paths.indexNpz);
}

/** A store without pictures: it is all about the index. */
function makeStore(chunks = 40, layout: "directory" | "video" = "directory"): string {
  const root = join(folder, `store${made++}`);
  mkdirSync(root);
  writeFileSync(join(root, "metadata.yaml"), metadata(layout));
  for (let chunk = 0; chunk < chunks; chunk++) writeIndex(root, layout, chunk);
  return root;
}

/** All that can be asked of a store's index. */
async function answers(root: string, catalogue: CatalogueUse): Promise<unknown> {
  await using store = await openStore(root, { formats, catalogue });
  const { index } = store;
  const find = (address: FrameAddress): number | string => {
    try {
      return index.locate(address);
    } catch (error) {
      if (error instanceof FrameNotFoundError) return error.message;
      throw error;
    }
  };
  const ranges = [index.numberRange, index.timeRange];
  const length = Math.min(index.length, 400);
  const stamps = Array.from({ length }, (_, rank) => index.stamp(rank));
  const found = stamps.flatMap(({ number, time }) => [
    find({ number }),
    find({ number: typeof number === "bigint" ? number + 1n : number + 0.4, match: "nearest" }),
    find({ time, match: "playing" }),
    find({ time: time - 0.01, match: "nearest" }),
  ]);
  return { length: index.length, ranges, stamps, found, chunks: store.chunks, problems: store.problems };
}

async function expectTruth(root: string, use: CatalogueUse = "read"): Promise<void> {
  expect(await answers(root, use)).toEqual(await answers(root, "ignore"));
}

function savedBytes(root: string): Buffer {
  return readFileSync(join(root, catalogueName));
}

/** How many chunks the catalogue of a store knows as they are. */
function knownChunks(root: string): number {
  const saved = parseCatalogue(savedBytes(root), uuid);
  const { layout, extension } = parseStoreMetadata(readFileSync(join(root, "metadata.yaml"), "utf8"), root);
  const entries = readdirSync(root, { withFileTypes: true }).map((entry) => ({
    name: entry.name,
    isFolder: entry.isDirectory(),
  }));
  const { chunks } = findChunks(entries, layout, extension);
  return saved ? matchRecords(chunks, saved.records).filter((entry) => entry >= 0).length : 0;
}

describe.each(["directory", "video"] as const)("a %s store", (layout) => {
  test("gets a catalogue when it is opened, and the next to open it reads no chunk", async () => {
    const root = makeStore(40, layout);
    await expectTruth(root, "keep");
    expect(savedBytes(root).length).toBe(64 + 40 * recordBytes);
    await expectTruth(root);
    // The same size and time, other bytes: noticed only by who really looks.
    const { indexNpz } = chunkPaths(root, layout, ".avi", 7);
    const { size, atime, mtime } = statSync(indexNpz);
    writeFileSync(indexNpz, Buffer.alloc(size));
    utimesSync(indexNpz, atime, mtime);
    await using store = await openStore(root, { formats, catalogue: "read" });
    expect(store.index.length).toBe(160);
    expect(store.index.locate({ number: 100 })).toBe(100);
    expect(store.problems).toEqual([]);
    expect(store.index.stamp(28)).toEqual({ number: Number.NaN, time: Number.NaN });
    expect(store.problems.map(({ message }) => message)).toEqual([
      "not a zip archive, or cut short",
      "is not what it was: chunk 7 had 4 frames, its index cannot be read any more",
    ]);
  });

  test("whose chunks change is read as it is, and its catalogue follows", async () => {
    const root = makeStore(40, layout);
    await answers(root, "keep");
    const paths = (chunk: number) => chunkPaths(root, layout, ".avi", chunk);

    writeIndex(root, layout, 3, 1000); // as many frames, other numbers
    age(paths(3).indexNpz, 1800);
    await expectTruth(root);
    await expectTruth(root, "keep");
    expect(knownChunks(root)).toBe(40);

    writeFileSync(paths(4).indexNpz, encodeChunkIndex([16, 17], [2, 2.125])); // fewer frames
    age(paths(4).indexNpz);
    await expectTruth(root);

    for (const chunk of [40, 41, 45]) writeIndex(root, layout, chunk);
    await expectTruth(root);
    await expectTruth(root, "keep");
    expect(knownChunks(root)).toBe(43);

    rmSync(paths(0).chunk, { recursive: true });
    rmSync(paths(20).indexNpz, { force: true });
    await expectTruth(root);
    await expectTruth(root, "keep");

    renameSync(paths(21).indexNpz, paths(20).indexNpz);
    writeFileSync(paths(22).indexNpz, "damaged");
    await expectTruth(root, "keep");
    await expectTruth(root);

    rmSync(paths(23).indexNpz);
    writeFileSync(paths(23).indexYaml, "frame_number: [1, 2]\nframe_time: [0.5, 1.5]\n");
    age(paths(23).indexYaml);
    await expectTruth(root, "keep");
    await expectTruth(root);
    writeIndex(root, layout, 23); // an npz goes before
    await expectTruth(root);
  });

  test("that Python has indexed anew (each npz removed and written) is read anew", async () => {
    const root = makeStore(40, layout);
    await answers(root, "keep");
    for (let chunk = 0; chunk < 40; chunk++) {
      rmSync(chunkPaths(root, layout, ".avi", chunk).indexNpz);
      writeIndex(root, layout, chunk, 5000 - chunk * perChunk);
      age(chunkPaths(root, layout, ".avi", chunk).indexNpz, 60);
    }
    await expectTruth(root);
    await expectTruth(root, "keep");
    expect(knownChunks(root)).toBe(40);
    await expectTruth(root);
  });

  test("that was copied gets a new one; one copied with its times needs none", async () => {
    const root = makeStore(40, layout);
    await answers(root, "keep");
    const copy = join(folder, `copy${made++}`);
    execFileSync("cp", ["-r", root, copy]);
    await expectTruth(copy, "keep");
    const exact = join(folder, `copy${made++}`);
    execFileSync("cp", ["-rp", root, exact]);
    await expectTruth(exact, "keep");
    expect(savedBytes(exact)).toEqual(savedBytes(root));
  });
});

test("another store's catalogue counts for nothing", async () => {
  const root = makeStore();
  const other = makeStore();
  writeFileSync(join(other, "metadata.yaml"), metadata("directory").replace(uuid, "f".repeat(32)));
  for (let chunk = 0; chunk < 40; chunk++) writeIndex(other, "directory", chunk, 9000 + chunk);
  await answers(root, "keep");
  cpSync(join(root, catalogueName), join(other, catalogueName));
  await expectTruth(other);
  await expectTruth(other, "keep");
  expect(savedBytes(other).subarray(16, 32).toString("hex")).toBe("f".repeat(32));
});

test("small stores and stores that are being written get none, and so does who asks for none", async () => {
  const small = makeStore(31);
  await answers(small, "keep");
  expect(existsSync(join(small, catalogueName))).toBe(false);

  const locked = makeStore();
  writeFileSync(join(locked, ".lock"), "");
  await answers(locked, "keep");
  expect(existsSync(join(locked, catalogueName))).toBe(false);

  const unasked = makeStore();
  await answers(unasked, "read");
  await answers(unasked, "ignore");
  expect(existsSync(join(unasked, catalogueName))).toBe(false);
});

test("an index that was written a moment ago is not kept, as it may be written again unnoticed", async () => {
  const root = makeStore();
  const fresh = join(root, "000011", "index.npz");
  const now = Date.now() / 1000;
  utimesSync(fresh, now, now);
  await expectTruth(root, "keep");
  expect(knownChunks(root)).toBe(39);
  age(fresh);
  await expectTruth(root, "keep");
  expect(knownChunks(root)).toBe(40);
});

test("a folder that cannot be written to, or a name that is taken, disturbs nobody", async () => {
  const readOnly = makeStore();
  chmodSync(readOnly, 0o555);
  await expectTruth(readOnly, "keep");
  chmodSync(readOnly, 0o755);

  const victim = join(folder, "victim");
  writeFileSync(victim, "precious");
  const obstacles: ((path: string) => void)[] = [
    (path) => mkdirSync(path),
    (path) => symlinkSync(victim, path),
    (path) => linkSync(victim, path),
    (path) => symlinkSync(join(folder, "nowhere"), path),
    (path) => execFileSync("mkfifo", [path]),
  ];
  for (const block of obstacles) {
    const root = makeStore();
    block(join(root, catalogueName));
    await expectTruth(root, "keep");
    expect(readFileSync(victim, "utf8")).toBe("precious");
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
  }
});

test("a truncated catalogue is as good as the part that is there", async () => {
  const root = makeStore(40);
  await answers(root, "keep");
  const whole = savedBytes(root);
  const numbers = Array.from({ length: 40 }, (_, chunk) => chunk);
  for (let length = 0; length <= whole.length; length++) {
    const found = parseCatalogue(whole.subarray(0, length), uuid);
    const expected = length < 64 ? undefined : Math.floor((length - 64) / recordBytes);
    expect(found && matchRecords(numbers, found.records).filter((entry) => entry >= 0).length).toBe(expected);
  }
  for (const length of [0, 1, 63, 64, 65, 64 + recordBytes, whole.length - 1]) {
    truncateSync(join(root, catalogueName), length);
    await expectTruth(root);
    await expectTruth(root, "keep");
    expect(knownChunks(root)).toBe(40);
  }
});

test("a flipped bit anywhere costs the record it is in, or all of them, and never an answer", async () => {
  const root = makeStore(40);
  await answers(root, "keep");
  const whole = savedBytes(root);
  const numbers = Array.from({ length: 40 }, (_, chunk) => chunk);
  for (let at = 0; at < whole.length; at++) {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 1 << (at % 8);
    const found = parseCatalogue(bytes, uuid);
    const known = found && [...matchRecords(numbers, found.records)].filter((entry) => entry >= 0);
    if (at < 64) expect(found).toBeUndefined();
    else expect(known).toEqual(numbers.filter((chunk) => chunk !== Math.floor((at - 64) / recordBytes)));
  }
});

/** One of a thousand ways to spoil a file. */
const mutation = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: fc.nat(6000), to: fc.nat(255) }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(6000), to: fc.nat(200) }),
  fc.record({ kind: fc.constant("insert" as const), at: fc.nat(6000), to: fc.nat(255) }),
  fc.record({ kind: fc.constant("swap" as const), at: fc.nat(39), to: fc.nat(39) }),
  fc.record({ kind: fc.constant("repeat" as const), at: fc.nat(39), to: fc.nat(39) }),
);

function mutate(bytes: Buffer, { kind, at, to }: { kind: string; at: number; to: number }): Buffer {
  const record = (entry: number): Buffer =>
    bytes.subarray(64 + entry * recordBytes, 64 + (entry + 1) * recordBytes);
  const out = Buffer.from(bytes);
  if (kind === "flip") out[at % out.length] = to;
  if (kind === "cut") return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + to)]);
  if (kind === "insert")
    return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(to, to), bytes.subarray(at)]);
  if (kind === "swap" && bytes.length >= 64 + 40 * recordBytes) {
    record(at).copy(out, 64 + to * recordBytes);
    record(to).copy(out, 64 + at * recordBytes);
  }
  if (kind === "repeat") return Buffer.concat([out, record(at), record(to)]);
  return out;
}

/** `MAREY_FUZZ` makes it longer. */
const runs = 2 * Number(process.env.MAREY_FUZZ ?? 150);

test("whatever happens to the catalogue, the answers are those of the chunks", {
  timeout: 600_000,
}, async () => {
  const root = makeStore(40);
  const truth = await answers(root, "keep");
  const whole = savedBytes(root);
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
      writeFileSync(join(root, catalogueName), mutations.reduce(mutate, whole));
      expect(await answers(root, "read")).toEqual(truth);
    }),
    { numRuns: runs },
  );
});

test("a catalogue that lies with a right checksum costs neither memory nor time, and is found out", {
  timeout: 600_000,
}, async () => {
  const root = makeStore(40);
  await answers(root, "keep");
  const whole = savedBytes(root);
  const field = fc.constantFrom(8, 12, 13, 16, 24, 32, 40, 48, 56, 64, 72);
  const bytesOf = fc.uint8Array({ minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.nat(39), field, bytesOf, async (entry, at, lie) => {
      const bytes = Buffer.from(whole);
      const start = 64 + entry * recordBytes;
      bytes.set(lie, start + at);
      bytes.writeUInt32LE(crc32(bytes.subarray(start, start + recordBytes - 4)), start + recordBytes - 4);
      writeFileSync(join(root, catalogueName), bytes);
      await using store = await openStore(root, { formats, catalogue: "read" });
      const { index } = store;
      for (let chunk = 0; chunk < store.chunks.length; chunk++) index.stamp(store.chunks[chunk]!.start);
      const count = bytes.readUInt32LE(start + 8);
      // More frames than the file can hold, an index in YAML where there is an npz: then the chunk is read at once.
      const isBelieved = count <= bytes.readDoubleLE(start + 80) * 1032 && (bytes[start + 12]! & 16) === 0;
      const isLie = !bytes.equals(whole) && isBelieved && count > 0;
      expect(store.problems.length > 0).toBe(isLie);
      for (const number of [0, 77, 159, entry * perChunk + 1]) {
        if (Math.floor(number / perChunk) !== entry || count >= perChunk) {
          expect(index.number(index.locate({ number }))).toBe(number);
        }
      }
    }),
    { numRuns: runs },
  );
});

test("in a store of thousands of chunks only some are looked at, unless its folder has changed", {
  timeout: 120_000,
}, async () => {
  const root = makeStore(4200, "video");
  await answers(root, "keep");
  expect(knownChunks(root)).toBe(4200);
  await expectTruth(root);

  const changed = chunkPaths(root, "video", ".avi", 2001).indexNpz; // the folder does not show it
  writeFileSync(changed, encodeChunkIndex([-3, -2], [1, 2]));
  age(changed);
  {
    await using store = await openStore(root, { formats });
    expect(store.problems).toEqual([]);
    expect(store.index.locate({ number: 8003 })).toBe(8003);
    expect(store.index.number(8004)).toBe(-3);
    expect(store.index.number(8006)).toBe(Number.NaN);
    expect(store.index.locate({ number: -2 })).toBe(8005);
    expect(store.index.number(8008)).toBe(8008);
    expect(store.problems).toMatchObject([
      { path: changed, severity: "error", message: expect.stringMatching(/had 4 frames, its index holds 2/) },
    ]);
    await expect.poll(() => savedBytes(root).length).toBe(0);
  }
  await expectTruth(root, "keep");

  writeFileSync(changed, encodeChunkIndex([-3, -2, -1], [1, 2, 3]));
  age(changed);
  writeIndex(root, "video", 4200);
  await expectTruth(root, "keep");
  await expectTruth(root);
});

test("every store of the corpus answers the same by way of a catalogue, and as its writer would keep it", {
  timeout: 120_000,
}, async () => {
  let stores = 0;
  for (const name of corpusStores) {
    const root = join(folder, name);
    cpSync(corpusPath(name), root, { recursive: true, preserveTimestamps: true });
    const truth = await answers(root, "ignore").catch((error: unknown) => error);
    if (truth instanceof Error) continue;
    const stored = parseStoreMetadata(readFileSync(join(root, "metadata.yaml"), "utf8"), root);
    const writer = await CatalogueWriter.open(root, stored.uuid, 10);
    await using store = await openStore(root, { formats, catalogue: "ignore" });
    for (const { number } of store.chunks) {
      const paths = chunkPaths(root, stored.layout, stored.extension, number);
      const found = await findChunkIndex(root, paths);
      if (found === undefined || found.isYaml || found.index.problems.length > 0) continue;
      await writer.append(number, found.index, { indexPath: paths.indexNpz, index: found.content! });
    }
    await writer.finish();
    expect(await answers(root, "read"), name).toEqual(truth);
    stores++;
  }
  expect(stores).toBeGreaterThan(100);
});

test("a writer that goes on after a crash goes on with its catalogue", async () => {
  const root = makeStore(6);
  const append = async (writer: CatalogueWriter, chunk: number): Promise<void> => {
    const paths = chunkPaths(root, "directory", "", chunk);
    const { index, content } = (await findChunkIndex(root, paths))!;
    await writer.append(chunk, index, { indexPath: paths.indexNpz, index: content!, chunkDigest: 5n });
  };
  const first = await CatalogueWriter.open(root, uuid, 10);
  for (const chunk of [0, 1, 2]) await append(first, chunk);
  // It never came to an end, and half a record was on its way.
  writeFileSync(join(root, catalogueName), "half", { flag: "a" });
  const second = await CatalogueWriter.open(root, uuid, 10);
  for (const chunk of [3, 4, 5]) await append(second, chunk);
  await second.finish();
  await first.finish();
  expect(knownChunks(root)).toBe(6);
  expect(savedBytes(root).length).toBe(64 + 6 * recordBytes);
  expect(parseCatalogue(savedBytes(root), uuid)!.folderMtimeMs).toBe(statSync(root).mtimeMs);
  await expectTruth(root);

  // Where there is no room for one, writing goes on without.
  const blocked = makeStore(1);
  mkdirSync(join(blocked, catalogueName));
  const none = await CatalogueWriter.open(blocked, uuid, 10);
  await append(none, 0);
  await none.finish();
});

test("a store that is written has its catalogue when it is closed, and gone on in", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "marey-written-")), "store");
  const info = { width: 4, height: 4, channels: 1, dtype: "uint8", color: "gray" } as const;
  const image = { ...info, data: new Uint8Array(16) };
  for (const from of [0, 100]) {
    const store = await createStore(path, { info, format: "npy", chunkSize: 2, append: true, minFree: 0 });
    for (let i = from; i < from + 100; i++) await store.write({ image, number: i * 7, time: i / 10 });
    await store.close();
    const saved = readFileSync(join(path, ".marey-catalogue"));
    await using reader = await openStore(path, { formats });
    expect(reader.index.length).toBe(from + 100);
    expect(reader.index.locate({ number: (from + 57) * 7 })).toBe(from + 57);
    expect(reader.problems).toEqual([]);
    // The reader had nothing to add.
    expect(readFileSync(join(path, ".marey-catalogue"))).toEqual(saved);
    const found = await readCatalogue(path, reader.uuid, 100);
    expect(found?.records.length).toBe((from + 100) / 2);
  }
});
