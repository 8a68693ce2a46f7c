import { TransformError } from "../core/errors.js";
import { describeImage, describeMismatch, type Image } from "../core/image.js";
import type { SeekableSource } from "../core/stream.js";
import { type AlignedFrames, type AlignOptions, align } from "./align.js";
import { imageBlender } from "./blend-images.js";
import type { BlendMode } from "./blend-modes.js";
import { ClosingRows } from "./closing-rows.js";

export interface OverlayOptions extends AlignOptions {
  /** @default "normal" */
  readonly mode?: BlendMode;
  /** Of what lies above, 0 to 1. @default 1 */
  readonly opacity?: number;
}

/**
 * One source laid over another: each frame is what both show at that instant, blended; see `blendImages`. The rows are
 * `base`'s unless the options say otherwise; where there is no frame of `over`, `base` is to be seen alone.
 * @param base is closed with what is returned, and so is `over`.
 * @throws {TransformError} if the pictures do not fit over each other; and what `align` throws. Nothing is closed then.
 */
export function overlay(
  base: SeekableSource,
  over: SeekableSource,
  { mode = "normal", opacity = 1, ...options }: OverlayOptions = {},
): SeekableSource {
  const blend = imageBlender(base.info, over.info, mode, opacity);
  const aligned = align({ base, over }, options);
  return new ClosingRows(aligned, base.info, ({ frames, images }: AlignedFrames): Image => {
    const [below, above] = [images[0]!, frames[1]?.image];
    needKind(below, base);
    if (above === undefined) return below;
    needKind(above, over);
    return blend(below, above);
  });
}

/** @throws {TransformError} if a frame is of another kind than its source said. */
function needKind(image: Image, { info }: SeekableSource): void {
  const mismatch = describeMismatch(info, image);
  if (mismatch === undefined && image.color === info.color) return;
  throw new TransformError("overlay", mismatch ?? `${describeImage(info)}, got ${describeImage(image)}`);
}
