import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { FrameMismatchError, UnsupportedError } from "../core/errors.js";
import type { Stamp } from "../core/frame.js";
import { describeImage, describeMismatch } from "../core/image.js";
import { type EncoderOptions, encoderSettings } from "./chunk-format.js";
import { mostFramesInChunk } from "./chunk-index.js";
import { chunkPaths, findChunks, firstFreeChunk, metadataName } from "./layout.js";
import { readMetadataText } from "./metadata-file.js";
import { checkOwnFiles } from "./own-files.js";
import { readChunkIndex } from "./store-index.js";
import { infoOfShape, parseStoreMetadata, storeFacts } from "./store-metadata.js";
import type { StorePlan } from "./store-plan.js";
import { finishChunk, journaledChunks, readUnfinishedChunk, type StoreAtWork } from "./unfinished-chunk.js";

/** What is known of a writer before the store that it goes on in has been looked at. */
type Common = Omit<StorePlan, "uuid" | "chunkSize" | "storeFacts" | "minFree" | "before" | "remove">;

/**
 * How a store is gone on with: what a writer before left unfinished is finished, and the next chunk comes after the last.
 * The caller holds the lock.
 * @param asked what it is to be encoded with, where that is to differ from how the store was begun.
 * @throws {UnsupportedError} if the store is of another format, {FrameMismatchError} if its frames are others.
 */
export async function appendPlan(
  common: Common,
  chunkSize: number | undefined,
  asked: EncoderOptions,
): Promise<Omit<StorePlan, "minFree" | "remove">> {
  const { path: root, format, stored, encoding, files, digest } = common;
  const metadataPath = join(root, metadataName);
  const metadata = parseStoreMetadata(await readMetadataText(root, metadataPath), metadataPath);
  const isSame = metadata.layout === format.layout && metadata.format.replace(/\+color$/, "") === format.name;
  if (!isSame && !format.aliases?.includes(metadata.format)) {
    throw new UnsupportedError(`format to go on in the store ${root}`, format.name, [metadata.format]);
  }
  const there = infoOfShape(metadata.imgshape, metadata.imgdtype);
  if (describeMismatch(there, stored) !== undefined) {
    throw new FrameMismatchError(describeImage(there), describeImage(stored));
  }
  if (metadata.encoding !== encoding) {
    throw new FrameMismatchError(`encoding ${metadata.encoding ?? "none"}`, `encoding ${encoding ?? "none"}`);
  }
  const begun = Object.fromEntries(
    Object.entries(metadata.encoder ?? {}).filter(([name]) =>
      (format.encoderOptions as readonly string[]).includes(name),
    ),
  );
  const facts = storeFacts(metadata);
  const store: StoreAtWork = { root, uuid: metadata.uuid, format, files, digest };
  const names = await files.list(root);
  const realRoot = await realpath(root);
  for (const number of journaledChunks(names)) {
    await checkOwnFiles(realRoot, Object.values(chunkPaths(root, format.layout, format.extension, number)));
    const unfinished = await readUnfinishedChunk(store, number, false);
    if (unfinished) await finishChunk(store, unfinished, facts);
  }
  return {
    ...common,
    uuid: metadata.uuid ?? "",
    chunkSize: chunkSize ?? Math.min(metadata.chunkSize, mostFramesInChunk),
    options: { ...common.options, encoder: encoderSettings(format, stored, { ...begun, ...asked }) },
    storeFacts: facts,
    before: await countFrames(common),
  };
}

async function countFrames({ path: root, format, files }: Common): Promise<StorePlan["before"]> {
  const { layout, extension } = format;
  const names = await files.list(root);
  const isPicturesFolder = layout === "directory";
  const entries = names.map((name) => ({ name, isFolder: isPicturesFolder && /^\d+$/.test(name) }));
  const { chunks } = findChunks(entries, layout, extension);
  let length = 0;
  let startTime: number | undefined;
  let last: Stamp | undefined;
  for (const chunk of chunks) {
    const index = await readChunkIndex(root, chunkPaths(root, layout, extension, chunk));
    const rank = (index?.times.length ?? 0) - 1;
    if (index === undefined || rank < 0) continue;
    length += rank + 1;
    startTime ??= index.times[0];
    const number = index.numbers[rank]!;
    last = {
      number: Number.isSafeInteger(Number(number)) ? Number(number) : number,
      time: index.times[rank]!,
    };
  }
  return {
    length,
    nextChunk: firstFreeChunk(names),
    last,
    ...(startTime !== undefined && { startTime }),
  };
}
