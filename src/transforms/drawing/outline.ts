/**
 * A region of the plane: closed contours of straight edges, each x, y, x, y …, the last point joined to the first. Where
 * contours that run the same way overlap, the region is their union; one that runs the other way cuts a hole.
 * Pixel (0, 0) covers 0 … 1 in both directions; y runs downwards.
 */
export type Outline = readonly Float64Array[];

/** How far a flattened curve may be from the true one, in pixels. */
const flatness = 0.03;

export function rectangleOutline(left: number, top: number, width: number, height: number): Outline {
  const [right, bottom] = [left + width, top + height];
  return [Float64Array.of(left, top, left, bottom, right, bottom, right, top)];
}

/** A disc, or with `inner` the ring between the two radii. */
export function discOutline(x: number, y: number, radius: number, inner = 0): Outline {
  const outer = circle(x, y, radius);
  return inner > 0 ? [outer, reversed(circle(x, y, inner))] : [outer];
}

function circle(x: number, y: number, radius: number): Float64Array {
  const count = arcSteps(radius, 2 * Math.PI);
  const points = new Float64Array(count * 2);
  for (let i = 0; i < count; i++) {
    const angle = (-2 * Math.PI * i) / count;
    points[i * 2] = x + radius * Math.cos(angle);
    points[i * 2 + 1] = y + radius * Math.sin(angle);
  }
  return points;
}

/** Into how many chords an arc has to be cut; at least 8 for a full circle. */
export function arcSteps(radius: number, angle: number): number {
  const most = Math.min(Math.PI / 4, 2 * Math.acos(1 - Math.min(1, flatness / Math.max(radius, flatness))));
  return Math.max(1, Math.ceil(Math.abs(angle) / most - 1e-9));
}

function reversed(points: Float64Array): Float64Array {
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    out[i] = points[points.length - 2 - i]!;
    out[i + 1] = points[points.length - 1 - i]!;
  }
  return out;
}

/** Twice the area, positive where the contour runs clockwise on the screen. */
export function signedArea(points: ArrayLike<number>): number {
  let area = 0;
  const count = points.length;
  for (let i = 0, j = count - 2; i < count; j = i, i += 2) {
    area += points[j]! * points[i + 1]! - points[i]! * points[j + 1]!;
  }
  return area;
}

/** The contour of a polygon, turned so that it fills whichever way its corners run. */
export function polygonOutline(points: ArrayLike<number>): Outline {
  const contour = Float64Array.from(points);
  return [signedArea(contour) > 0 ? reversed(contour) : contour];
}

/** A quadratic curve from the last point of `points` on, as chords. */
export function pushCurve(points: number[], cx: number, cy: number, x: number, y: number): void {
  const [x0, y0] = [points[points.length - 2]!, points[points.length - 1]!];
  // A chord of a quadratic is off by a quarter of its second difference, divided by the square of the pieces.
  const bend = Math.hypot(x0 - 2 * cx + x, y0 - 2 * cy + y);
  const pieces = Math.max(1, Math.ceil(Math.sqrt(bend / (4 * flatness))));
  for (let i = 1; i <= pieces; i++) {
    const [t, s] = [i / pieces, 1 - i / pieces];
    points.push(s * s * x0 + 2 * s * t * cx + t * t * x, s * s * y0 + 2 * s * t * cy + t * t * y);
  }
}
