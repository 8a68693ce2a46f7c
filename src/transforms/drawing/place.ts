import type { ImageInfo } from "../../core/image.js";
import { choice, type OptionKind, real } from "../option-kind.js";

/** The corners, the middles of the sides, and the middle. */
export const anchors = [
  "top-left",
  "top",
  "top-right",
  "left",
  "center",
  "right",
  "bottom-left",
  "bottom",
  "bottom-right",
] as const;
export type Anchor = (typeof anchors)[number];

export interface PlaceOptions {
  /** Which corner or side of the picture it goes to; with `x` or `y`, which point of it lies there. */
  readonly at?: Anchor;
  /** Column of that point. @default `margin` from the side that `at` names, or the middle */
  readonly x?: number;
  /** Row of that point. @default `margin` from the side that `at` names, or the middle */
  readonly y?: number;
  /** Pixels to the border of the picture. @default 8 */
  readonly margin?: number;
}

/** What `placeBox` takes, as options. */
export function placeOptions(usual: Anchor) {
  return {
    at: choice("where it goes; with x or y, which point of it lies there", anchors, {
      usual,
    }),
    x: real("column of that point", { looks: "pixels", usual: "by at and margin" }),
    y: real("row of that point", { looks: "pixels", usual: "by at and margin" }),
    margin: real("distance to the border of the picture", { looks: "pixels", usual: "8" }),
  };
}

/** The top left corner of a box of that size. */
export function placeBox(
  { at = "top-left", x, y, margin = 8 }: PlaceOptions,
  width: number,
  height: number,
  info: Pick<ImageInfo, "width" | "height">,
): { readonly left: number; readonly top: number } {
  const across = at.endsWith("left") ? 0 : at.endsWith("right") ? 1 : 0.5;
  const down = at.startsWith("top") ? 0 : at.startsWith("bottom") ? 1 : 0.5;
  const along = (share: number, given: number | undefined, size: number, room: number): number => {
    const point = given ?? room * share + margin * (1 - 2 * share);
    return Math.round(point - size * share);
  };
  return { left: along(across, x, width, info.width), top: along(down, y, height, info.height) };
}

/** Pixels, or a share of the picture's height: 24 or "5%". */
export type Size = number | string;

export function sizeOption(summary: string, usual: string): OptionKind<Size> {
  return {
    summary,
    looks: "pixels | percent%",
    usual,
    check(value) {
      const [, percent] = (typeof value === "string" && /^(\d+(?:\.\d+)?)%$/.exec(value)) || [];
      if (percent !== undefined && Number(percent) > 0 && Number(percent) <= 100) return value as string;
      if (typeof value === "number" && value >= 1 && value <= 2000) return value;
      throw new RangeError(
        'must be a number of pixels from 1 to 2000, or a share of the height such as "5%"',
      );
    },
    parse: (given) =>
      given.trim().endsWith("%") ? given.trim() : given.trim() === "" ? given : Number(given),
  };
}

/** Whole pixels; shares of a small picture are at least `least`. */
export function pixelsOf(size: Size, { height }: Pick<ImageInfo, "height">, least = 9): number {
  if (typeof size === "number") return size;
  return Math.min(2000, Math.max(least, Math.round((height * Number.parseFloat(size)) / 100)));
}
