import type { ImageInfo } from "../../core/image.js";
import { type ColorValue, color } from "../color-option.js";
import { flag, type OptionKind, type OptionTable, real, several } from "../option-kind.js";
import { pictureTransform } from "../picture-transform.js";
import type { TransformFacts, TransformKind } from "../transform-kind.js";
import { blendMask, checkDrawable, copyOf, paintOf } from "./blend.js";
import { fillOutline } from "./coverage.js";
import type { Outline } from "./outline.js";

export interface ShapeOptions {
  /** @default "red" */
  readonly color?: ColorValue;
  /** 0 – 1. @default 1 */
  readonly opacity?: number;
  /** Of the line, in pixels. @default 2 */
  readonly thickness?: number;
}

export interface FillOptions extends ShapeOptions {
  /** The whole area instead of its border. @default false */
  readonly filled?: boolean;
}

const shapeOptions: OptionTable<ShapeOptions> = {
  color: color("of the shape", { usual: "red" }),
  opacity: real("of the shape", { least: 0, most: 1, looks: "0-1", usual: "1" }),
  thickness: real("of the line", { above: 0, most: 10_000, looks: "pixels", usual: "2" }),
};

export const lineOptions = shapeOptions;
export const fillOptions: OptionTable<FillOptions> = {
  ...shapeOptions,
  filled: flag("the whole area instead of its border"),
};

/** Points as a list x, y, x, y …; (0, 0) is the middle of the first pixel. */
export function pointsOption(summary: string, least: number): OptionKind<readonly number[]> {
  const numbers = several(real(summary), { least: least * 2, most: 20_000 });
  return {
    ...numbers,
    looks: `x,y${",x,y".repeat(Math.min(2, least - 1))},…`,
    check(value) {
      const points = Array.isArray(value) && value.length % 2 === 0 ? value : [];
      if (points.length < least * 2) {
        throw new RangeError(`must be a list of ${least} or more points: x,y,x,y …`);
      }
      return numbers.check(points);
    },
  };
}

/** From the middles of pixels, which OpenCV counts by, to the corners, which outlines count by. */
export function cornersOf(points: readonly number[]): Float64Array {
  return Float64Array.from(points, (value) => value + 0.5);
}

/** A transform that draws the same shape on every picture. */
export function shapeTransform<O extends ShapeOptions>(
  facts: TransformFacts<O>,
  outline: (options: O, info: ImageInfo) => Outline,
): TransformKind<O> {
  return pictureTransform<O>(facts, (options, info) => {
    checkDrawable(facts.name, info);
    const paint = paintOf(facts.name, options.color ?? "red", info, options.opacity);
    const mask = fillOutline(outline(options, info), { left: 0, top: 0, ...info });
    return {
      info,
      apply(image) {
        if (mask.width === 0) return image;
        const out = copyOf(image);
        blendMask(out, mask, 0, 0, paint);
        return out;
      },
    };
  });
}
