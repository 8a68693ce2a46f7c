import { rectangleOutline } from "./drawing/outline.js";
import { type FillOptions, fillOptions, shapeTransform } from "./drawing/shape.js";
import { real } from "./option-kind.js";

export interface RectangleOptions extends FillOptions {
  /** Columns left of it. @default 0 */
  readonly left?: number;
  /** Rows above it. @default 0 */
  readonly top?: number;
  /** Columns that it covers. */
  readonly width: number;
  /** Rows that it covers. */
  readonly height: number;
}

/**
 * Draws a rectangle: the border of what `crop` with the same numbers keeps, its line inside. Parts of pixels are covered in
 * part; what lies outside the picture is left out.
 */
export const rectangle = shapeTransform<RectangleOptions>(
  {
    name: "rectangle",
    summary: "draws a rectangle",
    options: {
      left: real("columns left of it", { looks: "pixels", usual: "0" }),
      top: real("rows above it", { looks: "pixels", usual: "0" }),
      width: real("columns that it covers", { above: 0, looks: "pixels" }),
      height: real("rows that it covers", { above: 0, looks: "pixels" }),
      ...fillOptions,
    },
    required: ["width", "height"],
  },
  ({ left = 0, top = 0, width, height, thickness = 2, filled = false }) => {
    const outer = rectangleOutline(left, top, width, height);
    if (filled || 2 * thickness >= Math.min(width, height)) return outer;
    const [hole] = rectangleOutline(
      left + thickness,
      top + thickness,
      width - 2 * thickness,
      height - 2 * thickness,
    );
    const [x0, y0, , y1, x1] = hole!;
    return [...outer, Float64Array.of(x0!, y0!, x1!, y0!, x1!, y1!, x0!, y1!)];
  },
);
