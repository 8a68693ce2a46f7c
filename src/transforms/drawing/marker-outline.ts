import { discOutline, type Outline, polygonOutline } from "./outline.js";
import { strokeOutline } from "./stroke.js";

export const markerShapes = ["cross", "x", "circle", "square", "diamond", "triangle", "dot"] as const;
export type MarkerShape = (typeof markerShapes)[number];

/**
 * A sign around a point.
 * @param size how wide and high it is, in pixels.
 * @param thickness of its lines; a dot has none.
 */
export function markerOutline(
  shape: MarkerShape,
  x: number,
  y: number,
  size: number,
  thickness: number,
): Outline {
  const half = size / 2;
  const inner = Math.max(0, half - thickness / 2);
  const closed = (...points: number[]): Outline =>
    strokeOutline(points, { width: thickness, closed: true, join: "miter" });
  switch (shape) {
    case "cross":
      return [
        ...polygonOutline([
          ...[x - half, y - thickness / 2, x + half, y - thickness / 2],
          ...[x + half, y + thickness / 2, x - half, y + thickness / 2],
        ]),
        ...polygonOutline([
          ...[x - thickness / 2, y - half, x + thickness / 2, y - half],
          ...[x + thickness / 2, y + half, x - thickness / 2, y + half],
        ]),
      ];
    case "x": {
      const end = inner;
      return [
        ...strokeOutline([x - end, y - end, x + end, y + end], { width: thickness, cap: "round" }),
        ...strokeOutline([x - end, y + end, x + end, y - end], { width: thickness, cap: "round" }),
      ];
    }
    case "circle":
      return discOutline(x, y, half, Math.max(0, half - thickness));
    case "square":
      return closed(x - inner, y - inner, x + inner, y - inner, x + inner, y + inner, x - inner, y + inner);
    case "diamond":
      return closed(x, y - inner, x + inner, y, x, y + inner, x - inner, y);
    case "triangle":
      return closed(x, y - inner, x + inner, y + inner, x - inner, y + inner);
    case "dot":
      return discOutline(x, y, half);
  }
}
