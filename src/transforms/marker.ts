import { type MarkerShape, markerOutline, markerShapes } from "./drawing/marker-outline.js";
import { lineOptions, pointsOption, type ShapeOptions, shapeTransform } from "./drawing/shape.js";
import { choice, real } from "./option-kind.js";

export interface MarkerOptions extends ShapeOptions {
  /** One or more points, x, y, x, y …, in pixels; (0, 0) is the middle of the first pixel. */
  readonly points: readonly number[];
  /** @default "cross" */
  readonly shape?: MarkerShape;
  /** How wide and high it is, in pixels. @default 20 */
  readonly size?: number;
}

/** Marks points: a cross, an x, a circle, a square … around each. */
export const marker = shapeTransform<MarkerOptions>(
  {
    name: "marker",
    summary: "marks points with a cross, a circle, a square",
    options: {
      points: pointsOption("what is marked: x,y of each", 1),
      shape: choice("the sign", markerShapes, { usual: "cross" }),
      size: real("how wide and high it is", { above: 0, most: 10_000, looks: "pixels", usual: "20" }),
      ...lineOptions,
    },
    required: ["points"],
    main: "points",
  },
  ({ points, shape = "cross", size = 20, thickness = 2 }) =>
    Array.from({ length: points.length / 2 }, (_, i) =>
      markerOutline(shape, points[2 * i]! + 0.5, points[2 * i + 1]! + 0.5, size, thickness),
    ).flat(),
);
