import { cornersOf, lineOptions, pointsOption, type ShapeOptions, shapeTransform } from "./drawing/shape.js";
import { strokeOutline } from "./drawing/stroke.js";

export interface LineOptions extends ShapeOptions {
  /** Two or more points, x, y, x, y …, in pixels; (0, 0) is the middle of the first pixel. */
  readonly points: readonly number[];
}

/** Draws a line through points, with round corners and ends. */
export const line = shapeTransform<LineOptions>(
  {
    name: "line",
    summary: "draws a line through points",
    options: { points: pointsOption("where it goes: x,y of each point", 2), ...lineOptions },
    required: ["points"],
    main: "points",
  },
  ({ points, thickness = 2 }) => strokeOutline(cornersOf(points), { width: thickness, cap: "round" }),
);
