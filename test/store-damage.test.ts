import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MareyError } from "../src/core/errors.js";
import { decodeNpy } from "../src/core/npy.js";
import { type Npz, readNpz } from "../src/core/npz.js";
import { createStore, openStore, repairStore, verifyStore } from "../src/index.js";
import { parseExtraRows } from "../src/store/extra/json-rows.js";
import { encodeJournalHeader, encodeJournalRecord, parseJournal } from "../src/store/journal.js";
import { parseIndexNpz } from "../src/store/store-index.js";
import { parseStoreMetadata } from "../src/store/store-metadata.js";
import { randomFrom } from "./fixtures/simulated-disk.js";

// Damaged files of every kind: `MAREY_FUZZ=1000 npx vitest run test/store-damage.test.ts` damages a thousand stores of
// each format, CI a few. A failure is repeated by its MAREY_SEED.
const trials = Number(process.env.MAREY_FUZZ ?? 12);
const mutations = 2000;
const seed = Number(process.env.MAREY_SEED ?? Date.now() % 1e6);

const folder = mkdtempSync(join(tmpdir(), "marey-damage-"));
afterAll(() => rmSync(folder, { recursive: true }));

const formats = ["npy", "png", "avc1/mp4", "h264/mkv", "mjpeg/avi"];
const [frames, chunkSize] = [12, 4];
const info = { width: 64, height: 48, channels: 1, dtype: "uint8", color: "gray" } as const;

/** Frame i has the value 20 i, the number 3 i and the time i / 64. */
async function makeStore(path: string, format: string): Promise<void> {
  await using store = await createStore(path, {
    info,
    format,
    chunkSize,
    minFree: 0,
    metadata: { mouse: 7 },
  });
  for (let i = 0; i < frames; i++) {
    const image = { ...info, data: new Uint8Array(64 * 48).fill(20 * i) };
    await store.write({ image, number: 3 * i, time: i / 64 });
    await store.addExtraData({ row: i });
  }
}

beforeAll(async () => {
  for (const format of formats) await makeStore(sound(format), format);
});

function sound(format: string): string {
  return join(folder, format.replace("/", "-"));
}

function filesIn(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => join(path, name))
    .filter((name) => statSync(name).isFile())
    .sort();
}

/** A bit, a byte, a page, the end, or a piece in the middle: what disks and cables do. */
function damage(bytes: Uint8Array, random: () => number): { bytes: Uint8Array; what: string } {
  const at = Math.floor(random() * bytes.length);
  const length = Math.min(bytes.length - at, 1 + Math.floor(random() * 512));
  const copy = Uint8Array.from(bytes);
  const kind = Math.floor(random() * 5);
  if (kind === 0) copy[at]! ^= 1 << Math.floor(random() * 8);
  if (kind === 1) copy.fill(0, at, at + length);
  if (kind === 2) for (let i = at; i < at + length; i++) copy[i] = Math.floor(random() * 256);
  if (kind === 3) return { bytes: copy.subarray(0, at), what: `cut at ${at} of ${bytes.length}` };
  if (kind === 4) {
    const rest = Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
    return { bytes: rest, what: `bytes ${at} to ${at + length} of ${bytes.length} taken out` };
  }
  return {
    bytes: copy,
    what: `${["bit flipped at", "zeros from", "noise from"][kind]} ${at} of ${bytes.length}`,
  };
}

/** Reads frame by frame. @returns frames that are as they were; expects no other to have a wrong number or time. */
async function soundFrames(path: string, story: string): Promise<Set<number>> {
  const intact = new Set<number>();
  await using store = await openStore(path);
  for (let index = 0; index < store.index.length; index++) {
    try {
      const { number, time, image } = await store.frame({ index });
      // Of an index that is half damaged the other half is read; what is not known is NaN, and told.
      const i = Number.isNaN(Number(number)) ? time * 64 : Number(number) / 3;
      const wanted = {
        number: Number.isNaN(number) ? Number.NaN : 3 * i,
        time: Number.isNaN(time) ? time : i / 64,
      };
      expect({ story, number, time }).toEqual({ story, ...wanted });
      expect(Number.isInteger(i) && i >= 0 && i < frames, `${story}: number ${number}`).toBe(true);
      if (image.data.every((value) => Math.abs(Number(value) - 20 * i) <= 4)) intact.add(i);
    } catch (error) {
      if (!(error instanceof MareyError)) throw error;
    }
  }
  await store.extraData();
  return intact;
}

