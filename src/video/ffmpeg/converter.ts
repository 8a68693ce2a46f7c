import {
  AV_PIX_FMT_BGR24,
  AV_PIX_FMT_BGR48LE,
  AV_PIX_FMT_GRAY8,
  AV_PIX_FMT_GRAY16LE,
  AV_PIX_FMT_RGB24,
  AV_PIX_FMT_RGB48LE,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_BT470BG,
  AVCOL_SPC_RGB,
  AVCOL_SPC_SMPTE170M,
  AVCOL_SPC_UNSPECIFIED,
  type AVPixelFormat,
  SWS_AREA,
  SWS_BICUBIC,
} from "node-av/constants";
import {
  avGetPixFmtFromName,
  avGetPixFmtName,
  avImageCopyToBuffer,
  avImageGetBufferSize,
  Frame,
  SoftwareScaleContext,
} from "node-av/lib";
import { toColor } from "../../core/color.js";
import { arrayOver, type Image, type ImageInfo } from "../../core/image.js";
import { check } from "./binding.js";
import type { NativeFrame } from "./decoder.js";
import { LentPicture } from "./lent-picture.js";
import { describePixelFormat, type PixelFormatFacts } from "./pixel-format.js";

/** What pictures are turned into. */
export interface Conversion {
  readonly as: "auto" | "bgr" | "rgb" | "gray" | "native";
  /** Clockwise quarter turns as degrees: 0, 90, 180, 270. */
  readonly rotation: number;
  readonly maxSize?: { readonly width: number; readonly height: number } | undefined;
}

/** swscale's vector code may write past the end of the last row. */
const PADDING = 64;

/** Pixels that swscale's widest vector code converts at once. */
const VECTOR = 16;

/**
 * Turns decoded pictures into images, one pass each.
 *
 * Colour: the matrix (BT.601, BT.709, BT.2020 …) and the range (limited or full) that the picture is tagged with; a
 * picture without a tag is taken as BT.601, limited range, as FFmpeg and OpenCV do, whatever its size. Chroma is
 * upsampled by swscale's default (bicubic flags), so that bgr equals OpenCV's and PyAV's to the bit for BT.601.
 * Gray is the luma plane brought to full range (0 … 255); of RGB pictures it is `toColor`'s luma. Alpha is dropped.
 * More than 8 bits: gray keeps the stream's depth in uint16 (`bits` says how many count, full range 0 … 2^bits - 1),
 * colour is scaled to the full 16 bits.
 */
export class Converter {
  readonly #conversion: Conversion;
  #scaler: Scaler | undefined;

  constructor(conversion: Conversion) {
    this.#conversion = conversion;
  }

  convert(native: NativeFrame): Image {
    const { frame } = native;
    const source = this.#factsOf(native);
    const { rotation } = this.#conversion;
    const as = this.#colorOf(source);
    if (as === "native") return { ...nativeInfo(frame, source), data: packPlanes(frame, source) };
    const image = this.#toPlain(frame, source, as);
    return rotation === 0 ? image : turn(image, rotation);
  }

  /** What `convert` would give, without the pixels. */
  infoOf(native: NativeFrame): ImageInfo {
    const source = this.#factsOf(native);
    const as = this.#colorOf(source);
    if (as === "native") return nativeInfo(native.frame, source);
    const { width, height } = sizeWithin(native.frame, this.#conversion);
    const isTurned = this.#conversion.rotation % 180 !== 0;
    const isDeep = source.depth > 8;
    const keepsDepth = as === "gray" && isDeep && source.hasPlainLuma && width === native.frame.width;
    return {
      width: isTurned ? height : width,
      height: isTurned ? width : height,
      channels: as === "gray" ? 1 : 3,
      dtype: isDeep ? "uint16" : "uint8",
      color: as,
      ...(keepsDepth ? { bits: source.depth } : {}),
    };
  }

  /** The planes as `native` gives them, but not packed before somebody looks; see `LentPicture`. */
  static lend(native: NativeFrame): LentPicture {
    const { frame } = native;
    const facts = describePixelFormat(avGetPixFmtName(frame.format as AVPixelFormat) ?? "unknown");
    return new LentPicture(native, nativeInfo(frame, facts), (own) => packPlanes(own, facts));
  }

  /** What `lend` would give, without the pixels. */
  static lentInfoOf({ frame }: NativeFrame): ImageInfo {
    return nativeInfo(
      frame,
      describePixelFormat(avGetPixFmtName(frame.format as AVPixelFormat) ?? "unknown"),
    );
  }

  #factsOf(native: NativeFrame): PixelFormatFacts {
    return describePixelFormat(this.pixelFormatOf(native));
  }

