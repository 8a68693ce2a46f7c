import { expect, test } from "vitest";
import { type Digest, loadDigest } from "../src/core/digest.js";
import type { ImageInfo } from "../src/core/image.js";
import { npy } from "../src/formats/npy.js";
import type { ChunkFormat, ChunkWriter, Durability, EncodedPicture } from "../src/store/chunk-format.js";
import { decodeChunkBytes } from "../src/store/chunk-index.js";
import { chunkPaths, firstFreeChunk, paddedNumber } from "../src/store/layout.js";
import { parseIndexNpz } from "../src/store/store-index.js";
import { StoreWriter } from "../src/store/store-writer.js";
import { finishChunk, journaledChunks, readUnfinishedChunk } from "../src/store/unfinished-chunk.js";
import { randomFrom, SimulatedDisk } from "./fixtures/simulated-disk.js";

// Writer, journal and recovery on a disk in memory that stops at any moment: two thousand stories, each told by its
// seed. `MAREY_SEED=1234 npx vitest run test/store-simulation.test.ts` tells one of them again;
// `MAREY_SEEDS=100000` tells more.
const seeds = Number(process.env.MAREY_SEEDS ?? 2000);
const only = process.env.MAREY_SEED;

const root = "s";
const uuid = "0123456789abcdef0123456789abcdef";
const info: ImageInfo = { width: 8, height: 8, channels: 1, dtype: "uint8", color: "gray" };
const chunkSize = 4;

/**
 * A format of one file a chunk, as videos are: a head that changes when the file is closed, and a tail that only a closed
 * file has. It is written through the simulated disk, which real videos cannot be.
 */
function filmFormat(disk: SimulatedDisk, digest: Digest): ChunkFormat {
  const [open, closed] = [text("open...."), text("closed..")];
  return {
    ...npy,
    name: "film",
    layout: "video",
    extension: ".film",
    createChunk: async (path, _info, _options, files): Promise<ChunkWriter> => {
      const file = await files.create(path, [open]);
      let end = open.length;
      let turn: Promise<unknown> = Promise.resolve();
      const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
        const result = turn.then(run);
        turn = result.catch(() => {});
        return result;
      };
      return {
        concurrency: 2,
        head: open,
        write: (image) =>
          inTurn(async () => {
            const bytes = Uint8Array.from(image.data as Uint8Array);
            await file.append([bytes]);
            const picture = { offset: end, size: bytes.length, digest: digest([bytes]) };
            end += bytes.length;
            return picture;
          }),
        sync: () => file.sync(),
        close: () =>
          inTurn(async () => {
            await file.append([text("tail")]);
            await disk.overwrite(path, closed);
            await file.sync();
            return digest([closed, text("tail")]);
          }),
        abort: async () => {
          await files.remove(path);
        },
      };
    },
    mendChunk: async (from, to, most) => {
      const bytes = await disk.files.read(from);
      if (text("open....").some((byte, at) => bytes[at] !== byte)) throw new Error("a closed film to mend");
      const size = info.width * info.height;
      const pictures: EncodedPicture[] = [];
      for (let at = open.length; at + size <= bytes.length && pictures.length < most; at += size) {
        pictures.push({ offset: at, size, digest: digest([bytes.subarray(at, at + size)]) });
      }
      const frames = bytes.subarray(open.length, open.length + pictures.length * size);
      const file = await disk.files.create(to, [closed, frames, text("tail")]);
      await file.sync();
      return { pictures, rest: digest([closed, text("tail")]) };
    },
  };
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

/** The picture of that frame: no two are alike. */
function pixels(frame: number): Uint8Array {
  return new Uint8Array(64).map((_, i) => (frame * 37 + i * 11 + (i === frame % 64 ? 97 : 0)) & 255);
}

interface Story {
  readonly random: () => number;
  readonly digest: Digest;
  readonly isFilm: boolean;
  readonly durability: Durability;
  disk: SimulatedDisk;
  /** Frames that somebody was told are safe from a kill; from a power cut. */
  flushed: number;
  synced: number;
  /** Rows that somebody was told are safe from a kill. */
  rows: Set<number>;
  hadPowerCut: boolean;
  /** Frames of an earlier life that a power cut took. */
  lost: Set<number>;
}

