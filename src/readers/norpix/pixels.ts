import { UnsupportedError } from "../../core/errors.js";
import { type AnyTypedArray, arrayOver, type Color, type Image, type ImageInfo } from "../../core/image.js";
import { packedBytes, unpackBits, unpackPairs } from "../../core/pixels/packed-bits.js";
import { bgr555, bgr565 } from "../../core/pixels/packed-rgb.js";
import type { PixelDecoder } from "../../core/pixels/pixel-decoder.js";
import { uyyvyy, yuv422, yuv444 } from "../../core/pixels/yuv-planes.js";
import { hostIsLittle, swapBytes, swapRedBlue, type Words } from "../../images/sample-order.js";
import type { NorpixHeader } from "./header.js";

/** How the pixels of raw pictures are stored, and what becomes of them. */
export interface RawPixels {
  readonly info: ImageInfo;
  /** Bytes of a picture. */
  readonly bytes: number;
  /** NorPix publishes the name of this layout only; what it means was concluded from it. */
  readonly inferred: boolean;
  /** @param stored `bytes` of them, which may be written to. */
  decode(stored: Uint8Array<ArrayBuffer>): AnyTypedArray;
}

/**
 * By the header's `imageFormat`. Colour comes out as BGR, mosaics as they are, packed samples one by one.
 * @throws {UnsupportedError} if such pixels are not read here.
 */
export function rawPixels(header: NorpixHeader, path: string): RawPixels {
  const found = pixelsOf(header);
  if (found !== undefined) return found;
  const { imageFormat, bitDepth, bitDepthReal } = header;
  const asked = `${imageFormat} with ${bitDepth} bits a pixel, ${bitDepthReal} of them used, in ${path}`;
  throw new UnsupportedError("NorPix image format", asked, [
    "gray and Bayer (100, 101, 112 to 115, 131 to 134)",
    "colour (200, 300, 400, 500, 905, 906)",
    "YUV (600, 700, 800, 900)",
  ]);
}

function pixelsOf(header: NorpixHeader): RawPixels | undefined {
  const { imageFormat, bitDepth } = header;
  switch (imageFormat) {
    case 100:
    case 101:
      if (bitDepth === 8 || bitDepth === 16) return samples(header, "low");
      return bitDepth === 10 || bitDepth === 12 || bitDepth === 14
        ? packed(header, bitDepth, "bits")
        : undefined;
    case 112:
    case 113:
      return samples(header, "high");
    case 114:
    case 115:
      return samples(header, "swapped");
    case 131:
    case 132:
      return packed(header, header.bitDepthReal, "bits");
    case 133:
    case 134:
      return packed(header, header.bitDepthReal, "pairs");
    case 200:
      return colour(header, false);
    case 400:
      return colour(header, true);
    case 500:
      return bgrx(header);
    case 300:
      return planes(header);
    case 600:
      return encoded(header, 2, yuv422({ y: 0, u: 1, v: 3 }));
    case 700:
      return encoded(header, 2, yuv422({ y: 1, u: 0, v: 2 }));
    case 800:
      return encoded(header, 1.5, uyyvyy);
    case 900:
      return encoded(header, 3, yuv444({ y: 1, u: 0, v: 2 }));
    case 905:
      return encoded(header, 2, bgr555);
    case 906:
      return encoded(header, 2, bgr565);
    default:
      return undefined;
  }
}

const bayerFormats: readonly number[] = [101, 103, 113, 115, 132, 134];

/** Gray, or a mosaic. */
export function colorOf({ imageFormat, bayer }: NorpixHeader): Color {
  return bayerFormats.includes(imageFormat) ? bayer : "gray";
}

function wideInfo(header: NorpixHeader, bits: number): ImageInfo {
  const { width, height } = header;
  return {
    ...{ width, height, channels: 1, dtype: "uint16", color: colorOf(header) },
    ...(bits < 16 && { bits }),
  };
}

