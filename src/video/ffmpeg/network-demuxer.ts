import {
  AV_LOG_WARNING,
  AV_PKT_DATA_NEW_EXTRADATA,
  AV_PKT_FLAG_CORRUPT,
  AV_PKT_FLAG_KEY,
  AVDISCARD_ALL,
  AVERROR_EOF,
  AVMEDIA_TYPE_VIDEO,
} from "node-av/constants";
import { avGetCodecName, Dictionary, FormatContext, Log, Packet, type Stream } from "node-av/lib";
import type { CodedCodec } from "../../core/coded-frame.js";
import { reason, ticks } from "./binding.js";
import { codedCodecs } from "./coded-packets.js";

/** What came of a video stream with one call: a whole frame, or where the transport cuts frames up, a part of one. */
export interface StreamPiece {
  readonly codec: CodedCodec;
  readonly data: Uint8Array;
  /** Seconds on the stream's own clock, going on where its ticks begin again from 0; NaN where it has none. */
  readonly pts: number;
  /** The demuxer says so; byte streams of H.264 and H.265 have to be looked at instead. */
  readonly isKey: boolean;
  /** The transport knows that bytes are missing in it. */
  readonly isDamaged: boolean;
  /** It is a whole frame: nothing is to be added to it. */
  readonly isWhole: boolean;
  /** Seconds on the monotonic clock when it was here. */
  readonly arrived: number;
  /** The codec's headers where the container tells them. */
  readonly extradata: Uint8Array;
}

/** Containers whose packets are frames, with stamps and keyframe flags. The others are cut up by RTP or MPEG-TS. */
const wholeContainers = /^(flv|live_flv|mpjpeg|matroska)/;

/** Streams of other kinds may come before the video, and a container may tell of its streams with their first packets. */
const MOST_OTHER_PACKETS = 5000;

/**
 * A stream from the network, piece by piece as it comes in. Nothing is parsed ahead and nothing is held back, so that
 * each piece has the time at which its last byte was here. One call at a time.
 */
export class NetworkDemuxer {
  readonly container: string;
  readonly #format: FormatContext;
  readonly #packet = new Packet();
  readonly #isWhole: boolean;
  #stream: Stream | undefined;
  #codec: CodedCodec | undefined;
  #secondsPerTick = Number.NaN;
  /** Ticks after which stamps begin again; 0 where they do not. */
  #wrap = 0;
  #lastTicks = Number.NaN;
  #extradata = new Uint8Array(0);
  #reading: Promise<number> | undefined;

  private constructor(format: FormatContext) {
    this.#format = format;
    this.container = format.iformat?.name ?? "unknown";
    this.#isWhole = wholeContainers.test(this.container);
    this.#packet.alloc();
  }

  /**
   * @param options of FFmpeg's protocols and demuxers.
   * @throws {Error} in FFmpeg's words, if it cannot be opened.
   */
  static async open(url: string, options: Readonly<Record<string, string>>): Promise<NetworkDemuxer> {
    const format = new FormatContext();
    format.allocContext();
    // Without parsing: FFmpeg's parsers hold a frame back until the next has begun.
    const all = Dictionary.fromObject({ ...options, fflags: "+noparse+nofillin+nobuffer" });
    try {
      const code = await format.openInput(url, null, all);
      if (code < 0) throw new Error(reason(code));
      return new NetworkDemuxer(format);
    } catch (error) {
      await format.closeInput();
      throw error;
    } finally {
      all.free();
    }
  }