function formatOf({ isFilm, disk, digest }: Story): ChunkFormat {
  return isFilm ? filmFormat(disk, digest) : npy;
}

async function write(story: Story, from: number, nextChunk: number, until: number): Promise<void> {
  const { random, digest, durability, disk } = story;
  const writer = new StoreWriter({
    ...{ path: root, uuid, chunkSize, digest, storeFacts: {}, minFree: 0 },
    ...{ offered: info, stored: info, restored: info, encoding: undefined, toStored: (image) => image },
    format: formatOf(story),
    options: { durability, encoder: {} },
    files: disk.files,
    before: { length: from, nextChunk, last: undefined },
    release: async () => {},
    remove: async () => {},
  });
  const pending: Promise<void>[] = [];
  for (let i = from; i < until; i++) {
    const written = writer.write({ image: { ...info, data: pixels(i) }, number: i * 3, time: i / 8 });
    const row = writer.addExtraData({ row: i });
    pending.push(
      written.then(() => {
        story.flushed = Math.max(story.flushed, i + 1);
        if (durability === "frame") story.synced = Math.max(story.synced, i + 1);
      }),
      row.then(() => {
        story.rows.add(i);
      }),
    );
    if (random() < 0.5) await Promise.all(pending.splice(0));
    if (durability === "second" && random() < 0.2) {
      await writer.sync();
      story.synced = Math.max(story.synced, from + writer.progress.synced);
    }
  }
  await Promise.all(pending);
  await writer.close();
  if (durability !== "flush") story.synced = until;
}

/** What the next writer, or a repair, does first. */
async function recover(story: Story): Promise<void> {
  const { disk, digest } = story;
  const store = { root, uuid, format: formatOf(story), files: disk.files, digest };
  for (const number of journaledChunks(await disk.files.list(root))) {
    const chunk = await readUnfinishedChunk(store, number, false);
    if (chunk) await finishChunk(store, chunk, {});
    else {
      // Not even its beginning reached the disk. A repair moves it aside, too.
      const path = `${root}/${paddedNumber(number)}.journal`;
      await disk.files.rename(path, `${path}.damaged`);
    }
  }
}

interface FoundFrame {
  readonly number: number;
  readonly time: number;
  /** Undefined if the picture is missing or damaged, which its digest tells. */
  readonly data: Uint8Array | undefined;
}

/** The store as a reader sees it: its indexes, and the bytes they speak of. */
function read({ disk, isFilm, digest }: Story): { frames: FoundFrame[]; rows: number[]; nextChunk: number } {
  const frames: FoundFrame[] = [];
  const rows: number[] = [];
  const { contents } = disk;
  for (let chunk = 0; chunk < 64; chunk++) {
    const paths = chunkPaths(root, isFilm ? "video" : "directory", isFilm ? ".film" : ".npy", chunk);
    const extra = contents.get(paths.extraJson);
    if (extra) for (const { row } of JSON.parse(new TextDecoder().decode(extra))) rows.push(row);
    const npz = contents.get(paths.indexNpz);
    if (npz === undefined) continue;
    const index = parseIndexNpz(npz, paths.indexNpz);
    const { pictures } = decodeChunkBytes(npz, paths.indexNpz)!;
    for (let rank = 0; rank < index.times.length; rank++) {
      const { offset, size, digest: wanted } = pictures[rank]!;
      const path = isFilm ? paths.chunk : `${paths.chunk}/${paddedNumber(rank)}.npy`;
      const bytes = contents.get(path)?.subarray(offset, offset + size);
      const isSound = bytes !== undefined && digest([bytes]) === wanted;
      frames.push({
        number: Number(index.numbers[rank]),
        time: index.times[rank]!,
        data: isSound ? bytes.slice(isFilm ? 0 : 128) : undefined,
      });
    }
  }
  return { frames, rows, nextChunk: firstFreeChunk(disk.names(root)) };
}

/** A store's metadata is safe before anything else is written. */
async function begin({ files }: SimulatedDisk): Promise<void> {
  const file = await files.create(`${root}/metadata.yaml`, [text("__store: {}")]);
  await file.sync();
  await files.syncFolder(root);
}

