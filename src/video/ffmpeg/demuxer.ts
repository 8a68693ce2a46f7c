import {
  AV_CODEC_ID_NONE,
  AV_DISPOSITION_ATTACHED_PIC,
  AV_PKT_DATA_DISPLAYMATRIX,
  AV_PKT_FLAG_CORRUPT,
  AV_PKT_FLAG_DISCARD,
  AV_PKT_FLAG_KEY,
  AVDISCARD_ALL,
  AVMEDIA_TYPE_VIDEO,
  AVSEEK_FLAG_BACKWARD,
} from "node-av/constants";
import {
  avGetCodecName,
  BitStreamFilter,
  BitStreamFilterContext,
  Dictionary,
  FormatContext,
  Packet,
  type Stream,
} from "node-av/lib";
import { check, ticks } from "./binding.js";

export type { Packet } from "node-av/lib";

/** What a container says of its video stream, before anything is decoded. */
export interface VideoStreamInfo {
  readonly container: string;
  readonly codec: string;
  /** Pixels; 0 where only the pictures know. */
  readonly width: number;
  readonly height: number;
  /** Seconds a tick: the unit of every pts and dts. */
  readonly timeBase: { readonly num: number; readonly den: number };
  /** Frames that the container claims; 0 where it claims nothing. */
  readonly claimedFrames: number;
  /** Average frames a second, as the container has it; 0 where unknown. */
  readonly rate: number;
  /** Degrees clockwise that the picture is to be turned for showing: 0, 90, 180 or 270. */
  readonly rotation: number;
  /** Width to height of one pixel; 1 where unknown. */
  readonly pixelAspect: number;
  /** A still picture inside an audio file, not a video. */
  readonly isAttachedPicture: boolean;
  /** The container stores no header: streams, time stamps and packets are found by parsing. */
  readonly isParsed: boolean;
}

/** Demuxers that make a "video" of text or of other files; a lab never means them. */
const refusedFormats = new Set(["tty", "ansi", "bin", "xbin", "adf", "idf", "concat", "image2", "lavfi"]);

/** One open container, reading the packets of one video stream. */
export class Demuxer {
  readonly info: VideoStreamInfo;
  readonly stream: Stream;
  readonly #format: FormatContext;
  readonly #packet: Packet;
  readonly #isRemote: boolean;
  readonly #url: string;
  readonly #index: number;
  /** There is no other stream whose packets could come. */
  readonly #isAlone: boolean;
  readonly #unpacker: BitStreamFilterContext | undefined;
  #isClosed = false;

  private constructor(
    url: string,
    isRemote: boolean,
    format: FormatContext,
    stream: Stream,
    isParsed: boolean,
  ) {
    this.#url = url;
    this.#isRemote = isRemote;
    this.#format = format;
    this.stream = stream;
    this.#index = stream.index;
    this.#isAlone = format.nbStreams === 1 && !isParsed;
    this.#packet = new Packet();
    this.#packet.alloc();
    this.info = describeStream(format, stream, isParsed);
    this.#unpacker = this.info.codec === "mpeg4" ? openUnpacker(stream) : undefined;
  }

  /**
   * Opens a file or network address and picks its video stream.
   * @param url a path with the prefix `file:`, or a network address.
   * @throws {FFmpegFailure} if FFmpeg cannot open it; {Error} if there is no video in it.
   */
  static async open(url: string): Promise<Demuxer> {
    const format = new FormatContext();
    format.allocContext();
    try {
      check(await openWithin(format, url), "open");
      const name = format.iformat?.name ?? "unknown";
      if (refusedFormats.has(name)) throw new Error(`not a video (FFmpeg takes it for ${name})`);
      // Probing decodes frames and is slow, so it is done only where the header leaves the stream unknown.
      const isParsed = !format.streams.some(isKnown);
      if (isParsed) check(await format.findStreamInfo(), "find streams");
      const index = format.findBestStream(AVMEDIA_TYPE_VIDEO);
      const stream = format.streams[index];
      if (!stream) {
        const kinds = format.streams.map((each) => avGetCodecName(each.codecpar.codecId) ?? "unknown");
        throw new Error(`no video stream in it (found: ${kinds.join(", ") || "no streams"})`);
      }
      if (stream.codecpar.codecId === AV_CODEC_ID_NONE) throw new Error("its video codec is unknown");
      for (const other of format.streams) if (other.index !== index) other.discard = AVDISCARD_ALL;
      const isRemote = !url.startsWith("file:");
      return new Demuxer(url, isRemote, format, stream, isParsed);
    } catch (error) {
      await format.closeInput();
      throw error;
    }
  }

