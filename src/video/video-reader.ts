import { ClosedError, DecodeError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { FrameAddress } from "../core/frame-address.js";
import type { FrameIndex } from "../core/frame-index.js";
import type { ImageInfo } from "../core/image.js";
import { type FrameRange, resolveRange, type SeekableSource } from "../core/stream.js";
import { DecodeSession } from "./decode-session.js";
import { Converter } from "./ffmpeg/converter.js";
import type { NativeFrame } from "./ffmpeg/decoder.js";
import type { Demuxer, VideoStreamInfo } from "./ffmpeg/demuxer.js";
import { type PictureTags, tagsOf } from "./ffmpeg/lent-picture.js";
import { FrameCache } from "./frame-cache.js";
import { backwards, type FrameLoop, forwards } from "./frame-loop.js";
import type { FrameTable } from "./frame-table.js";
import { type Dress, LentFrames } from "./lent-frames.js";

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

/** How many frames ahead a backward or strided run is prepared. */
const AHEAD = 8;

/** What `openVideo` has found out. */
export interface OpenedVideo {
  readonly path: string;
  readonly demuxer: Demuxer;
  readonly session: DecodeSession;
  readonly table: FrameTable;
  readonly first: { readonly index: number; readonly frame: NativeFrame } | undefined;
  readonly keptTable: boolean;
  /** Bytes that the file's headers promise and that are not there. */
  readonly missingBytes: number;
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
  readonly #missingBytes: number;
  /** What the first picture is before it is converted. */
  readonly #decoded: { readonly info: ImageInfo; readonly tags: PictureTags } | undefined;
  readonly #convert: Dress = (native) => this.#converter.convert(native);
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
    const { path, demuxer, session, table, first, keptTable, missingBytes } = opened;
    this.path = path;
    this.stream = demuxer.info;
    this.index = table.index(demuxer.info.timeBase, demuxer.info.rate);
    this.#demuxer = demuxer;
    this.#session = session;
    this.#table = table;
    this.#options = options;
    this.#keptTable = keptTable;
    this.#missingBytes = missingBytes;
    this.#cache = new FrameCache(options.cacheBytes ?? DEFAULT_CACHE);
    this.#converter = new Converter(conversionOf(options, demuxer.info));
    if (first) this.#cache.put(first.index, first.frame);
    this.info = first ? this.#converter.infoOf(first.frame) : emptyInfo(demuxer.info);
    this.#decoded = first && { info: Converter.lentInfoOf(first.frame), tags: tagsOf(first.frame.frame) };
  }

  frame(address: FrameAddress): Promise<IndexedFrame> {
    return this.#dressed(address, this.#convert);
  }

  /**
   * Frames in order, forwards or backwards, with a decoder of its own.
   * @throws {DecodeError} at a damaged frame, unless `onDamage` is given.
   */
  async *frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    const converter = new Converter(conversionOf(this.#options, this.stream));
    try {
      yield* this.#loop(range, (native) => converter.convert(native));
    } finally {
      converter.close();
    }
  }

  /**
   * @internal Its frames for an encoder that takes their planes as they are; closing them closes this. Undefined where frames
   * are more than what was decoded: turned, shrunk or in another colour.
   */
  lent(): LentFrames | undefined {
    const { as, rotation, maxSize } = conversionOf(this.#options, this.stream);
    if (!this.#decoded || as !== "auto" || rotation !== 0 || maxSize) return undefined;
    const frames = {
      index: this.index,
      frame: (address: FrameAddress, dress: Dress) => this.#dressed(address, dress),
      frames: (range: FrameRange, dress: Dress) => this.#loop(range, dress),
      describe: () => this.describe(),
      close: () => this.close(),
    };
    return new LentFrames(frames, this.#decoded.info, this.#decoded.tags);
  }

  [Symbol.asyncIterator](): AsyncIterator<IndexedFrame> {
    return this.frames()[Symbol.asyncIterator]();
  }

  /** @internal Where every frame lies. */
  get table(): FrameTable {
    return this.#table;
  }

  /** @internal Its packets, from the start, for a reader of its own who closes what he gets. */
  reopen(): Promise<Demuxer> {
    this.#checkOpen();
    return this.#demuxer.reopen();
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
      pixelFormat: this.#decoded?.tags.pixelFormat,
      rate,
      timeBase: `${timeBase.num}/${timeBase.den}`,
      claimedFrames: claimedFrames || undefined,
      missingBytes: this.#missingBytes || undefined,
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

  async #dressed(address: FrameAddress, dress: Dress): Promise<IndexedFrame> {
    this.#checkOpen();
    const index = this.index.locate(address);
    const ahead = this.#prefetch;
    if (ahead && Math.abs(index - ahead.index) > AHEAD) ahead.control.abort();
    return this.#inTurn(() => this.#frame(index, dress));
  }

  async *#loop(range: FrameRange, dress: Dress): AsyncGenerator<IndexedFrame> {
    this.#checkOpen();
    const run = resolveRange(range, this.index.length);
    const session = await DecodeSession.open(this.#demuxer, {
      threads: this.#options.threads ?? 0,
      table: this.#table,
    });
    this.#loops.add(session);
    try {
      const loop: FrameLoop = {
        session,
        range: run,
        onDamage: range.onDamage,
        cacheBytes: this.#options.cacheBytes ?? DEFAULT_CACHE,
        dress: (index, native) => this.#framed(index, native, dress),
        damage: (index, native) => this.#damage(index, native),
      };
      for await (const frame of run.step > 0 ? forwards(loop) : backwards(loop)) {
        yield frame;
        this.#checkOpen();
      }
    } finally {
      this.#loops.delete(session);
      this.#pastLoops.framesDecoded += session.counters.framesDecoded;
      this.#pastLoops.seeks += session.counters.seeks;
      await session.close();
    }
  }

  async #frame(index: number, dress: Dress): Promise<IndexedFrame> {
    const stride = index - this.#last;
    const isSteady = stride === this.#stride && stride !== 0 && Math.abs(stride) <= NEAR;
    this.#stride = stride;
    this.#last = index;
    if (this.#cache.has(index)) this.#cacheHits++;
    else await this.#fetch(index, stride > -NEAR && stride <= NEAR ? "run" : "jump");
    const native = this.#cache.get(index);
    const error = this.#damage(index, native);
    if (error || !native) throw error;
    const frame = this.#framed(index, native, dress);
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

  #framed(index: number, native: NativeFrame, dress: Dress): IndexedFrame {
    const { num, den } = this.stream.timeBase;
    const pts = this.#table.pts[index]!;
    const duration = (this.#table.duration(index) * num) / den;
    return {
      index,
      number: index,
      time: this.index.time(index),
      image: dress(native),
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

function conversionOf(options: VideoReadOptions, stream: VideoStreamInfo) {
  return {
    as: options.as ?? "auto",
    rotation: options.rotation === "none" ? 0 : stream.rotation,
    maxSize: options.maxSize,
  };
}

function emptyInfo(stream: VideoStreamInfo): ImageInfo {
  return { width: stream.width, height: stream.height, channels: 3, dtype: "uint8", color: "bgr" };
}