function hasSameEntries(one: string, other: string): boolean {
  try {
    const [a, b] = [one, other].map((path) => readNpz(readFileSync(path), path)) as [Npz, Npz];
    const isSame = (name: string): boolean => Buffer.compare(a.file(name), b.file(name)) === 0;
    return a.names.join() === b.names.join() && a.names.every(isSame);
  } catch {
    return false;
  }
}

describe(`damage to any file (seed ${seed})`, () => {
  test.each(formats)(
    "%s: costs what was damaged and nothing else, moves no number, and crashes nobody",
    { timeout: 60_000 + trials * 4000 },
    async (format) => {
      const random = randomFrom(seed + formats.indexOf(format));
      const path = join(folder, "damaged");
      // What README.txt says is for people, and verified by none.
      const files = filesIn(sound(format)).filter((file) => !file.endsWith("README.txt"));
      const names = files.map((file) => relative(sound(format), file));
      for (let trial = 0; trial < trials; trial++) {
        rmSync(path, { recursive: true, force: true });
        cpSync(sound(format), path, { recursive: true });
        // Each kind of file as often as any other, though there are more pictures than others.
        const kinds = [...new Set(names.map((name) => name.replace(/\d{6}/g, "N")))];
        const kind = kinds[Math.floor(random() * kinds.length)]!;
        const ofKind = names.filter((name) => name.replace(/\d{6}/g, "N") === kind);
        const name = ofKind[Math.floor(random() * ofKind.length)]!;
        const { bytes, what } = damage(readFileSync(join(path, name)), random);
        if (Buffer.compare(bytes, readFileSync(join(path, name))) === 0) continue;
        writeFileSync(join(path, name), bytes);
        const story = `trial ${trial}: ${name}, ${what}`;
        const damagedChunk = /^(\d{6})/.exec(name)?.[1];
        const damagedFrame = /^\d{6}\/(\d{6})\./.exec(name)?.[1];
        try {
          const intact = await soundFrames(path, story);
          await using store = await openStore(path);
          const { ok } = await verifyStore(store);
          // Dates and the like in a zip archive: nobody looks at them.
          const isIdle = name.endsWith(".npz") && hasSameEntries(join(path, name), join(sound(format), name));
          expect({ story, ok: ok && !isIdle }, "marey verify finds it").toEqual({ story, ok: false });
          for (let i = 0; i < frames; i++) {
            const chunk = Math.floor(i / chunkSize);
            if (Number(damagedChunk) === chunk && (!damagedFrame || Number(damagedFrame) === i % chunkSize))
              continue;
            if (name.startsWith("metadata")) continue;
            expect(intact.has(i), `${story}: frame ${i}`).toBe(true);
          }
        } catch (error) {
          // Without metadata there is no store; everything else is passed over.
          if (!(error instanceof MareyError) || !name.startsWith("metadata")) throw error;
        }
        await repairStore(path).catch((error) => {
          if (!(error instanceof MareyError)) throw new Error(story, { cause: error });
        });
      }
    },
  );
});

describe("files that are lost, alone and in pairs", () => {
  const ways: [string, (path: string) => void][] = [
    ["missing", (path) => rmSync(path)],
    ["garbage", (path) => writeFileSync(path, "\0garbage: [")],
    ["empty", (path) => writeFileSync(path, "")],
  ];
  for (const format of ["npy", "avc1/mp4"]) {
    const index = format === "npy" ? "000001/index.npz" : "000001.npz";
    const rows = format === "npy" ? "000002/index.extra.json" : "000002.extra.json";
    const own = ["metadata.yaml", ".metadata.yaml.copy", index, rows];
    const pairs = own.flatMap((one, rank) => own.slice(rank).map((other) => [one, other] as const));
    test.each(pairs)(
      `${format}: %s and %s: told when it is opened, and repair brings back what can be`,
      async (...lost) => {
        for (const [way, lose] of ways) {
          const path = join(folder, "lossy");
          rmSync(path, { recursive: true, force: true });
          cpSync(sound(format), path, { recursive: true });
          for (const name of new Set(lost)) lose(join(path, name));
          if (lost.includes("metadata.yaml")) await expect(openStore(path), way).rejects.toThrow(MareyError);
          else {
            await using store = await openStore(path);
            const missing = lost.includes(index) ? chunkSize : 0;
            expect(store.index.length, way).toBe(frames - missing);
            expect((await soundFrames(path, way)).size).toBe(frames - missing);
            await store.extraData();
            const told = store.problems.map((problem) => relative(store.path, problem.path));
            if (missing > 0) expect(told, way).toContain(index);
            if (lost.includes(rows) && way !== "missing") expect(told, way).toContain(rows);
          }
          if (lost.includes("metadata.yaml") && lost.includes(".metadata.yaml.copy")) {
            await expect(repairStore(path), way).rejects.toThrow(MareyError);
            continue;
          }
          await repairStore(path);
          expect((await repairStore(path)).steps, way).toEqual([]);
          await using mended = await openStore(path);
          expect(mended.userMetadata, way).toEqual({ mouse: 7 });
          expect(mended.index.length, way).toBe(frames);
          for await (const { index: i, number, time, image } of mended) {
            expect(Math.abs(Number(image.data[0]) - 20 * i), `${way}: picture ${i}`).toBeLessThanOrEqual(4);
            // Those of the lost index are estimated.
            if (lost.includes(index) && Math.floor(i / chunkSize) === 1) continue;
            expect([number, time], way).toEqual([3 * i, i / 64]);
          }
          if (lost.includes(index)) {
            const isMarked = readFileSync(join(path, index)).includes("estimated.npy");
            expect(isMarked, "the index says that it is a guess").toBe(true);
          }
        }
      },
    );
  }
});

