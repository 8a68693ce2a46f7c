import { TransformError } from "../../core/errors.js";
import { type AnyTypedArray, describeImage, type Image, type ImageInfo } from "../../core/image.js";
import { type ColorValue, rgbaOfColor, samplesOfColor } from "../color-option.js";
import type { Mask } from "./coverage.js";

/** A colour as samples of one kind of picture. */
export interface Paint {
  /** One a channel. */
  readonly samples: readonly number[];
  /** 0 – 255. */
  readonly opacity: number;
  /** The channel that says how opaque a pixel is; -1 where there is none. */
  readonly alphaAt: number;
  /** The sample of an opaque pixel there. */
  readonly opaque: number;
}

const drawable: readonly string[] = ["gray", "bgr", "rgb", "bgra", "rgba"];

/** @throws {TransformError} for pictures that nothing can be drawn on: planes, mosaics, other dtypes. */
export function checkDrawable(transform: string, info: ImageInfo): void {
  const { dtype, color } = info;
  if (drawable.includes(color) && ["uint8", "uint16", "float32"].includes(dtype)) return;
  throw new TransformError(transform, `cannot draw on ${describeImage(info)}`);
}

/**
 * @param opacity 0 – 1, beside the colour's own alpha.
 * @throws {TransformError} for colours that such pictures cannot have.
 */
export function paintOf(transform: string, color: ColorValue, info: ImageInfo, opacity = 1): Paint {
  const alphaAt = info.color === "bgra" || info.color === "rgba" ? 3 : -1;
  const alpha = typeof color === "number" || color === "nan" ? 255 : rgbaOfColor(transform, color)[3];
  const white = samplesOfColor(transform, "white", info);
  return {
    samples: samplesOfColor(transform, color, info),
    opacity: Math.round(alpha * opacity),
    alphaAt,
    opaque: white[alphaAt] ?? 0,
  };
}

/**
 * Paints through a mask, whose (0, 0) is put at pixel (x, y); what lies outside the picture is left out, and nothing but the
 * touched rectangle is read or written. Over a transparent pixel the paint adds its own opacity (Porter and Duff's "over",
 * colours not premultiplied). Integers are rounded to the nearest.
 * @param image is written to, so only for whoever has made it and not yet handed it on.
 */
export function blendMask(image: Image, mask: Mask, x: number, y: number, paint: Paint): void {
  if (paint.opacity === 0) return;
  const [left, top] = [mask.left + x, mask.top + y];
  const area: Area = {
    ...{ left: Math.max(0, left), right: Math.min(image.width, left + mask.width) },
    ...{ top: Math.max(0, top), bottom: Math.min(image.height, top + mask.height) },
    ...{ maskLeft: left, maskTop: top },
  };
  if (area.left >= area.right) return;
  if (paint.alphaAt >= 0) blendOver(image, mask, area, paint);
  else if (image.dtype === "uint8") blendBytes(image, image.data as Uint8Array, mask, area, paint);
  else blendSamples(image, mask, area, paint, image.dtype === "float32" ? 0 : 0.5);
}

interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly maskLeft: number;
  readonly maskTop: number;
}

function blendBytes(
  { width, channels }: Image,
  data: Uint8Array,
  mask: Mask,
  { left, right, top, bottom, maskLeft, maskTop }: Area,
  { samples, opacity }: Paint,
): void {
  const [first, second, third] = [samples[0]!, samples[1] ?? 0, samples[2] ?? 0];
  const isGray = channels === 1;
  for (let y = top; y < bottom; y++) {
    let from = (y - maskTop) * mask.width + left - maskLeft;
    let to = (y * width + left) * channels;
    for (let x = left; x < right; x++, to += channels) {
      const covered = mask.data[from++]!;
      if (covered === 0) continue;
      const share = opacity === 255 ? covered : divided(covered * opacity);
      const rest = 255 - share;
      data[to] = divided(first * share + data[to]! * rest);
      if (isGray) continue;
      data[to + 1] = divided(second * share + data[to + 1]! * rest);
      data[to + 2] = divided(third * share + data[to + 2]! * rest);
    }
  }
}