  /**
   * The next piece of the video.
   * @returns undefined where the stream ends.
   * @throws {Error} if it breaks, holds no video, or video in a codec that is not handed on.
   */
  async read(): Promise<StreamPiece | undefined> {
    for (let others = 0; ; others++) {
      this.#packet.unref();
      this.#reading = this.#format.readFrame(this.#packet);
      const code = await this.#reading;
      this.#reading = undefined;
      const arrived = Number(process.hrtime.bigint()) / 1e9;
      if (code < 0) {
        if (code === AVERROR_EOF) return undefined;
        throw new Error(reason(code));
      }
      this.#stream ??= this.#findVideo();
      if (this.#stream !== undefined && this.#packet.streamIndex === this.#stream.index) {
        const piece = this.#pieceOf(this.#stream, arrived);
        if (piece !== undefined) return piece;
      } else if (this.#stream === undefined && others >= MOST_OTHER_PACKETS) {
        throw new Error(`no video in it (found: ${this.#found()})`);
      }
    }
  }

  /** Lets the server go, once the call that runs is back. */
  async close(): Promise<void> {
    await this.#reading?.catch(() => {});
    this.#packet.free();
    await this.#format.closeInput();
  }

  #findVideo(): Stream | undefined {
    const streams = this.#format.streams;
    const video = streams.find(({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_VIDEO);
    if (video === undefined) return undefined;
    for (const other of streams) if (other.index !== video.index) other.discard = AVDISCARD_ALL;
    const { codecId } = video.codecpar;
    const known = Object.keys(codedCodecs) as CodedCodec[];
    this.#codec = known.find((name) => codedCodecs[name] === codecId);
    if (this.#codec === undefined) {
      const name = avGetCodecName(codecId) ?? "unknown";
      throw new Error(`its video codec is ${name}, and cameras are read in ${known.join(", ")}`);
    }
    const { num, den } = video.timeBase;
    this.#secondsPerTick = num / den;
    // FFmpeg unwraps RTP's 32 bits itself; MPEG-TS has 33, which are gone through in a day.
    this.#wrap = this.container === "mpegts" ? 2 ** video.ptsWrapBits : 0;
    this.#extradata = copyOf(video.codecpar.extradata);
    return video;
  }

  #pieceOf(stream: Stream, arrived: number): StreamPiece | undefined {
    const packet = this.#packet;
    const data = packet.data;
    if (data === null || data.length === 0) return undefined;
    const flags: number = packet.flags;
    const fresh = packet.getSideData(AV_PKT_DATA_NEW_EXTRADATA);
    if (fresh !== null && fresh.length > 0) this.#extradata = copyOf(fresh);
    else if (this.#extradata.length === 0) this.#extradata = copyOf(stream.codecpar.extradata);
    return {
      codec: this.#codec!,
      data: copyOf(data),
      pts: this.#unwrapped(ticks(packet.pts)) * this.#secondsPerTick,
      isKey: (flags & AV_PKT_FLAG_KEY) !== 0 || this.#codec === "mjpeg",
      isDamaged: (flags & AV_PKT_FLAG_CORRUPT) !== 0,
      isWhole: this.#isWhole || this.#codec === "mjpeg",
      arrived,
      extradata: this.#extradata,
    };
  }

  /** The stamp nearest to the last one that means the same. */
  #unwrapped(value: number): number {
    if (Number.isNaN(value)) return value;
    const last = this.#lastTicks;
    const unwrapped =
      this.#wrap === 0 || Number.isNaN(last)
        ? value
        : value + Math.round((last - value) / this.#wrap) * this.#wrap;
    this.#lastTicks = unwrapped;
    return unwrapped;
  }

  #found(): string {
    const names = this.#format.streams.map(({ codecpar }) => avGetCodecName(codecpar.codecId) ?? "unknown");
    return names.join(", ") || "no streams";
  }
}

/**
 * Calls back with the number of RTP packets that never came. FFmpeg says so nowhere but in its log. For a process that
 * reads one stream.
 */
export function onMissedPackets(call: (count: number) => void): void {
  Log.setLevel(AV_LOG_WARNING);
  Log.setCallback((_, message) => {
    const missed = /RTP: missed (-?\d+) packets/.exec(message);
    if (missed !== null) call(Number(missed[1]));
  });
}

function copyOf(bytes: Uint8Array | null): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes ?? []);
}
