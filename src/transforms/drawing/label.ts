import type { Image, ImageInfo } from "../../core/image.js";
import { type ColorValue, color } from "../color-option.js";
import { choice, real } from "../option-kind.js";
import { blendMask, blendRectangle, paintOf } from "./blend.js";
import { type PlaceOptions, pixelsOf, placeBox, placeOptions, type Size, sizeOption } from "./place.js";
import { textMask } from "./text-mask.js";

/** How a text looks and where it stands. */
export interface LabelOptions extends PlaceOptions {
  /** Pixels an em, or a share of the picture's height such as "5%". @default "4%" */
  readonly size?: Size;
  /** @default "white" */
  readonly color?: ColorValue;
  /** 0 – 1, of all of it. @default 1 */
  readonly opacity?: number;
  /** A border around the letters in this colour. @default none */
  readonly shadow?: ColorValue;
  /** How far the shadow reaches beyond the letters, in pixels. @default a twelfth of `size` */
  readonly shadowSize?: number;
  /** A box behind the text in this colour. @default none */
  readonly box?: ColorValue;
  /** 0 – 1. @default 1 */
  readonly boxOpacity?: number;
  /** From the text to the border of its box, in pixels. @default a quarter of `size` if there is a box, else 0 */
  readonly padding?: number;
  /** How lines stand to each other. @default that side of `at`, else "left" */
  readonly align?: "left" | "center" | "right";
  /** From line to line, in heights of a line. @default 1 */
  readonly lineHeight?: number;
}

/** The same as options. */
export const labelOptions = {
  ...placeOptions("top-left"),
  size: sizeOption("height of the font", "4%"),
  color: color("of the letters", { usual: "white" }),
  opacity: real("of all of it", { least: 0, most: 1, looks: "0-1", usual: "1" }),
  shadow: color("of a border around the letters", { usual: "none" }),
  shadowSize: real("how far the shadow reaches beyond the letters", {
    ...{ least: 0, most: 200, looks: "pixels", usual: "size / 12" },
  }),
  box: color("of a box behind the text", { usual: "none" }),
  boxOpacity: real("of the box", { least: 0, most: 1, looks: "0-1", usual: "1" }),
  padding: real("from the text to the border of its box", {
    ...{ least: 0, most: 2000, looks: "pixels", usual: "size / 4 with a box, else 0" },
  }),
  align: choice("how lines stand to each other", ["left", "center", "right"]),
  lineHeight: real("from line to line, in heights of a line", { least: 0.1, most: 10, usual: "1" }),
};

/** Draws a text on pictures of one kind. The masks of the text before are kept: often nothing has changed. */
export function prepareLabel(
  transform: string,
  options: LabelOptions,
  info: ImageInfo,
): (image: Image, text: string) => void {
  const { opacity = 1, shadow, box, boxOpacity = 1, lineHeight = 1, at = "top-left" } = options;
  const size = pixelsOf(options.size ?? "4%", info);
  const align =
    options.align ?? (at.endsWith("right") ? "right" : /^(top|bottom|center)$/.test(at) ? "center" : "left");
  const padding = Math.round(options.padding ?? (box === undefined ? 0 : size / 4));
  const reach = Math.round(options.shadowSize ?? Math.max(1, size / 12));
  const letters = paintOf(transform, options.color ?? "white", info, opacity);
  const behind = box === undefined ? undefined : paintOf(transform, box, info, opacity * boxOpacity);
  const around = shadow === undefined ? undefined : paintOf(transform, shadow, info, opacity);
  let [known, masks] = ["", masksOf("")];

  function masksOf(text: string) {
    const style = { size, align, lineHeight };
    return { mask: textMask(text, style), wide: around && textMask(text, { ...style, spread: reach }) };
  }

  return (image, text) => {
    if (text !== known) [known, masks] = [text, masksOf(text)];
    const { mask, wide } = masks;
    const [width, height] = [mask.boxWidth + 2 * padding, mask.boxHeight + 2 * padding];
    const { left, top } = placeBox(options, width, height, info);
    if (behind) blendRectangle(image, left, top, width, height, behind);
    if (around && wide) blendMask(image, wide, left + padding, top + padding, around);
    blendMask(image, mask, left + padding, top + padding, letters);
  };
}
