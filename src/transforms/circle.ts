import { discOutline } from "./drawing/outline.js";
import { type FillOptions, fillOptions, shapeTransform } from "./drawing/shape.js";
import { real } from "./option-kind.js";

export interface CircleOptions extends FillOptions {
  /** Column of its middle; 0 is the middle of the first. */
  readonly x: number;
  /** Row of its middle; 0 is the middle of the first. */
  readonly y: number;
  /** Pixels, to the middle of the line, or filled to the border. */
  readonly radius: number;
}

/** Draws a circle, or a disc. Half of its line lies on either side of the radius. */
export const circle = shapeTransform<CircleOptions>(
  {
    name: "circle",
    summary: "draws a circle or a disc",
    options: {
      x: real("column of its middle", { looks: "pixels" }),
      y: real("row of its middle", { looks: "pixels" }),
      radius: real("to the middle of the line, or filled to the border", {
        ...{ above: 0, most: 100_000, looks: "pixels" },
      }),
      ...fillOptions,
    },
    required: ["x", "y", "radius"],
  },
  ({ x, y, radius, thickness = 2, filled = false }) =>
    filled
      ? discOutline(x + 0.5, y + 0.5, radius)
      : discOutline(x + 0.5, y + 0.5, radius + thickness / 2, Math.max(0, radius - thickness / 2)),
);