/** By 255, to the nearest; right up to 65,535. */
function divided(value: number): number {
  const more = value + 128;
  return (more + (more >> 8)) >> 8;
}

function blendSamples(
  { width, channels, data }: Image,
  mask: Mask,
  { left, right, top, bottom, maskLeft, maskTop }: Area,
  { samples, opacity }: Paint,
  rounding: number,
): void {
  const out = data as Uint16Array | Float32Array;
  for (let y = top; y < bottom; y++) {
    let from = (y - maskTop) * mask.width + left - maskLeft;
    let to = (y * width + left) * channels;
    for (let x = left; x < right; x++, to += channels) {
      const share = (mask.data[from++]! * opacity) / 65_025;
      if (share === 0) continue;
      for (let c = 0; c < channels; c++) {
        out[to + c] =
          share === 1 ? samples[c]! : out[to + c]! + (samples[c]! - out[to + c]!) * share + rounding;
      }
    }
  }
}

function blendOver(
  { width, channels, data, dtype }: Image,
  mask: Mask,
  { left, right, top, bottom, maskLeft, maskTop }: Area,
  { samples, opacity, alphaAt, opaque }: Paint,
): void {
  const out = data as Exclude<AnyTypedArray, BigUint64Array | BigInt64Array>;
  const rounding = dtype === "float32" ? 0 : 0.5;
  for (let y = top; y < bottom; y++) {
    let from = (y - maskTop) * mask.width + left - maskLeft;
    let to = (y * width + left) * channels;
    for (let x = left; x < right; x++, to += channels) {
      const share = (mask.data[from++]! * opacity) / 65_025;
      if (share === 0) continue;
      const before = out[to + alphaAt]! / opaque;
      const after = share + before * (1 - share);
      for (let c = 0; c < channels; c++) {
        if (c === alphaAt) continue;
        out[to + c] = (samples[c]! * share + out[to + c]! * before * (1 - share)) / after + rounding;
      }
      out[to + alphaAt] = after * opaque + rounding;
    }
  }
}

/** A rectangle of whole pixels, painted over. */
export function blendRectangle(
  image: Image,
  left: number,
  top: number,
  width: number,
  height: number,
  paint: Paint,
): void {
  const [x0, y0] = [Math.max(0, left), Math.max(0, top)];
  const [x1, y1] = [Math.min(image.width, left + width), Math.min(image.height, top + height)];
  if (x1 <= x0 || y1 <= y0 || paint.opacity === 0) return;
  if (image.dtype === "uint8" && paint.alphaAt < 0) {
    tintBytes(image, image.data as Uint8Array, { left: x0, right: x1, top: y0, bottom: y1 }, paint);
    return;
  }
  const row: Mask = {
    ...{ left: 0, top: 0, width: x1 - x0, height: 1 },
    data: new Uint8Array(x1 - x0).fill(255),
  };
  for (let y = y0; y < y1; y++) blendMask(image, row, x0, y, paint);
}

/** One colour over bytes: what becomes of each of the 256 values is known beforehand. */
function tintBytes(
  { width, channels }: Image,
  data: Uint8Array,
  { left, right, top, bottom }: Pick<Area, "left" | "right" | "top" | "bottom">,
  { samples, opacity }: Paint,
): void {
  for (let c = 0; c < channels; c++) {
    const sample = samples[c]!;
    const becomes = Uint8Array.from({ length: 256 }, (_, value) =>
      divided(sample * opacity + value * (255 - opacity)),
    );
    for (let y = top; y < bottom; y++) {
      const end = (y * width + right) * channels;
      for (let i = (y * width + left) * channels + c; i < end; i += channels) data[i] = becomes[data[i]!]!;
    }
  }
}

/** A picture of one's own to draw on. */
export function copyOf(image: Image): Image {
  return { ...image, data: image.data.slice() as AnyTypedArray };
}
