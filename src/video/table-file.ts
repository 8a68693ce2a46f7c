import { open, rename, rm, stat, writeFile } from "node:fs/promises";
import { createXXHash3 } from "hash-wasm";
import type { VideoStreamInfo } from "./ffmpeg/demuxer.js";
import { FrameTable, type PacketColumns } from "./frame-table.js";

/**
 * A frame table kept beside its video, as `NAME.marey-frames`:
 *
 *   8 bytes "MAREYFT1", uint32 length of the header, the header as JSON, then the columns, each from a multiple of 8:
 *   pts, dts, duration (float64 a packet), frame pts (float64 a frame), size (uint32 a packet), packet of each frame
 *   (uint32 a frame), flags (uint8 a packet). Little-endian.
 *
 * The header names the file that the table is of by size, time of change and a digest of its content, and ends with a
 * digest of the columns. Whatever does not fit is ignored: the table is only ever a short cut.
 */
const MAGIC = "MAREYFT1";
const SUFFIX = ".marey-frames";

/** Bytes from the start, the middle and the end of the file that its digest covers. */
const SAMPLE = 64 * 1024;

interface Header {
  readonly size: number;
  readonly modified: number;
  readonly content: string;
  readonly stream: string;
  readonly packets: number;
  readonly frames: number;
  readonly isDecoded: boolean;
  readonly columns: string;
}

/** The table that lies beside a video, if it is there and fits. */
export async function keptFrameTable(path: string, stream: VideoStreamInfo): Promise<FrameTable | undefined> {
  const kept = await readWhole(path + SUFFIX);
  if (!kept || kept.length < 12 || kept.toString("latin1", 0, 8) !== MAGIC) return undefined;
  const end = 12 + kept.readUInt32LE(8);
  const header = parseHeader(kept.subarray(12, end));
  if (!header || !fits(header, kept.length - align(end))) return undefined;
  const body = kept.subarray(align(end));
  const now = await identify(path, stream);
  const isOfThisFile =
    header.size === now.size &&
    header.modified === now.modified &&
    header.content === now.content &&
    header.stream === now.stream;
  if (!isOfThisFile || header.columns !== (await digest([body]))) return undefined;
  return decodeColumns(body, header);
}

/** Keeps a table beside a video. Does nothing where the folder cannot be written. */
export async function keepFrameTable(
  path: string,
  stream: VideoStreamInfo,
  table: FrameTable,
): Promise<void> {
  const body = encodeColumns(table);
  const header: Header = {
    ...(await identify(path, stream)),
    packets: table.frameOf.length,
    frames: table.length,
    isDecoded: table.isDecoded,
    columns: await digest([body]),
  };
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(align(12 + json.length));
  head.write(MAGIC, "latin1");
  head.writeUInt32LE(json.length, 8);
  json.copy(head, 12);
  const temporary = `${path}${SUFFIX}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, Buffer.concat([head, body]));
    await rename(temporary, path + SUFFIX);
  } catch {
    // A read-only folder or a full disk: the table is only a short cut.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function readWhole(path: string): Promise<Buffer | undefined> {
  try {
    const file = await open(path);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

async function identify(
  path: string,
  stream: VideoStreamInfo,
): Promise<Pick<Header, "size" | "modified" | "content" | "stream">> {
  const { size, mtimeMs } = await stat(path);
  const file = await open(path);
  try {
    const parts = await Promise.all(
      [0, Math.max(0, size / 2 - SAMPLE / 2), Math.max(0, size - SAMPLE)].map(async (at) => {
        const part = Buffer.alloc(Math.min(SAMPLE, size));
        const { bytesRead } = await file.read(part, 0, part.length, Math.floor(at));
        return part.subarray(0, bytesRead);
      }),
    );
    const { container, codec, timeBase } = stream;
    const name = `${container} ${codec} ${timeBase.num}/${timeBase.den}`;
    return { size, modified: mtimeMs, content: await digest(parts), stream: name };
  } finally {
    await file.close();
  }
}

async function digest(parts: readonly Uint8Array[]): Promise<string> {
  const hash = (await createXXHash3()).init();
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

function parseHeader(bytes: Buffer): Header | undefined {
  try {
    return JSON.parse(bytes.toString("utf8")) as Header;
  } catch {
    return undefined;
  }
}

const align = (offset: number): number => Math.ceil(offset / 8) * 8;

const BYTES_PER_PACKET = 8 + 8 + 8 + 4 + 1;
const BYTES_PER_FRAME = 8 + 4;

function fits({ packets, frames }: Header, bytes: number): boolean {
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  return (
    isCount(packets) && isCount(frames) && packets * BYTES_PER_PACKET + frames * BYTES_PER_FRAME === bytes
  );
}

function encodeColumns(table: FrameTable): Buffer {
  const { pts, dts, duration, size, flags } = table.packets;
  const columns = [pts, dts, duration, table.pts, size, table.packetOf, flags];
  return Buffer.concat(columns.map((each) => new Uint8Array(each.buffer, each.byteOffset, each.byteLength)));
}

function decodeColumns(body: Buffer, { packets, frames, isDecoded }: Header): FrameTable | undefined {
  // A copy: columns need an aligned buffer of their own.
  const { buffer } = Uint8Array.from(body);
  let at = 0;
  const take = <A>(
    column: new (buffer: ArrayBuffer, at: number, length: number) => A,
    n: number,
    bytes: number,
  ): A => {
    const taken = new column(buffer, at, n);
    at += n * bytes;
    return taken;
  };
  const columns = {
    pts: take(Float64Array, packets, 8),
    dts: take(Float64Array, packets, 8),
    duration: take(Float64Array, packets, 8),
  };
  const pts = take(Float64Array, frames, 8);
  const size = take(Uint32Array, packets, 4);
  const packetOf = take(Uint32Array, frames, 4);
  const all: PacketColumns = { ...columns, size, flags: take(Uint8Array, packets, 1) };
  if (packetOf.some((packet) => packet >= packets)) return undefined;
  return new FrameTable(all, packetOf, pts, isDecoded);
}
