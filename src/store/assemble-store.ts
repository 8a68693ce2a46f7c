import { randomBytes, randomUUID } from "node:crypto";
import { constants, copyFile, link, mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import {
  EncodeError,
  ExistsError,
  FileFormatError,
  FrameMismatchError,
  MareyError,
  NotFoundError,
  UnsupportedError,
} from "../core/errors.js";
import type { FrameNumber } from "../core/frame.js";
import { describeImage, type ImageInfo } from "../core/image.js";
import type { ChunkFormat } from "./chunk-format.js";
import { encodeChunkIndex, mostFramesInChunk } from "./chunk-index.js";
import { localTimeZone } from "./creation-date.js";
import { chunkPaths, metadataName } from "./layout.js";
import { nodeFiles } from "./node-files.js";
import { systemReason, writeInPlace } from "./store-files.js";
import { formatStoreMetadata, shapeOfInfo, storeFacts } from "./store-metadata.js";

/** A video that becomes a chunk as it is. */
export interface AssembledChunk {
  readonly video: string;
  /** One a frame. @default counted on from the chunk before, the first from 0 */
  readonly numbers?: ArrayLike<FrameNumber>;
  /** Seconds, one a frame. @default those of the video itself, played after the chunk before */
  readonly times?: ArrayLike<number>;
}

export interface AssembleOptions {
  /** In the order of the store; all videos have one extension and one size. */
  readonly chunks: readonly AssembledChunk[];
  /** Whether the videos stay where they are. Those that move are gone from there once the store is whole. @default "copy" */
  readonly mode?: "copy" | "move";
  /** What to say that the pictures are: "gray" for stores of gray pictures in colour video. @default as they are decoded */
  readonly color?: "gray" | "bgr";
  /** Kept in `metadata.yaml`. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** What chunks may be made of. */
  readonly formats: readonly ChunkFormat[];
  /** Looks at a video. */
  probe(video: string): Promise<ProbedVideo>;
}

/** What a video turned out to hold. */
export interface ProbedVideo {
  readonly info: ImageInfo;
  /** Seconds, one a frame, in the order in which they are shown. */
  readonly times: Float64Array;
}

/** Time from a frame to the next where a video has one frame only, in seconds. */
const usualInterval = 1 / 25;

interface PlannedChunk {
  readonly video: string;
  readonly numbers: readonly FrameNumber[];
  readonly times: readonly number[];
}

/**
 * Makes a store of videos that are there, each a chunk, without encoding anything: what imgstore's `empty` and
 * `insert_chunk` do. The store appears under its name when it is whole.
 * @param path its folder, which is not there, or is empty.
 * @throws {ExistsError} if there is something.
 * @throws {UnsupportedError} if the videos are of different or unknown extensions, or of an odd size, which no video
 *   store has; {FrameMismatchError} if their pictures differ.
 * @throws {FileFormatError} if a video does not hold as many frames as it was given numbers or times; and what `probe`
 *   throws. {EncodeError} if the disk refuses.
 */
export async function assembleStore(path: string, options: AssembleOptions): Promise<void> {
  const { chunks, mode = "copy", metadata: user = {}, formats } = options;
  const folder = basename(path) === metadataName ? dirname(resolve(path)) : resolve(path);
  await needNothing(folder);
  const format = formatOf(chunks, formats);
  const { plan, info } = await planChunks(options);
  const stored = options.color === "gray" ? ({ ...info, channels: 1, color: "gray" } as const) : info;
  const metadata = {
    layout: "video" as const,
    format: format.name,
    extension: format.extension,
    imgshape: shapeOfInfo(stored),
    imgdtype: stored.dtype,
    chunkSize: Math.max(...plan.map(({ times }) => times.length)),
    encoding: undefined,
    created: new Date(),
    timezone: localTimeZone(),
    uuid: randomUUID().replaceAll("-", ""),
    user,
  };
  const text = formatStoreMetadata(metadata);
  const facts = storeFacts(metadata);
  const unfinished = join(dirname(folder), `.${basename(folder)}.${randomBytes(6).toString("hex")}.part`);
  try {
    await mkdir(unfinished, { recursive: true });
    for (const [number, { video, numbers, times }] of plan.entries()) {
      const paths = chunkPaths(unfinished, "video", format.extension, number);
      await place(video, paths.chunk, mode);
      await writeInPlace(nodeFiles, paths.indexNpz, [encodeChunkIndex({ numbers, times, store: facts })]);
    }
    await writeInPlace(nodeFiles, join(unfinished, metadataName), [new TextEncoder().encode(text)]);
    await nodeFiles.syncFolder(unfinished);
    // A folder that is empty may be replaced.
    await rmdir(folder).catch(() => {});
    await rename(unfinished, folder);
    await nodeFiles.syncFolder(dirname(folder));
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true }).catch(() => {});
    if (cause instanceof MareyError || (cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new EncodeError(folder, systemReason(cause), { cause });
  }
  if (mode === "move") for (const { video } of plan) await rm(video);
}

async function needNothing(folder: string): Promise<void> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw new ExistsError(folder, "it is no folder", { cause });
  });
  if (names.length > 0) throw new ExistsError(folder, "a store is assembled in a new folder");
}

