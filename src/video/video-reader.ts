import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ClosedError, DecodeError, FileFormatError, MareyError, NotFoundError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { FrameAddress } from "../core/frame-address.js";
import type { FrameIndex } from "../core/frame-index.js";
import type { ImageInfo } from "../core/image.js";
import { type FrameRange, resolveRange, type SeekableSource } from "../core/stream.js";
import { DecodeSession } from "./decode-session.js";
import { Converter } from "./ffmpeg/converter.js";
import type { NativeFrame } from "./ffmpeg/decoder.js";
import { Demuxer, type VideoStreamInfo } from "./ffmpeg/demuxer.js";
import { FrameCache } from "./frame-cache.js";
import type { FrameTable } from "./frame-table.js";
import { buildFrameTable } from "./packet-index.js";
import { keepFrameTable, keptFrameTable } from "./table-file.js";

/** The colour in which a video gives its frames. */
export type VideoColor = "auto" | "bgr" | "rgb" | "gray" | "native";

export interface VideoReadOptions {
  /**
   * `auto`: gray pixel formats as gray, all others as bgr. `native`: the decoded planes, as they are.
   * `gray` is the luma at full range; see `Converter` for the rules of colour, range and depth.
   * @default "auto"
   */
  readonly as?: VideoColor;
  /** Turn the picture as the file asks, or not. `native` planes are never turned. @default "auto" */
  readonly rotation?: "auto" | "none";
  /** Shrink to fit, keeping the aspect ratio; never enlarges. Pixels, as shown. */
  readonly maxSize?: { readonly width: number; readonly height: number };
  /** Bytes of decoded pictures that are kept, the latest used. @default 256 MiB */
  readonly cacheBytes?: number;
  /** Decoder threads; 0 lets the decoder choose. @default 0 */
  readonly threads?: number;
  /**
   * Keep the frame table beside the file (`NAME.marey-frames`), so that the next open reads no packets. A kept table
   * is used whenever it fits the file's size, time and content. @default false
   */
  readonly keepTable?: boolean;
  /** Cancels the opening. */
  readonly signal?: AbortSignal;
}

/** How a reader has read so far, `frames()` loops included. */
export interface VideoStats {
  readonly framesDecoded: number;
  readonly seeks: number;
  readonly cacheHits: number;
  /** Bytes of decoded pictures in the cache now. */
  readonly cacheBytes: number;
  /** True if the container does not tell the presentation order, so that every frame was decoded once at opening. */
  readonly orderedByDecoding: boolean;
  /** True if the frame table came from beside the file. */
  readonly keptTable: boolean;
}

const DEFAULT_CACHE = 256 * 1024 * 1024;

/** Requests this far ahead of the last one are taken for reading on, not for a jump. */
const NEAR = 8;

/** Frames among which the first one that can be decoded has to be. */
const FIRST_FRAMES = 16;