describe(`${mutations} mutations (seed ${seed})`, () => {
  /** Calls `check` with mutations of some bytes; only errors of this library are let pass. */
  function mutate(bytes: Uint8Array, check: (mutated: Uint8Array) => void): void {
    const random = randomFrom(seed);
    for (let i = 0; i < mutations; i++) {
      let mutated = damage(bytes, random);
      if (random() < 0.3 && mutated.bytes.length > 0) mutated = damage(mutated.bytes, random);
      try {
        check(mutated.bytes);
      } catch (error) {
        if (!(error instanceof MareyError))
          throw new Error(`mutation ${i}: ${mutated.what}`, { cause: error });
      }
    }
  }

  test("of a journal: what is read of it are the first of its records, as they were", () => {
    const records = Array.from({ length: 30 }, (_, i) =>
      i % 4 === 3
        ? ({ kind: "row", text: `{"i": ${i}}` } as const)
        : ({
            kind: "frame",
            number: 2 ** i,
            time: i / 3,
            offset: i * 100,
            size: 100,
            digest: BigInt(i),
          } as const),
    );
    const journal = Buffer.concat([
      encodeJournalHeader("0123".repeat(8), 7),
      ...records.map(encodeJournalRecord),
    ]);
    mutate(journal, (mutated) => {
      const parsed = parseJournal(mutated);
      if (parsed === undefined) return;
      expect([parsed.uuid, parsed.chunk]).toEqual(["0123".repeat(8), 7]);
      // A piece of just one record may be missing; the order of the others stays.
      let at = 0;
      for (const record of parsed.records) {
        const rank = records.findIndex(
          (candidate, k) => k >= at && JSON.stringify(candidate, text) === JSON.stringify(record, text),
        );
        expect(rank).toBeGreaterThanOrEqual(at);
        at = rank + 1;
      }
    });
  });

  test("of an index: numbers and times are those that were written, or there are none", () => {
    const bytes = readFileSync(join(sound("avc1/mp4"), "000001.npz"));
    const { numbers, times } = parseIndexNpz(bytes, "index.npz");
    mutate(bytes, (mutated) => {
      const found = parseIndexNpz(mutated, "index.npz");
      for (const [column, wanted] of [
        [found.numbers, numbers],
        [found.times, times],
      ] as const) {
        if (!Array.from(column, Number).every(Number.isNaN)) expect([...column]).toEqual([...wanted]);
      }
    });
  });

  test("of an array, of metadata, of extra data: a typed error, or something of the right kind", () => {
    mutate(readFileSync(join(sound("npy"), "000000/000001.npy")), (mutated) => {
      const { shape, data } = decodeNpy(mutated, "a.npy");
      expect(shape.reduce((product, side) => product * side, 1)).toBe(data.length);
    });
    mutate(readFileSync(join(sound("npy"), "metadata.yaml")), (mutated) => {
      const { chunkSize, imgshape } = parseStoreMetadata(new TextDecoder().decode(mutated), "metadata.yaml");
      expect(chunkSize).toBeGreaterThan(0);
      for (const side of imgshape) expect(side).toBeGreaterThan(0);
    });
    mutate(readFileSync(join(sound("npy"), "000000/index.extra.json")), (mutated) => {
      const { rows } = parseExtraRows(new TextDecoder().decode(mutated));
      for (const row of rows) expect(typeof row).toBe("object");
    });
  });
});

function text(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}
