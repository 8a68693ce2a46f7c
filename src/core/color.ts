import { UnsupportedError } from "./errors.js";
import { type AnyTypedArray, type Color, describeImage, type Image, type ImageInfo } from "./image.js";

/** The colours that any picture with a colour meaning can be turned into. */
export type PlainColor = "gray" | "bgr" | "rgb";

/**
 * Luma of a colour sample, all bit depths: `(B * 3735 + G * 19235 + R * 9798 + 16384) >> 15`.
 * These are the BT.601 weights in 15-bit fixed point, exactly as OpenCV's `COLOR_BGR2GRAY` rounds them, so that
 * gray pictures equal those of Python's imgstore to the bit.
 */
function luma(b: number, g: number, r: number): number {
  return (b * 3735 + g * 19235 + r * 9798 + 16384) >>> 15;
}

const order: { readonly [C in Color]?: readonly [b: number, g: number, r: number] } = {
  bgr: [0, 1, 2],
  bgra: [0, 1, 2],
  rgb: [2, 1, 0],
  rgba: [2, 1, 0],
  gray: [0, 0, 0],
};

/** What `toColor` would give for such images. */
export function infoInColor(info: ImageInfo, color: PlainColor): ImageInfo {
  const { pixelFormat: _, ...rest } = info;
  return { ...rest, color, channels: color === "gray" ? 1 : 3 };
}

/**
 * The picture in another colour order, or as gray (see `luma`). Alpha is dropped. A picture that is that already is
 * returned as it is, without a copy.
 * @throws {UnsupportedError} for pictures without a plain colour meaning (`none`, `native`, Bayer), and for gray
 *   from other dtypes than uint8, uint16 and floats.
 */
export function toColor(image: Image, color: PlainColor): Image {
  if (image.color === color) return image;
  const from = order[image.color];
  if (from === undefined) {
    throw new UnsupportedError("colour conversion", `${describeImage(image)} to ${color}`);
  }
  const info = infoInColor(image, color);
  const pixels = image.width * image.height;
  const data = new (image.data.constructor as new (length: number) => AnyTypedArray)(pixels * info.channels);
  if (color === "gray") fillGray(image, from, data, pixels);
  else fillColor(image, from, order[color]!, data, pixels);
  return { ...info, data };
}

function fillGray(image: Image, [b, g, r]: readonly number[], out: AnyTypedArray, pixels: number): void {
  const { data, channels, dtype } = image;
  const integer = dtype === "uint8" || dtype === "uint16";
  if (!integer && dtype !== "float32" && dtype !== "float64") {
    throw new UnsupportedError("gray from dtype", dtype, ["uint8", "uint16", "float32", "float64"]);
  }
  const source = data as Uint8Array;
  const target = out as Uint8Array;
  // Two loops without a choice in them, because every frame of a gray video store passes through here.
  if (integer) {
    for (let i = 0, at = 0; i < pixels; i++, at += channels) {
      target[i] = luma(source[at + b!]!, source[at + g!]!, source[at + r!]!);
    }
  } else {
    for (let i = 0, at = 0; i < pixels; i++, at += channels) {
      target[i] = (source[at + b!]! * 3735 + source[at + g!]! * 19235 + source[at + r!]! * 9798) / 32768;
    }
  }
}

function fillColor(
  image: Image,
  [b, g, r]: readonly number[],
  [toB, toG, toR]: readonly number[],
  out: AnyTypedArray,
  pixels: number,
): void {
  const source = image.data as Uint8Array;
  const target = out as Uint8Array;
  for (let i = 0, j = 0, k = 0; i < pixels; i++, j += image.channels, k += 3) {
    target[k + toB!] = source[j + b!]!;
    target[k + toG!] = source[j + g!]!;
    target[k + toR!] = source[j + r!]!;
  }
}
