import {
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_RGB,
  AVCOL_SPC_SMPTE170M,
  type AVColorSpace,
  type AVPixelFormat,
  type FFEncoderCodec,
  SWS_BICUBIC,
} from "node-av/constants";
import {
  avGetPixFmtFromName,
  Codec,
  CodecContext,
  Frame,
  Packet,
  Rational,
  SoftwareScaleContext,
} from "node-av/lib";
import { bytesOf, dtypeBytes, type Image } from "../../core/image.js";
import { check, setOption } from "./binding.js";
import { type LentPicture, lentPicture, type PictureTags } from "./lent-picture.js";

export interface EncoderSettings {
  /** FFmpeg's name of the encoder. */
  readonly encoder: string;
  readonly width: number;
  readonly height: number;
  /** FFmpeg's name of the coded pixel format. */
  readonly pixelFormat: string;
  readonly isFullRange: boolean;
  /** What decoded pictures say of themselves, where those are encoded as they are. */
  readonly tags?: PictureTags | undefined;
  readonly timeBase: { readonly num: number; readonly den: number };
  readonly rate: { readonly num: number; readonly den: number };
  /** 0 lets the encoder choose. */
  readonly threads: number;
  readonly options: readonly (readonly [name: string, value: string])[];
  /** The container wants the codec's headers in its own header. */
  readonly hasGlobalHeader: boolean;
}

/** swscale's vector code may read past the end of the last row. */
const PADDING = 64;

/** Whether an encoder of that name is built in; hardware encoders may still fail to open. */
export function hasEncoder(name: string): boolean {
  return Codec.findEncoderByName(name as FFEncoderCodec) !== null;
}

/**
 * An encoder. It encodes on another thread, one call at a time, and copies each image into a picture of its own
 * before it returns, so that the caller's memory is free again.
 */
export class Encoder {
  readonly context: CodecContext;
  readonly #settings: EncoderSettings;
  readonly #packet = new Packet();
  readonly #pool: Frame[] = [];
  readonly #quality: number;
  #scaler: SoftwareScaleContext | undefined;
  #scratch = Buffer.alloc(0);
  #source = "";
  /** Brings decoded pictures to the range and format of the file. */
  #adapter: SoftwareScaleContext | undefined;
  /** What it was made for. */
  #adapts = "";

  private constructor(context: CodecContext, settings: EncoderSettings) {
    this.context = context;
    this.#settings = settings;
    this.#quality = context.globalQuality;
    this.#packet.alloc();
  }

  /** @throws {Error} if there is no such encoder, or it does not open with these settings. */
  static async open(settings: EncoderSettings): Promise<Encoder> {
    const codec = Codec.findEncoderByName(settings.encoder as FFEncoderCodec);
    if (!codec) throw new Error(`there is no encoder ${settings.encoder} in this FFmpeg`);
    // SVT-AV1 does not log through FFmpeg: only errors, unless the user asks for more.
    process.env.SVT_LOG ??= "1";
    const context = new CodecContext();
    context.allocContext3(codec);
    try {
      const { timeBase, rate } = settings;
      context.width = settings.width;
      context.height = settings.height;
      context.pixelFormat = formatNamed(settings.pixelFormat);
      context.timeBase = new Rational(timeBase.num, timeBase.den);
      context.framerate = new Rational(rate.num, rate.den);
      context.threadCount = settings.threads;
      tag(context, settings);
      if (settings.hasGlobalHeader) setOption(context, "flags", "+global_header");
      for (const [name, value] of settings.options) setOption(context, name, value);
      const { encoder, width, height, pixelFormat } = settings;
      // On another thread, for it takes as long as many frames.
      check(
        await context.open2(codec, null),
        `open encoder ${encoder} for ${width}x${height} ${pixelFormat}`,
      );
    } catch (error) {
      context.freeContext();
      throw error;
    }
    return new Encoder(context, settings);
  }

  /**
   * Copies an image in and encodes it.
   * @param pts in ticks of the time base; has to rise from frame to frame.
   * @param take gets each packet that is ready; it is reused after the call.
   * @param isKey it is to be a keyframe; otherwise the encoder chooses.
   * @returns resolves when the encoder is done with this frame; the image is free at once.
   */
  encode(image: Image, pts: number, take: (packet: Packet) => void, isKey = false): Promise<void> {
    const lent = lentPicture(image);
    if (lent) return this.#encodeLent(lent, pts, take);
    const frame = this.#freeFrame();
    this.#paint(image, frame);
    frame.pts = BigInt(pts);
    // Those that take a quality of their own take it from each picture.
    frame.quality = this.#quality;
    frame.pictType = isKey ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    return this.#send(frame, take);
  }

  /** The decoder's own picture goes in; where the file means something else by its samples, it is adapted. */
  async #encodeLent(lent: LentPicture, pts: number, take: (packet: Packet) => void): Promise<void> {
    const frame = this.#isAlike(lent.tags) ? lent.frame.clone() : this.#freeFrame();
    if (!frame) throw new Error("no memory for another reference to a picture");
    const isOwn = this.#pool.includes(frame);
    try {
      if (isOwn) this.#adapt(lent.frame, frame, lent.tags);
      // As the context says it: old names of full range are names of the same layout.
      else frame.format = formatNamed(this.#settings.pixelFormat);
      frame.pts = BigInt(pts);
      // What a decoder says of a picture is none of an encoder's business.
      frame.pictType = AV_PICTURE_TYPE_NONE;
      frame.duration = 0n;
      frame.quality = 0;
      await this.#send(frame, take);
    } finally {
      if (!isOwn) frame.free();
    }
  }

