import { polygonOutline } from "./drawing/outline.js";
import { cornersOf, type FillOptions, fillOptions, pointsOption, shapeTransform } from "./drawing/shape.js";
import { strokeOutline } from "./drawing/stroke.js";

export interface PolygonOptions extends FillOptions {
  /** Three or more corners, x, y, x, y …, in pixels; (0, 0) is the middle of the first pixel. */
  readonly points: readonly number[];
}

/** Draws a polygon: its border, or filled. Its last corner is joined to the first. */
export const polygon = shapeTransform<PolygonOptions>(
  {
    name: "polygon",
    summary: "draws a polygon",
    options: { points: pointsOption("its corners: x,y of each", 3), ...fillOptions },
    required: ["points"],
    main: "points",
  },
  ({ points, thickness = 2, filled = false }) =>
    filled
      ? polygonOutline(cornersOf(points))
      : strokeOutline(cornersOf(points), { width: thickness, closed: true }),
);
