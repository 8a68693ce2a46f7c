import { TransformError } from "../core/errors.js";
import { blankImage, describeImage, describeMismatch, type Image, type ImageInfo } from "../core/image.js";
import type { SeekableSource } from "../core/stream.js";
import { type AlignedFrames, AlignedSource, type AlignOptions, align } from "./align.js";
import { imageBlender } from "./blend-images.js";
import type { BlendMode } from "./blend-modes.js";
import { ClosingRows } from "./closing-rows.js";
import { paste } from "./tiles.js";

export interface OverlayOptions extends AlignOptions {
  /** @default "normal" */
  readonly mode?: BlendMode;
  /** Of what lies above, 0 to 1. @default 1 */
  readonly opacity?: number;
  /**
   * Where the upper left corner of what lies above is, in pixels of what lies below; outside it is cut off.
   * @default 0, 0, and both must have the same size
   */
  readonly at?: { readonly x: number; readonly y: number };
}

/**
 * One source laid over another: each frame is what both show at that instant, blended; see `blendImages`. The rows are
 * `base`'s unless the options say otherwise; where there is no frame of `over`, `base` is to be seen alone. An `over` of
 * one frame, a picture, lies over every frame of `base`.
 * @param base is closed with what is returned, and so is `over`.
 * @throws {TransformError} if the pictures do not fit over each other; and what `align` throws. Nothing is closed then.
 */
export function overlay(
  base: SeekableSource,
  over: SeekableSource,
  { mode = "normal", opacity = 1, at, ...options }: OverlayOptions = {},
): SeekableSource {
  const blend = at
    ? partBlender(base.info, over.info, at, mode, opacity)
    : imageBlender(base.info, over.info, mode, opacity);
  const aligned = over.index.length === 1 ? stillOver(base, over, options) : align({ base, over }, options);
  return new ClosingRows(aligned, base.info, ({ frames, images }: AlignedFrames): Image => {
    const [below, above] = [images[0]!, frames[1]?.image];
    needKind(below, base);
    if (above === undefined) return below;
    needKind(above, over);
    return blend(below, above);
  });
}

/** The one frame in every row. */
function stillOver(base: SeekableSource, over: SeekableSource, options: AlignOptions): AlignedSource {
  const { length } = base.index;
  const frames = [Int32Array.from({ length }, (_, rank) => rank), new Int32Array(length)];
  const held = [new Uint8Array(length), new Uint8Array(length).fill(1, 1)];
  const told = { ...options, reference: "base" };
  return new AlignedSource(["base", "over"], [base, over], { length, frames, held }, base.index, told);
}

/** Blends the part of both where they lie over each other. @throws {TransformError} if there is none. */
function partBlender(
  base: ImageInfo,
  over: ImageInfo,
  { x, y }: { readonly x: number; readonly y: number },
  mode: BlendMode,
  opacity: number,
): (below: Image, above: Image) => Image {
  if (!(Number.isSafeInteger(x) && Number.isSafeInteger(y))) {
    throw new RangeError(`overlay: at must be two integers, got ${x}, ${y}`);
  }
  const [left, top] = [Math.max(0, x), Math.max(0, y)];
  const width = Math.min(base.width, x + over.width) - left;
  const height = Math.min(base.height, y + over.height) - top;
  if (width <= 0 || height <= 0) {
    throw new TransformError(
      "overlay",
      `${describeImage(over)} at ${x},${y} lies outside ${describeImage(base)}`,
    );
  }
  const part = (info: ImageInfo): ImageInfo => ({ ...info, width, height });
  const blend = imageBlender(part(base), part(over), mode, opacity);
  return (below, above) => {
    const canvas: Image = { ...below, data: below.data.slice() };
    const under = cutOut(below, part(base), { left, top });
    paste(canvas, blend(under, cutOut(above, part(over), { left: left - x, top: top - y })), { left, top });
    return canvas;
  };
}

function cutOut(
  image: Image,
  info: ImageInfo,
  { left, top }: { readonly left: number; readonly top: number },
): Image {
  if (info.width === image.width && info.height === image.height) return image;
  const cut = blankImage(info);
  paste(cut, image, { left: -left, top: -top });
  return cut;
}

/** @throws {TransformError} if a frame is of another kind than its source said. */
function needKind(image: Image, { info }: SeekableSource): void {
  const mismatch = describeMismatch(info, image);
  if (mismatch === undefined && image.color === info.color) return;
  throw new TransformError("overlay", mismatch ?? `${describeImage(info)}, got ${describeImage(image)}`);
}
