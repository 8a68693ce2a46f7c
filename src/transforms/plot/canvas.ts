import { blankImage, type Image, type ImageInfo } from "../../core/image.js";
import { blendMask, blendRectangle, copyOf, type Paint, paintOf } from "../drawing/blend.js";
import { type Clip, fillOutline, type Mask } from "../drawing/coverage.js";
import { strokeOutline } from "../drawing/stroke.js";
import { type TextMask, textMask } from "../drawing/text-mask.js";

/** A picture that is being drawn. */
export class Canvas {
  readonly image: Image;

  /** @param ground a picture that is copied, or what kind of picture to begin with, empty. */
  constructor(ground: Image | ImageInfo) {
    this.image = "data" in ground ? copyOf(ground) : blankImage(ground);
  }

  paint(color: string, opacity = 1): Paint {
    return paintOf("plot", color, this.image, opacity);
  }

  rectangle({ left, top, width, height }: Clip, paint: Paint): void {
    blendRectangle(this.image, left, top, width, height, paint);
  }

  mask(mask: Mask, x: number, y: number, paint: Paint): void {
    blendMask(this.image, mask, x, y, paint);
  }

  /** @param points x, y …; NaN breaks it. */
  line(points: ArrayLike<number>, width: number, clip: Clip, paint: Paint): void {
    blendMask(this.image, fillOutline(strokeOutline(points, { width }), clip), 0, 0, paint);
  }

  /**
   * Text beside a point.
   * @param across which part of the text's width lies at x: 0 its left, 1 its right.
   * @param down which part of its height lies at y: 0 its top, 1 its bottom.
   */
  text(
    text: string | TextMask,
    size: number,
    x: number,
    y: number,
    across: number,
    down: number,
    paint: Paint,
  ) {
    const mask = typeof text === "string" ? textMask(text, { size }) : text;
    const [left, top] = [Math.round(x - mask.boxWidth * across), Math.round(y - mask.boxHeight * down)];
    blendMask(this.image, mask, left, top, paint);
  }
}