  #isAlike({ pixelFormat, range, matrix }: PictureTags): boolean {
    const { tags } = this.#settings;
    return tags?.pixelFormat === pixelFormat && tags.range === range && tags.matrix === matrix;
  }

  #adapt(from: Frame, to: Frame, tags: PictureTags): void {
    const kind = JSON.stringify(tags);
    if (this.#adapts !== kind) {
      this.#adapter?.freeContext();
      this.#adapter = new SoftwareScaleContext();
      this.#adapter.allocContext();
      this.#adapts = kind;
    }
    // The plain call knows nothing of tags; this one reads them off both.
    check(this.#adapter!.scaleFrameSync(to, from), "adapt a picture");
  }

  /** Gives the packets of frames that the encoder still holds. */
  finish(take: (packet: Packet) => void): Promise<void> {
    return this.#send(null, take);
  }

  close(): void {
    for (const frame of this.#pool.splice(0)) frame.free();
    this.#scaler?.freeContext();
    this.#adapter?.freeContext();
    this.#packet.free();
    this.context.freeContext();
  }

  async #send(frame: Frame | null, take: (packet: Packet) => void): Promise<void> {
    check(await this.context.sendFrame(frame), "encode");
    while (this.context.receivePacketSync(this.#packet) === 0) {
      take(this.#packet);
      this.#packet.unref();
    }
  }

  /** A picture that no encoder thread looks at any more. */
  #freeFrame(): Frame {
    const free = this.#pool.find((frame) => frame.isWritable);
    if (free) return free;
    const { width, height, pixelFormat } = this.#settings;
    const frame = new Frame();
    frame.alloc();
    frame.width = width;
    frame.height = height;
    frame.format = formatNamed(pixelFormat);
    tag(frame, this.#settings);
    check(frame.getBuffer(0), "allocate picture");
    // Neutral chroma, for gray images that fill only the luma plane.
    for (const plane of frame.data?.slice(1) ?? []) plane?.fill(128);
    this.#pool.push(frame);
    return frame;
  }

  #paint(image: Image, frame: Frame): void {
    const { data, linesize } = frame;
    if (!data) throw new Error("a picture has no memory");
    const { pixelFormat, isFullRange } = this.#settings;
    const isLuma = isFullRange && image.color === "gray" && /^(gray|nv12|yuvj?4)/.test(pixelFormat);
    if (isLuma)
      copyRows(bytesOf(image), image.width * dtypeBytes(image.dtype), data[0]!, linesize[0]!, image.height);
    else this.#scale(image, data, linesize);
  }

  #scale(image: Image, data: Buffer[], linesize: number[]): void {
    const format = `${image.color}-${image.dtype}`;
    if (this.#source !== format) {
      const { width, height, pixelFormat } = this.#settings;
      this.#scaler?.freeContext();
      this.#scaler = new SoftwareScaleContext();
      this.#scaler.allocContext();
      const [from, to] = [sourceFormat(image), formatNamed(pixelFormat)];
      this.#scaler.getContext(width, height, from, width, height, to, SWS_BICUBIC);
      check(this.#scaler.initContext(), "scaler");
      this.#source = format;
    }
    const bytes = bytesOf(image);
    if (this.#scratch.length < bytes.length + PADDING) this.#scratch = Buffer.alloc(bytes.length + PADDING);
    this.#scratch.set(bytes);
    const stride = bytes.length / image.height;
    check(
      this.#scaler!.scaleSync([this.#scratch], [stride], 0, image.height, data, linesize),
      "scale into a picture",
    );
  }
}

/** Says of an encoder, or of a picture for it, what its samples mean. */
function tag(target: CodecContext | Frame, { pixelFormat, isFullRange, tags }: EncoderSettings): void {
  target.colorRange = isFullRange ? AVCOL_RANGE_JPEG : (tags?.range ?? AVCOL_RANGE_MPEG);
  target.colorSpace = tags?.matrix ?? matrixOf(pixelFormat);
  if (!tags) return;
  target.colorPrimaries = tags.primaries;
  target.colorTrc = tags.transfer;
  target.chromaLocation = tags.chromaLocation;
  target.sampleAspectRatio = new Rational(tags.aspect.num, tags.aspect.den);
}

function copyRows(from: Uint8Array, rowBytes: number, to: Buffer, stride: number, rows: number): void {
  if (stride === rowBytes) to.set(from);
  else for (let y = 0; y < rows; y++) to.set(from.subarray(y * rowBytes, (y + 1) * rowBytes), y * stride);
}

function formatNamed(name: string): AVPixelFormat {
  const format = avGetPixFmtFromName(name);
  if ((format as number) < 0) throw new Error(`FFmpeg knows no pixel format ${name}`);
  return format;
}

function sourceFormat(image: Image): AVPixelFormat {
  const deep = image.dtype === "uint16";
  const names: Partial<Record<Image["color"], string>> = deep
    ? { gray: "gray16le", bgr: "bgr48le", rgb: "rgb48le" }
    : { gray: "gray", bgr: "bgr24", rgb: "rgb24", bgra: "bgra", rgba: "rgba" };
  return formatNamed(names[image.color] ?? image.color);
}

/** What our own conversion to YUV uses, so that the file says the truth. */
function matrixOf(pixelFormat: string): AVColorSpace {
  return /^(bgr|rgb|gbr)/.test(pixelFormat) ? AVCOL_SPC_RGB : AVCOL_SPC_SMPTE170M;
}
