import { TransformError } from "../core/errors.js";
import type { ImageInfo } from "../core/image.js";
import { type ColorValue, color } from "./color-option.js";
import { blendMask, blendRectangle, checkDrawable, copyOf, paintOf } from "./drawing/blend.js";
import { asDecimal, niceBelow } from "./drawing/nice-number.js";
import {
  type PlaceOptions,
  pixelsOf,
  placeBox,
  placeOptions,
  type Size,
  sizeOption,
} from "./drawing/place.js";
import { textMask } from "./drawing/text-mask.js";
import { flag, real, text } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";

export interface ScaleBarOptions extends PlaceOptions {
  /** How long a pixel is, in `unit`. */
  readonly pixel: number;
  /** How long the bar is, in `unit`. @default a round number, about a fifth of the picture's width */
  readonly length?: number;
  /** "um" is written µm. @default "um" */
  readonly unit?: string;
  /** The text above the bar. @default the length and the unit */
  readonly label?: string;
  /** The bar alone, without a text. @default false */
  readonly bare?: boolean;
  /** Of the bar and its text. @default "white" */
  readonly color?: ColorValue;
  /** 0 – 1. @default 1 */
  readonly opacity?: number;
  /** Of the bar, in pixels. @default a fifth of `size` */
  readonly thickness?: number;
  /** Of the text: pixels an em, or a share of the picture's height such as "5%". @default "4%" */
  readonly size?: Size;
  /** A box behind both in this colour. @default none */
  readonly box?: ColorValue;
}

/**
 * Draws a bar of known length, as microscopists do: `length / pixel` pixels long, to the nearest pixel.
 * @throws {TransformError} if it is longer than the picture is wide, or not as long as one pixel.
 */
export const scaleBar = pictureTransform<ScaleBarOptions>(
  {
    name: "scale-bar",
    summary: "draws a bar of known length",
    options: {
      pixel: real("how long a pixel is, in unit", { above: 0 }),
      length: real("how long the bar is, in unit", { above: 0, usual: "a round number, 1/5 of the width" }),
      unit: text("of the length; um is written µm", { usual: "um" }),
      label: text("the text above the bar", { usual: "length and unit" }),
      bare: flag("the bar alone, without a text"),
      ...placeOptions("bottom-right"),
      color: color("of the bar and its text", { usual: "white" }),
      opacity: real("of all of it", { least: 0, most: 1, looks: "0-1", usual: "1" }),
      thickness: real("of the bar", { least: 1, most: 10_000, looks: "pixels", usual: "size / 5" }),
      size: sizeOption("height of the font", "4%"),
      box: color("of a box behind both", { usual: "none" }),
    },
    required: ["pixel"],
  },
  (options, info) => {
    checkDrawable("scale-bar", info);
    const { pixel, opacity = 1, box, at = "bottom-right" } = options;
    const size = pixelsOf(options.size ?? "4%", info);
    const length = options.length ?? niceBelow(Math.max(1, info.width / 5) * pixel);
    const bar = barPixels(length, pixel, options.unit ?? "um", info);
    const words = options.label ?? `${asDecimal(length)} ${spelled(options.unit ?? "um")}`;
    const label = options.bare ? textMask("", { size: 1 }) : textMask(words, { size });
    const thickness = Math.max(1, Math.round(options.thickness ?? size / 5));
    const padding = box === undefined ? 0 : Math.round(size / 3);
    const labelHeight = options.bare ? 0 : label.boxHeight;
    const inner = Math.max(bar, label.boxWidth);
    const width = inner + 2 * padding;
    const height = labelHeight + thickness + 2 * padding;
    const place = placeBox({ ...options, at }, width, height, info);
    const ink = paintOf("scale-bar", options.color ?? "white", info, opacity);
    const behind = box === undefined ? undefined : paintOf("scale-bar", box, info, opacity);
    const [left, top] = [place.left + padding, place.top + padding];
    // The bar goes to that end of a wider text that looks to the border of the picture.
    const share = at.endsWith("left") ? 0 : at.endsWith("right") ? 1 : 0.5;
    const inset = (part: number): number => Math.round((inner - part) * (part === bar ? share : 0.5));
    const textLeft = label.boxWidth > bar ? left : left + inset(label.boxWidth);
    return {
      info,
      apply(image) {
        const out = copyOf(image);
        if (behind) blendRectangle(out, place.left, place.top, width, height, behind);
        blendMask(out, label, textLeft, top, ink);
        blendRectangle(out, left + inset(bar), top + labelHeight, bar, thickness, ink);
        return out;
      },
    };
  },
);

function barPixels(length: number, pixel: number, unit: string, { width }: ImageInfo): number {
  const pixels = Math.round(length / pixel);
  if (pixels >= 1 && pixels <= width) return pixels;
  const found = `${length} ${unit} are ${asDecimal(length / pixel)} pixels of ${pixel} ${unit}`;
  throw new TransformError("scale-bar", `${found}; the picture is ${width} pixels wide`);
}

function spelled(unit: string): string {
  return unit.replace(/^u(?=[a-z])/, "µ");
}
