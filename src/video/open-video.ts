import { open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FileFormatError, MareyError, NotFoundError } from "../core/errors.js";
import { keepFreedMemory } from "../core/freed-memory.js";
import { DecodeSession } from "./decode-session.js";
import type { NativeFrame } from "./ffmpeg/decoder.js";
import { Demuxer } from "./ffmpeg/demuxer.js";
import { type FileShape, fileShape, soundShape } from "./file-shape.js";
import { fetchOnly } from "./frame-loop.js";
import type { FrameTable } from "./frame-table.js";
import { buildFrameTable } from "./packet-index.js";
import { keepFrameTable, keptFrameTable } from "./table-file.js";
import { type OpenedVideo, VideoReader, type VideoReadOptions } from "./video-reader.js";

/** Frames among which the first one that can be decoded has to be. */
const FIRST_FRAMES = 16;

/**
 * Opens any video that FFmpeg decodes.
 *
 * A frame's time is its presentation time in the container. Where the container has none, the frame has no `pts`, and
 * its time is estimated from its neighbours or the frame rate.
 *
 * The packets are read once, not decoded, to find every frame; frame k is the k-th that is presented, whatever the
 * container says of counts, starts and rates. Frames outside an edit list are not presented.
 * @param path a file, a `file:` URL, or a network address that FFmpeg knows.
 * @throws {NotFoundError} if there is no such file; {FileFormatError} if it is no video, or damaged beyond opening.
 */
export async function openVideo(path: string | URL, options: VideoReadOptions = {}): Promise<VideoReader> {
  keepFreedMemory();
  const url = await addressOf(path);
  const file = url.startsWith("file:") ? url.slice("file:".length) : undefined;
  const outside = file ? fileShape(file).catch(() => soundShape) : soundShape;
  let demuxer: Demuxer | undefined;
  let session: DecodeSession | undefined;
  let early: Promise<NativeFrame | undefined> | undefined;
  try {
    demuxer = await Demuxer.open(url);
    session = await DecodeSession.open(demuxer, { threads: options.threads ?? 0 });
    // Only pictures know their pixel format, so one is decoded, on another thread, while this one scans the packets.
    early = session.decodeFirst();
    early.catch(() => undefined);
    const kept = file ? await keptFrameTable(file, demuxer.info) : undefined;
    const table = kept ?? (await buildFrameTable(demuxer, { signal: options.signal }));
    if (file && !kept && options.keepTable) await keepFrameTable(file, demuxer.info, table);
    session.attach(table);
    const first = await firstPicture(session, table, await early);
    if (!first && table.length > 0) throw new Error("none of its first frames can be decoded");
    if (!first && demuxer.info.width === 0) throw new Error("there is no frame in it");
    const { missingBytes } = await outside;
    const found = { path: file ?? url, demuxer, session, table, first, keptTable: !!kept, missingBytes };
    return new VideoReader(found, options);
  } catch (error) {
    (await early?.catch(() => undefined))?.release();
    await session?.close();
    await demuxer?.close();
    if (error instanceof MareyError || options.signal?.aborted) throw error;
    const reason = reasonOfShape(await outside) ?? (error as Error).message;
    throw new FileFormatError(String(path), `cannot be read as video: ${reason}`, { cause: error });
  }
}

/** Says more than FFmpeg's "invalid data", where the outside of the file shows what happened to it. */
function reasonOfShape({ lacksIndex, missingBytes }: FileShape): string | undefined {
  if (lacksIndex) return "its index (moov) is missing: never finished, or cut short";
  return missingBytes > 0 ? `cut short: its header tells of ${missingBytes} more bytes` : undefined;
}

/** The first frame that can be decoded. A stream that starts damaged is still a stream, but not for ever. */
async function firstPicture(
  session: DecodeSession,
  table: FrameTable,
  early: NativeFrame | undefined,
): Promise<OpenedVideo["first"]> {
  const shown = early ? (table.frameOf[early.packet] ?? -1) : -1;
  if (early && shown === 0) return { index: 0, frame: early };
  early?.release();
  for (let index = 0; index < Math.min(table.length, FIRST_FRAMES); index++) {
    const frame = await fetchOnly(session, index, "jump");
    if (frame) return { index, frame };
  }
  return undefined;
}

async function addressOf(path: string | URL): Promise<string> {
  const isUrl = path instanceof URL || /^[a-z][a-z0-9+.-]+:\/\//i.test(path);
  if (isUrl && !String(path).startsWith("file:")) return String(path);
  // The prefix keeps FFmpeg from reading a protocol into a file name that has a colon in it.
  const file = resolve(isUrl ? fileURLToPath(path) : String(path));
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw new NotFoundError(String(path), cause.code === "ENOENT" ? "no such file" : cause.message, {
      cause,
    });
  });
  if (found.isDirectory()) throw new FileFormatError(String(path), "is a folder, not a video file");
  if (!found.isFile()) throw new FileFormatError(String(path), "is not a regular file");
  await refuseLists(file, String(path));
  return `file:${file}`;
}

/** How playlists, manifests, concat scripts and session descriptions begin. */
const lists = [/^\s*#EXTM3U/, /^\s*ffconcat /, /^v=0\r?\n/, /^\s*(<\?xml[^>]*>\s*)?<(MPD|smil|asx)\b/i];

/** Some "videos" are lists of other files, anywhere on the machine. @throws {FileFormatError} if this is one. */
async function refuseLists(file: string, path: string): Promise<void> {
  const handle = await open(file).catch((cause: Error) => {
    throw new NotFoundError(path, `cannot be read: ${cause.message}`, { cause });
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
    const head = buffer.toString("latin1", 0, bytesRead);
    if (lists.some((list) => list.test(head))) {
      throw new FileFormatError(path, "is a list of other files; open these instead");
    }
  } finally {
    await handle.close();
  }
}