  #colorOf(source: PixelFormatFacts): "bgr" | "rgb" | "gray" | "native" {
    const { as } = this.#conversion;
    return as === "auto" ? (source.isGray ? "gray" : "bgr") : as;
  }

  /** FFmpeg's name of a picture's pixel format. */
  pixelFormatOf(native: NativeFrame): string {
    return avGetPixFmtName(native.frame.format as AVPixelFormat) ?? "unknown";
  }

  close(): void {
    this.#scaler?.close();
    this.#scaler = undefined;
  }

  #toPlain(frame: Frame, source: PixelFormatFacts, as: "bgr" | "rgb" | "gray"): Image {
    const { width, height } = sizeWithin(frame, this.#conversion);
    if (as === "gray" && source.isRgb) return toColor(this.#toPlain(frame, source, "bgr"), "gray");
    const isDeep = source.depth > 8;
    const isSameSize = width === frame.width && height === frame.height;
    if (as === "gray" && isDeep && isSameSize) {
      const samples = deepLuma(frame, source);
      if (samples) return samples;
    }
    const target = pixelFormatFor(as, isDeep);
    const info: ImageInfo = {
      width,
      height,
      channels: target.channels,
      dtype: isDeep ? "uint16" : "uint8",
      color: target.color,
    };
    const pixelBytes = target.channels * (isDeep ? 2 : 1);
    const rowBytes = width * pixelBytes;
    // The vector code leaves the last columns of a row out where its whole vectors would not fit.
    const stride = Math.ceil(width / VECTOR) * VECTOR * pixelBytes;
    const out = Buffer.allocUnsafeSlow(stride * height + PADDING);
    if (!this.#scaler?.fits(frame, target.format, width, height)) {
      this.#scaler?.close();
      this.#scaler = new Scaler(frame, target.format, width, height);
    }
    this.#scaler.run(frame, out, stride);
    for (let y = 1; y < height && stride > rowBytes; y++) {
      out.copyWithin(y * rowBytes, y * stride, y * stride + rowBytes);
    }
    return { ...info, data: arrayOver(info.dtype, out.buffer, out.byteOffset, rowBytes * height) };
  }
}

/** One swscale context for one kind of picture. */
class Scaler {
  readonly #context = new SoftwareScaleContext();
  readonly #key: string;
  readonly #format: AVPixelFormat;
  readonly #width: number;
  readonly #height: number;
  readonly #isTagged: boolean;