  /**
   * The next packet of the video stream. It belongs to the demuxer and is overwritten by the next call.
   * @returns undefined at the end of the file, or where it breaks off.
   */
  read(): Packet | undefined | Promise<Packet | undefined> {
    if (this.#isRemote) return this.#readRemote();
    for (;;) {
      this.#packet.unref();
      if (this.#format.readFrameSync(this.#packet) < 0) return undefined;
      if (this.#isAlone || this.#packet.streamIndex === this.#index) return this.#unpacked();
    }
  }

  async #readRemote(): Promise<Packet | undefined> {
    for (;;) {
      this.#packet.unref();
      if ((await this.#format.readFrame(this.#packet)) < 0) return undefined;
      if (this.#packet.streamIndex === this.#index) return this.#unpacked();
    }
  }

  #unpacked(): Packet {
    if (this.#unpacker?.sendPacketSync(this.#packet) === 0) this.#unpacker.receivePacketSync(this.#packet);
    return this.#packet;
  }

  /** Goes to the keyframe at or before a time stamp, in ticks. @returns whether the container could. */
  seek(timestamp: number): boolean {
    this.#unpacker?.flush();
    return this.#format.seekFrameSync(this.#index, BigInt(timestamp), AVSEEK_FLAG_BACKWARD) >= 0;
  }

  /** A second demuxer of the same file, at its start. */
  reopen(): Promise<Demuxer> {
    return Demuxer.open(this.#url);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#packet.free();
    this.#unpacker?.free();
    await this.#format.closeInput();
  }
}

/** A file may come from anywhere: whatever it refers to, it leads neither into the network nor to a device. */
async function openWithin(format: FormatContext, url: string): Promise<number> {
  if (!url.startsWith("file:")) return format.openInput(url);
  const options = Dictionary.fromObject({ protocol_whitelist: "file" });
  try {
    return await format.openInput(url, null, options);
  } finally {
    options.free();
  }
}

/** What the scan keeps of a packet. Ticks are NaN where the container has none. */
export interface PacketFacts {
  readonly pts: number;
  readonly dts: number;
  readonly duration: number;
  readonly size: number;
  readonly isKey: boolean;
  /** Decoded for the sake of others, never shown: outside the edit list, or hidden by the codec. */
  readonly isHidden: boolean;
  /** The file ends inside this packet. */
  readonly isBroken: boolean;
}

export function packetFacts(packet: Packet, codec: string): PacketFacts {
  // Every property is a call into native code, and a scan asks for millions: each is read once.
  const flags: number = packet.flags;
  return {
    pts: ticks(packet.pts),
    dts: ticks(packet.dts),
    duration: Number(packet.duration),
    size: packet.size,
    isKey: (flags & AV_PKT_FLAG_KEY) !== 0 && (codec !== "mpeg4" || isIntraVop(packet)),
    isHidden: (flags & AV_PKT_FLAG_DISCARD) !== 0 || isHiddenByCodec(packet, codec),
    isBroken: (flags & AV_PKT_FLAG_CORRUPT) !== 0,
  };
}

/**
 * DivX and Xvid pack a B-frame into the packet of the frame before it, and leave a stub in its own place: this puts
 * it back, so that one packet is one frame.
 */
function openUnpacker(stream: Stream): BitStreamFilterContext | undefined {
  const filter = BitStreamFilter.getByName("mpeg4_unpack_bframes");
  if (!filter) return undefined;
  const context = new BitStreamFilterContext();
  check(context.alloc(filter), "unpacker");
  if (context.inputCodecParameters) check(stream.codecpar.copy(context.inputCodecParameters), "unpacker");
  context.inputTimeBase = stream.timeBase;
  check(context.init(), "unpacker");
  return context;
}

/** Xvid's files flag stubs and B-frames as keyframes. An I-VOP says of itself that it is one (ISO/IEC 14496-2 §6.3.5). */
function isIntraVop(packet: Packet): boolean {
  const at = packet.data?.indexOf(VOP_START) ?? -1;
  return at >= 0 && ((packet.data?.[at + 4] ?? 0xff) & 0xc0) === 0;
}

const VOP_START = Buffer.from([0, 0, 1, 0xb6]);

/** VP8 and VP9 have reference pictures that are never shown; their first byte says so (RFC 6386 §9.1, VP9 §6.2). */
function isHiddenByCodec(packet: Packet, codec: string): boolean {
  if (codec !== "vp8" && codec !== "vp9") return false;
  const data = packet.data;
  const first = data?.[0];
  if (data === null || first === undefined) return false;
  if (codec === "vp8") return (first & 0x10) === 0;
  // A superframe (marker 0b110 in the last byte) ends with the picture that is shown.
  if ((data[data.length - 1]! & 0xe0) === 0xc0) return false;
  const isProfile3 = (first & 0x30) === 0x30;
  const showExisting = (first >> (isProfile3 ? 2 : 3)) & 1;
  const showFrame = (first >> (isProfile3 ? 0 : 1)) & 1;
  return showExisting === 0 && showFrame === 0;
}

function isKnown(stream: Stream): boolean {
  const { codecType, codecId, width } = stream.codecpar;
  return (
    codecType === AVMEDIA_TYPE_VIDEO &&
    codecId !== AV_CODEC_ID_NONE &&
    width > 0 &&
    (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) === 0
  );
}

function describeStream(format: FormatContext, stream: Stream, isParsed: boolean): VideoStreamInfo {
  const { codecpar } = stream;
  const { num, den } = stream.timeBase;
  const rate = stream.avgFrameRate;
  const aspect = stream.sampleAspectRatio;
  return {
    container: format.iformat?.name ?? "unknown",
    codec: avGetCodecName(codecpar.codecId) ?? "unknown",
    width: codecpar.width,
    height: codecpar.height,
    timeBase: { num, den },
    claimedFrames: Number(stream.nbFrames),
    rate: rate.num > 0 && rate.den > 0 ? rate.num / rate.den : 0,
    rotation: rotationOf(codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX)),
    pixelAspect: aspect.num > 0 && aspect.den > 0 ? aspect.num / aspect.den : 1,
    isAttachedPicture: (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) !== 0,
    isParsed,
  };
}

/**
 * The clockwise turn that a display matrix asks for, in quarter turns (other angles are left alone, mirrored
 * matrices too). The matrix is 3 x 3 of 16.16 fixed point, row by row (ISO/IEC 14496-12, `tkhd`).
 */
function rotationOf(matrix: Buffer | null): number {
  if (!matrix || matrix.length < 36) return 0;
  const at = (index: number): number => Math.sign(matrix.readInt32LE(index * 4));
  const [a, b, c, d] = [at(0), at(1), at(3), at(4)];
  if (a === 0 && d === 0 && b === 1 && c === -1) return 90;
  if (a === -1 && d === -1 && b === 0 && c === 0) return 180;
  if (a === 0 && d === 0 && b === -1 && c === 1) return 270;
  return 0;
}