function formatOf(chunks: readonly AssembledChunk[], formats: readonly ChunkFormat[]): ChunkFormat {
  const known = formats.filter(({ layout }) => layout === "video");
  const extensions = [...new Set(chunks.map(({ video }) => extname(video)))];
  const format = known.find(({ extension }) => extension === extensions[0]);
  if (extensions.length === 1 && format !== undefined) return format;
  throw new UnsupportedError(
    "extension of the videos of a store",
    extensions.join(" and ") || "no video at all",
    known.map(({ extension }) => `all ${extension}`),
  );
}

async function planChunks({
  chunks,
  probe,
}: AssembleOptions): Promise<{ plan: PlannedChunk[]; info: ImageInfo }> {
  const plan: PlannedChunk[] = [];
  let info: ImageInfo | undefined;
  let nextNumber: FrameNumber = 0;
  let nextTime: number | undefined;
  for (const { video, ...given } of chunks) {
    const found = await stat(video).catch((cause) => {
      throw new NotFoundError(video, "no such file", { cause });
    });
    if (!found.isFile()) throw new FileFormatError(video, "is not a regular file");
    const { info: here, times: own } = await probe(video);
    info ??= here;
    needAlike(info, here, video);
    needCount(video, own.length, given.numbers, "frame numbers");
    needCount(video, own.length, given.times, "frame times");
    const count = own.length;
    if (count > mostFramesInChunk) {
      throw new UnsupportedError("frames in a chunk", `${count} in ${video}`, [
        `at most ${mostFramesInChunk}`,
      ]);
    }
    const from = nextNumber;
    const shift = (nextTime ?? own[0] ?? 0) - (own[0] ?? 0);
    const numbers = given.numbers
      ? Array.from(given.numbers)
      : Array.from({ length: count }, (_, i) => plus(from, i));
    const times = Array.from(given.times ?? own, (time) => (given.times ? time : time + shift));
    plan.push({ video, numbers, times });
    nextNumber = plus(numbers.at(-1)!, 1);
    nextTime = times.at(-1)! + intervalOf(times);
  }
  return { plan, info: info! };
}

function needAlike(first: ImageInfo, here: ImageInfo, video: string): void {
  if (here.width % 2 !== 0 || here.height % 2 !== 0) {
    throw new UnsupportedError("picture size of a video store", `${here.width}x${here.height} of ${video}`, [
      "even width and height",
    ]);
  }
  const isAlike = first.width === here.width && first.height === here.height && first.color === here.color;
  if (!isAlike) throw new FrameMismatchError(describeImage(first), `${describeImage(here)} in ${video}`);
}

function needCount(video: string, count: number, given: ArrayLike<unknown> | undefined, what: string): void {
  if (count === 0) throw new FileFormatError(video, "holds no frames");
  if (given === undefined || given.length === count) return;
  throw new FileFormatError(video, `holds ${count} frames, but there are ${given.length} ${what} for it`);
}

function plus(number: FrameNumber, more: number): FrameNumber {
  const sum = typeof number === "bigint" ? number + BigInt(more) : number + more;
  return typeof sum === "bigint" || Number.isSafeInteger(sum) ? sum : BigInt(number) + BigInt(more);
}

/** Usual distance of two frames, in seconds. */
function intervalOf(times: readonly number[]): number {
  const distances = times.slice(1).map((time, i) => time - times[i]!);
  const usual = distances.sort((a, b) => a - b)[distances.length >> 1];
  return usual !== undefined && usual > 0 ? usual : usualInterval;
}

/** A video that moves has two names until the store is whole, if the disk allows that. */
async function place(video: string, to: string, mode: "copy" | "move"): Promise<void> {
  if (mode === "move") {
    const linked = await link(video, to).then(
      () => true,
      () => false,
    );
    if (linked) return;
  }
  await copyFile(video, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const file = await open(to, "r+");
  await file.sync().finally(() => file.close());
}