  constructor(frame: Frame, format: AVPixelFormat, width: number, height: number) {
    this.#key = keyOf(frame, format, width, height);
    this.#format = format;
    this.#width = width;
    this.#height = height;
    this.#isTagged = needsMatrix(frame) && format !== AV_PIX_FMT_GRAY8 && format !== AV_PIX_FMT_GRAY16LE;
    this.#context.allocContext();
    if (this.#isTagged) return;
    const flags = width < frame.width ? SWS_AREA : SWS_BICUBIC;
    const from = plainFormat(frame);
    this.#context.getContext(frame.width, frame.height, from, width, height, format, flags);
    check(this.#context.initContext(), "scaler");
  }

  fits(frame: Frame, format: AVPixelFormat, width: number, height: number): boolean {
    return this.#key === keyOf(frame, format, width, height);
  }

  /** @param out at least `stride * height` bytes and the padding: swscale checks nothing. */
  run(frame: Frame, out: Buffer, stride: number): void {
    if (out.length < stride * this.#height) throw new RangeError("the picture does not fit its buffer");
    const { data } = frame;
    if (!data) throw new Error("a decoded picture has no data");
    if (!this.#isTagged) {
      check(this.#context.scaleSync(data, frame.linesize, 0, frame.height, [out], [stride]), "scale");
      return;
    }
    // The plain call knows BT.601 only; this one reads the matrix off the frames. The target frame borrows `out` for
    // the length of this synchronous call, during which nothing can be collected.
    const target = Frame.fromVideoBuffer(out, {
      width: this.#width,
      height: this.#height,
      format: this.#format,
      timeBase: { num: 1, den: 1 },
    });
    try {
      target.colorSpace = AVCOL_SPC_RGB;
      target.colorRange = AVCOL_RANGE_JPEG;
      target.colorPrimaries = frame.colorPrimaries;
      target.colorTrc = frame.colorTrc;
      check(this.#context.scaleFrameSync(target, frame), "scale");
    } finally {
      target.free();
    }
  }

  close(): void {
    this.#context.freeContext();
  }
}

/** The plain call reads the range off the name alone; not every decoder gives the full range its old name. */
function plainFormat(frame: Frame): AVPixelFormat {
  const format = frame.format as AVPixelFormat;
  const name = avGetPixFmtName(format) ?? "";
  const isFull = frame.colorRange === AVCOL_RANGE_JPEG && /^yuv4(20|22|44|40)p$/.test(name);
  return isFull ? avGetPixFmtFromName(name.replace("yuv", "yuvj")) : format;
}

function keyOf(frame: Frame, format: AVPixelFormat, width: number, height: number): string {
  const { colorSpace, colorRange } = frame;
  return [frame.width, frame.height, frame.format, colorSpace, colorRange, format, width, height].join();
}

function needsMatrix(frame: Frame): boolean {
  const space = frame.colorSpace;
  return (
    space !== AVCOL_SPC_UNSPECIFIED &&
    space !== AVCOL_SPC_RGB &&
    space !== AVCOL_SPC_BT470BG &&
    space !== AVCOL_SPC_SMPTE170M
  );
}

function pixelFormatFor(
  as: "bgr" | "rgb" | "gray",
  isDeep: boolean,
): { readonly format: AVPixelFormat; readonly channels: number; readonly color: "bgr" | "rgb" | "gray" } {
  if (as === "gray") {
    return { format: isDeep ? AV_PIX_FMT_GRAY16LE : AV_PIX_FMT_GRAY8, channels: 1, color: "gray" };
  }
  if (as === "rgb")
    return { format: isDeep ? AV_PIX_FMT_RGB48LE : AV_PIX_FMT_RGB24, channels: 3, color: "rgb" };
  return { format: isDeep ? AV_PIX_FMT_BGR48LE : AV_PIX_FMT_BGR24, channels: 3, color: "bgr" };
}

/** The largest size within `maxSize` that keeps the aspect ratio; never larger than the picture. */
function sizeWithin(frame: Frame, { maxSize, rotation }: Conversion): { width: number; height: number } {
  const { width, height } = frame;
  if (!maxSize) return { width, height };
  const isTurned = rotation === 90 || rotation === 270;
  const [across, down] = isTurned ? [maxSize.height, maxSize.width] : [maxSize.width, maxSize.height];
  const scale = Math.min(1, across / width, down / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The luma of a picture of more than 8 bits at its own depth and full range; undefined if its layout is not plain. */
function deepLuma(frame: Frame, source: PixelFormatFacts): Image | undefined {
  if (!source.hasPlainLuma) return undefined;
  const { width, height } = frame;
  const plane = frame.data?.[0];
  const stride = frame.linesize[0];
  if (!plane || stride === undefined) return undefined;
  const bytes = new Uint8Array(width * 2 * height);
  for (let y = 0; y < height; y++)
    bytes.set(plane.subarray(y * stride, y * stride + width * 2), y * width * 2);
  const data = new Uint16Array(bytes.buffer);
  if (!source.isGray && frame.colorRange !== AVCOL_RANGE_JPEG) expandRange(data, source.depth);
  return { width, height, channels: 1, dtype: "uint16", color: "gray", bits: source.depth, data };
}

/** Limited range (16 … 235 in 8 bits, scaled by the depth; ITU-R BT.709 §4) to full range, in place. */
function expandRange(samples: Uint16Array, depth: number): void {
  const black = 16 << (depth - 8);
  const span = 219 << (depth - 8);
  const white = 2 ** depth - 1;
  for (let i = 0; i < samples.length; i++) {
    const value = Math.round(((samples[i]! - black) * white) / span);
    samples[i] = Math.min(white, Math.max(0, value));
  }
}

/** All planes one after another, each without padding: the bytes that FFmpeg's framemd5 hashes. */
function packPlanes(frame: Frame, source: PixelFormatFacts): Image["data"] {
  const { width, height, data } = frame;
  const format = frame.format as AVPixelFormat;
  const size = avImageGetBufferSize(format, width, height, 1);
  const out = Buffer.allocUnsafeSlow(size);
  check(avImageCopyToBuffer(out, size, data, frame.linesize, format, width, height, 1), "pack planes");
  return arrayOver(nativeInfo(frame, source).dtype, out.buffer, out.byteOffset, size);
}

function nativeInfo(frame: Frame, source: PixelFormatFacts): ImageInfo {
  const isDeep = source.depth > 8;
  return {
    width: frame.width,
    height: frame.height,
    channels: source.planes,
    dtype: isDeep ? "uint16" : "uint8",
    color: "native",
    pixelFormat: source.name,
    ...(isDeep ? { bits: source.depth } : {}),
  };
}

/** Turns an image clockwise by 90, 180 or 270 degrees. */
function turn(image: Image, rotation: number): Image {
  const { width, height, channels } = image;
  const source = image.data as Uint8Array;
  const out = new (source.constructor as Uint8ArrayConstructor)(source.length);
  const isTurned = rotation !== 180;
  const outWidth = isTurned ? height : width;
  // Where pixel (0, 0) goes, and how far apart neighbours along x and y lie in the result.
  const [origin, alongX, alongY] =
    rotation === 90
      ? [outWidth - 1, outWidth, -1]
      : rotation === 180
        ? [width * height - 1, -1, -width]
        : [(width - 1) * outWidth, -outWidth, 1];
  for (let y = 0, from = 0; y < height; y++) {
    let to = (origin + y * alongY) * channels;
    for (let x = 0; x < width; x++, to += alongX * channels) {
      for (let c = 0; c < channels; c++) out[to + c] = source[from++]!;
    }
  }
  return { ...image, width: outWidth, height: isTurned ? width : height, data: out };
}