/** One sample a pixel; those of more than 8 bits stand at the low or the high end of two bytes. */
function samples(header: NorpixHeader, end: "low" | "high" | "swapped"): RawPixels | undefined {
  const { width, height, bitDepth, bitDepthReal } = header;
  const count = width * height;
  if (bitDepth === 8 && end === "low") {
    const info: ImageInfo = { width, height, channels: 1, dtype: "uint8", color: colorOf(header) };
    return { info, bytes: count, inferred: false, decode: (stored) => stored };
  }
  if (bitDepth !== 16) return undefined;
  const bits = bitDepthReal > 0 && bitDepthReal <= 16 ? bitDepthReal : 16;
  return {
    ...{ info: wideInfo(header, bits), bytes: count * 2, inferred: false },
    decode(stored) {
      if (hostIsLittle === (end === "swapped")) swapBytes(stored, 2);
      const values = new Uint16Array(stored.buffer, 0, count);
      if (end !== "low" && bits < 16) for (let i = 0; i < count; i++) values[i] = values[i]! >> (16 - bits);
      return values;
    },
  };
}

function packed(header: NorpixHeader, bits: number, how: "bits" | "pairs"): RawPixels | undefined {
  const count = header.width * header.height;
  const info = wideInfo(header, bits);
  if (how === "bits") {
    if (bits < 9 || bits > 16) return undefined;
    const decode = (stored: Uint8Array): Uint16Array => unpackBits(stored, count, bits);
    return { info, bytes: packedBytes(count, bits), inferred: true, decode };
  }
  if (bits !== 10 && bits !== 12) return undefined;
  return {
    info,
    bytes: packedBytes(count, 12),
    inferred: true,
    decode: (stored) => unpackPairs(stored, count, bits),
  };
}

function colour(header: NorpixHeader, isRgb: boolean): RawPixels | undefined {
  const { width, height, bitDepth, bitDepthReal } = header;
  const wide = bitDepth === 48;
  if (bitDepth !== 24 && !wide) return undefined;
  const dtype = wide ? "uint16" : "uint8";
  const bytes = width * height * (bitDepth / 8);
  const bits = wide && bitDepthReal > 8 && bitDepthReal < 16 ? { bits: bitDepthReal } : {};
  return {
    ...{ info: { width, height, channels: 3, dtype, color: "bgr", ...bits }, bytes, inferred: wide },
    decode(stored) {
      if (wide && !hostIsLittle) swapBytes(stored, 2);
      const values = arrayOver(dtype, stored.buffer, 0, bytes);
      if (isRgb) swapRedBlue(values as Words, 3);
      return values;
    },
  };
}

function bgrInfo({ width, height }: NorpixHeader): ImageInfo {
  return { width, height, channels: 3, dtype: "uint8", color: "bgr" };
}

/** The fourth byte means nothing. */
function bgrx(header: NorpixHeader): RawPixels | undefined {
  const count = header.width * header.height;
  if (header.bitDepth !== 32) return undefined;
  return {
    ...{ info: bgrInfo(header), bytes: count * 4, inferred: false },
    decode(stored) {
      const out = new Uint8Array(count * 3);
      for (let at = 0, to = 0; to < out.length; at += 4, to += 3) {
        out[to] = stored[at]!;
        out[to + 1] = stored[at + 1]!;
        out[to + 2] = stored[at + 2]!;
      }
      return out;
    },
  };
}

/** Blue, green, red, one behind the other. */
function planes(header: NorpixHeader): RawPixels | undefined {
  const count = header.width * header.height;
  if (header.bitDepth !== 24) return undefined;
  return {
    ...{ info: bgrInfo(header), bytes: count * 3, inferred: true },
    decode(stored) {
      const out = new Uint8Array(count * 3);
      for (let i = 0, to = 0; i < count; i++, to += 3) {
        out[to] = stored[i]!;
        out[to + 1] = stored[count + i]!;
        out[to + 2] = stored[2 * count + i]!;
      }
      return out;
    },
  };
}

/** Pixels in one of the encodings that become BGR: `perPixel` bytes each. */
function encoded(header: NorpixHeader, perPixel: number, decoder: PixelDecoder): RawPixels | undefined {
  const { width, height } = header;
  const channels = Math.floor(perPixel);
  const shape: ImageInfo = {
    ...{ width: (width * perPixel) / channels, height, channels },
    ...{ dtype: "uint8", color: "none" },
  };
  const info = decoder.decodedInfo(shape);
  if (info === undefined) return undefined;
  return {
    ...{ info, bytes: width * height * perPixel, inferred: true },
    decode: (stored) => (decoder.decode({ ...shape, data: stored } as Image) as Image).data,
  };
}