async function tell(seed: number): Promise<void> {
  const random = randomFrom(seed);
  const story: Story = {
    ...{ random, digest: await loadDigest(), isFilm: random() < 0.5, flushed: 0, synced: 0 },
    ...{ rows: new Set<number>(), lost: new Set<number>(), hadPowerCut: false },
    durability: (["flush", "second", "frame"] as const)[Math.floor(random() * 3)]!,
    disk: new SimulatedDisk(random),
  };
  await story.disk.run(begin(story.disk));
  // Three lives: each writes on where the one before ended, and the first two end too early.
  let isPowerCut = false;
  for (const life of [0, 1, 2]) {
    const { frames, nextChunk } = read(story);
    const from = endOf(frames);
    const until = from + 1 + Math.floor(random() * 12);
    const most = life < 2 ? Math.floor(random() * 250) : Number.POSITIVE_INFINITY;
    const isDone = await story.disk.run(write(story, from, nextChunk, until), most);
    if (!isDone) {
      isPowerCut = random() < 0.5;
      const stop = (): SimulatedDisk => (isPowerCut ? story.disk.cutPower() : story.disk.kill());
      story.disk = stop();
      // Recovering may be cut short, too.
      while (
        !(await story.disk.run(recover(story), random() < 0.3 ? Math.floor(random() * 20) : undefined))
      ) {
        isPowerCut ||= random() < 0.5;
        story.disk = isPowerCut ? story.disk.cutPower() : story.disk.kill();
      }
    }
    expectHonest(story, isDone ? "none" : isPowerCut ? "power cut" : "kill");
    const { frames: kept, rows } = read(story);
    const sound = new Set(kept.flatMap(({ number, data }) => (data ? [number / 3] : [])));
    story.flushed = endOf(kept);
    // What has survived once is on the disk.
    if (!isDone || story.durability !== "flush") story.synced = story.flushed;
    const all = Array.from({ length: story.flushed }, (_, frame) => frame);
    story.lost = new Set(all.filter((frame) => !sound.has(frame)));
    story.rows = new Set(rows);
  }
}

/** The frame that comes after the last. */
function endOf(frames: readonly FoundFrame[]): number {
  return (frames.at(-1)?.number ?? -3) / 3 + 1;
}

function expectHonest(story: Story, end: "none" | "kill" | "power cut"): void {
  const { frames, rows } = read(story);
  const promised = end === "power cut" ? story.synced : story.flushed;
  const found = new Set<number>();
  let before = -1;
  for (const { number, time, data } of frames) {
    const frame = number / 3;
    expect(time, `time of frame ${frame}`).toBe(frame / 8);
    expect(frame, "frames come in their order").toBeGreaterThan(before);
    before = frame;
    // A frame has its own picture, or none; never that of another.
    if (data === undefined) continue;
    expect(data, `picture of frame ${frame}`).toEqual(pixels(frame));
    found.add(frame);
  }
  const missing = Array.from({ length: promised }, (_, frame) => frame).filter(
    (frame) => !found.has(frame) && !story.lost.has(frame),
  );
  expect(missing, "frames that were promised").toEqual([]);
  // Where only the process ended, there is no gap either.
  if (!story.hadPowerCut && end !== "power cut") expect(found.size).toBe(before + 1);
  // A power cut may take frames and leave their rows, which name frames that come again.
  story.hadPowerCut ||= end === "power cut";
  if (!story.hadPowerCut) expect(rows, "rows").toEqual([...new Set(rows)].sort((a, b) => a - b));
  if (end !== "power cut")
    expect(rows, "rows that were promised").toEqual(expect.arrayContaining([...story.rows]));
  const left = [...story.disk.contents.keys()].filter((path) => path.endsWith(".journal"));
  expect(left, "journals left").toEqual([]);
}

test(
  `${only === undefined ? `${seeds} stories` : `story ${only}`} of writers that are killed or lose power keep every promise`,
  async () => {
    const told = only === undefined ? Array.from({ length: seeds }, (_, seed) => seed) : [Number(only)];
    for (const seed of told) {
      await tell(seed).catch((error: Error) => {
        error.message = `MAREY_SEED=${seed}: ${error.message}`;
        throw error;
      });
    }
  },
  60_000 + seeds * 300,
);