/** How many frames ahead a backward or strided run is prepared. */
const AHEAD = 8;

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
  const url = await addressOf(path);
  let demuxer: Demuxer | undefined;
  let session: DecodeSession | undefined;
  let early: Promise<NativeFrame | undefined> | undefined;
  try {
    demuxer = await Demuxer.open(url);
    session = await DecodeSession.open(demuxer, { threads: options.threads ?? 0 });
    // Only pictures know their pixel format, so one is decoded, on another thread, while this one scans the packets.
    early = session.decodeFirst();
    early.catch(() => undefined);
    const file = url.startsWith("file:") ? url.slice("file:".length) : undefined;
    const kept = file ? await keptFrameTable(file, demuxer.info) : undefined;
    const table = kept ?? (await buildFrameTable(demuxer, { signal: options.signal }));
    if (file && !kept && options.keepTable) await keepFrameTable(file, demuxer.info, table);
    session.attach(table);
    const first = await firstPicture(session, table, await early);
    if (!first && table.length > 0) throw new Error("none of its first frames can be decoded");
    if (!first && demuxer.info.width === 0) throw new Error("there is no frame in it");
    return new VideoReader({ path: file ?? url, demuxer, session, table, first, keptTable: !!kept }, options);
  } catch (error) {
    (await early?.catch(() => undefined))?.release();
    await session?.close();
    await demuxer?.close();
    if (error instanceof MareyError || options.signal?.aborted) throw error;
    throw new FileFormatError(String(path), `cannot be read as video: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

interface OpenedVideo {
  readonly path: string;
  readonly demuxer: Demuxer;
  readonly session: DecodeSession;
  readonly table: FrameTable;
  readonly first: { readonly index: number; readonly frame: NativeFrame } | undefined;
  readonly keptTable: boolean;
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
    const take = keepOnly(index);
    await session.fetch(index, { way: "jump", keep: take.keep });
    const frame = take.frame();
    if (frame) return { index, frame };
  }
  return undefined;
}

/** A video as a `SeekableSource`. Made by `openVideo`. */
export class VideoReader implements SeekableSource {
  readonly path: string;
  readonly index: FrameIndex;
  readonly info: ImageInfo;
  /** What the container says, before anything is decoded. */
  readonly stream: VideoStreamInfo;
  readonly #table: FrameTable;
  readonly #demuxer: Demuxer;
  readonly #session: DecodeSession;
  readonly #converter: Converter;
  readonly #cache: FrameCache;
  readonly #options: VideoReadOptions;
  readonly #loops = new Set<DecodeSession>();
  readonly #keptTable: boolean;
  readonly #pixelFormat: string | undefined;
  #pastLoops = { framesDecoded: 0, seeks: 0 };
  #cacheHits = 0;
  /** The request before; NaN at first. */
  #last = Number.NaN;
  #stride = 0;
  /** Requests take turns: a decoder does one thing at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #prefetch: { readonly index: number; readonly control: AbortController } | undefined;
  #isClosed = false;

  /** @internal Use `openVideo`. */
  constructor(opened: OpenedVideo, options: VideoReadOptions) {
    const { path, demuxer, session, table, first, keptTable } = opened;
    this.path = path;
    this.stream = demuxer.info;
    this.index = table.index(demuxer.info.timeBase, demuxer.info.rate);
    this.#demuxer = demuxer;
    this.#session = session;
    this.#table = table;
    this.#options = options;
    this.#keptTable = keptTable;
    this.#cache = new FrameCache(options.cacheBytes ?? DEFAULT_CACHE);
    this.#converter = new Converter(conversionOf(options, demuxer.info));
    if (first) this.#cache.put(first.index, first.frame);
    this.info = first ? this.#converter.infoOf(first.frame) : emptyInfo(demuxer.info);
    this.#pixelFormat = first ? this.#converter.pixelFormatOf(first.frame) : undefined;
  }

  async frame(address: FrameAddress): Promise<IndexedFrame> {
    this.#checkOpen();
    const index = this.index.locate(address);
    const ahead = this.#prefetch;
    if (ahead && Math.abs(index - ahead.index) > AHEAD) ahead.control.abort();
    return this.#inTurn(() => this.#frame(index));
  }

  /**
   * Frames in order, forwards or backwards, with a decoder of its own.
   * @throws {DecodeError} at a damaged frame, unless `onDamage` is given.
   */
  async *frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    this.#checkOpen();
    const run = resolveRange(range, this.index.length);
    const session = await DecodeSession.open(this.#demuxer, {
      threads: this.#options.threads ?? 0,
      table: this.#table,
    });
    this.#loops.add(session);
    try {
      if (run.step > 0) yield* this.#forwards(session, run, range.onDamage);
      else yield* this.#backwards(session, run, range.onDamage);
    } finally {
      this.#loops.delete(session);
      this.#pastLoops.framesDecoded += session.counters.framesDecoded;
      this.#pastLoops.seeks += session.counters.seeks;
      await session.close();
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<IndexedFrame> {
    return this.frames()[Symbol.asyncIterator]();
  }

  stats(): VideoStats {
    const all = [this.#session.counters, this.#pastLoops, ...[...this.#loops].map((loop) => loop.counters)];
    return {
      framesDecoded: all.reduce((sum, each) => sum + each.framesDecoded, 0),
      seeks: all.reduce((sum, each) => sum + each.seeks, 0),
      cacheHits: this.#cacheHits,
      cacheBytes: this.#cache.bytes,
      orderedByDecoding: this.#table.isDecoded,
      keptTable: this.#keptTable,
    };
  }

  describe(): Record<string, unknown> {
    const { container, codec, claimedFrames, rate, rotation, pixelAspect, timeBase } = this.stream;
    const keys = this.#table.packetOf.reduce(
      (sum, packet) => sum + Number(this.#table.isKeyPacket(packet)),
      0,
    );
    return {
      container,
      codec,
      pixelFormat: this.#pixelFormat,
      rate,
      timeBase: `${timeBase.num}/${timeBase.den}`,
      claimedFrames: claimedFrames || undefined,
      keyframes: keys,
      packets: this.#table.frameOf.length,
      rotation,
      pixelAspect,
      orderedByDecoding: this.#table.isDecoded,
    };
  }

  /** Requests that were made before are still answered; loops that are under way end with a `ClosedError`. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#prefetch?.control.abort();
    await this.#turn;
    this.#cache.clear();
    this.#converter.close();
    await this.#session.close();
    await this.#demuxer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ClosedError(this.path);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const result = this.#turn.then(work);
    this.#turn = result.then(
      () => this.#waiting--,
      () => this.#waiting--,
    );
    return result;
  }

  async #frame(index: number): Promise<IndexedFrame> {
    const stride = index - this.#last;
    const isSteady = stride === this.#stride && stride !== 0 && Math.abs(stride) <= NEAR;
    this.#stride = stride;
    this.#last = index;
    if (this.#cache.has(index)) this.#cacheHits++;
    else await this.#fetch(index, stride > -NEAR && stride <= NEAR ? "run" : "jump");
    const native = this.#cache.get(index);
    const error = this.#damage(index, native);
    if (error || !native) throw error;
    const frame = this.#dress(index, native);
    if (isSteady) this.#prepare(index + stride * (stride === 1 ? 1 : AHEAD));
    return frame;
  }

  async #fetch(index: number, way: "jump" | "run", signal?: AbortSignal): Promise<void> {
    const keep = (frame: NativeFrame, at: number): void => {
      // What comes out after the wanted frame must not push it out.
      if (at <= index) this.#cache.put(at, frame);
      else this.#cache.offer(at, frame);
    };
    await this.#session.fetch(index, { way, keep, signal });
  }

  /** Decodes ahead while nobody waits. */
  #prepare(index: number): void {
    if (index < 0 || index >= this.index.length || this.#cache.has(index) || this.#waiting > 1) return;
    const control = new AbortController();
    this.#prefetch = { index, control };
    this.#turn = this.#turn.then(async () => {
      if (this.#isClosed || control.signal.aborted) return;
      // What goes wrong ahead goes wrong again, and is told, when that frame is asked for.
      await this.#fetch(index, "run", control.signal).catch(() => undefined);
    });
  }

  async *#forwards(
    session: DecodeSession,
    { start, count, step }: { readonly start: number; readonly count: number; readonly step: number },
    onDamage: FrameRange["onDamage"],
  ): AsyncGenerator<IndexedFrame> {
    const converter = new Converter(conversionOf(this.#options, this.stream));
    try {
      for (let i = 0; i < count; i++) {
        const index = start + i * step;
        const native = await this.#reach(session, index, step === 1 && i > 0);
        const error = this.#damage(index, native);
        if (step === 1 && i + 1 < count) session.readAhead();
        try {
          if (error) report(error, onDamage);
          else yield this.#dress(index, native!, converter);
        } finally {
          native?.release();
        }
        this.#checkOpen();
      }
    } finally {
      converter.close();
    }
  }

  /** One frame of a forward loop: the next one in the decoder, or one that is looked for. */
  async #reach(session: DecodeSession, index: number, isNext: boolean): Promise<NativeFrame | undefined> {
    const next = isNext ? await session.next(index) : undefined;
    if (next && !(next.isUnsure && session.start > 0)) return next;
    next?.release();
    if (isNext && !next && session.start === 0) return undefined;
    const take = keepOnly(index);
    await session.fetch(index, { way: "run", keep: take.keep });
    return take.frame();
  }

  /**
   * A group of pictures decodes forwards only. So it is decoded up to the wanted frame, the last pictures of it are
   * kept as far as the cache's size allows, and handed out from the end.
   */
  async *#backwards(
    session: DecodeSession,
    { start, count, step }: { readonly start: number; readonly count: number; readonly step: number },
    onDamage: FrameRange["onDamage"],
  ): AsyncGenerator<IndexedFrame> {
    const converter = new Converter(conversionOf(this.#options, this.stream));
    const segment = new FrameCache(this.#options.cacheBytes ?? DEFAULT_CACHE);
    try {
      for (let i = 0; i < count; i++) {
        const index = start + i * step;
        if (!segment.has(index)) {
          segment.clear();
          const isWanted = (at: number): boolean => at <= index && (index - at) % -step === 0;
          await session.fetch(index, {
            way: "run",
            keep: (frame, at) => (isWanted(at) ? segment.put(at, frame) : frame.release()),
          });
        }
        const native = segment.get(index);
        const error = this.#damage(index, native);
        if (error) report(error, onDamage);
        else yield this.#dress(index, native!, converter);
        this.#checkOpen();
      }
    } finally {
      segment.clear();
      converter.close();
    }
  }

  #dress(index: number, native: NativeFrame, converter = this.#converter): IndexedFrame {
    const { num, den } = this.stream.timeBase;
    const pts = this.#table.pts[index]!;
    const duration = (this.#table.duration(index) * num) / den;
    return {
      index,
      number: index,
      time: this.index.time(index),
      image: converter.convert(native),
      key: this.#table.isKey(index),
      ...(Number.isNaN(pts) ? {} : { pts }),
      ...(duration > 0 ? { duration } : {}),
    };
  }

  #damage(index: number, native: NativeFrame | undefined): DecodeError | undefined {
    if (native && !native.isDamaged) return undefined;
    const found = native
      ? "its data is damaged (the decoder had to guess)"
      : "no picture comes out of its data";
    return new DecodeError(this.path, index, found);
  }
}

function report(error: DecodeError, onDamage: FrameRange["onDamage"]): void {
  if (!onDamage) throw error;
  onDamage(error);
}

function conversionOf(options: VideoReadOptions, stream: VideoStreamInfo) {
  return {
    as: options.as ?? "auto",
    rotation: options.rotation === "none" ? 0 : stream.rotation,
    maxSize: options.maxSize,
  };
}

/** Takes one frame out of many and lets the others go. */
function keepOnly(index: number): {
  keep: (frame: NativeFrame, at: number) => void;
  frame: () => NativeFrame | undefined;
} {
  let kept: NativeFrame | undefined;
  return {
    keep: (frame, at) => {
      if (at !== index) return frame.release();
      kept?.release();
      kept = frame;
    },
    frame: () => kept,
  };
}

function emptyInfo(stream: VideoStreamInfo): ImageInfo {
  return { width: stream.width, height: stream.height, channels: 3, dtype: "uint8", color: "bgr" };
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
  return `file:${file}`;
}
