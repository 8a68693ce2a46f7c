import { arcSteps, type Outline, signedArea } from "./outline.js";

export interface StrokeOptions {
  /** Pixels. @default 1 */
  readonly width?: number;
  /** From the last point back to the first. @default false */
  readonly closed?: boolean;
  /** How corners look. @default "round" */
  readonly join?: "round" | "bevel" | "miter";
  /** How the ends look. @default "butt" */
  readonly cap?: "butt" | "square" | "round";
}

/** A miter longer than this many half widths is cut to a bevel, as SVG and PostScript do. */
const longestMiter = 4;

/**
 * The region that a pen of some width covers along straight lines: a rectangle for each, and a wedge on the outer side of
 * each corner, so that nothing is covered twice where lines go on straight.
 * @param points x, y, x, y …; NaN breaks the line.
 */
export function strokeOutline(
  points: ArrayLike<number>,
  { width = 1, closed = false, join = "round", cap = "butt" }: StrokeOptions = {},
): Outline {
  const contours: Float64Array[] = [];
  for (const run of runsOf(points)) {
    const path = withoutRepeats(run, closed);
    if (path.length === 2) pushDot(contours, path[0]!, path[1]!, width / 2, cap);
    else strokeRun(contours, path, width / 2, closed && path.length > 4, join, cap);
  }
  return contours;
}

/** Stretches of points without NaN. */
function* runsOf(points: ArrayLike<number>): Generator<number[]> {
  let run: number[] = [];
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i]!, points[i + 1]!];
    if (Number.isFinite(x) && Number.isFinite(y)) run.push(x, y);
    else if (run.length > 0) {
      yield run;
      run = [];
    }
  }
  if (run.length > 0) yield run;
}

function withoutRepeats(points: readonly number[], closed: boolean): number[] {
  const kept: number[] = [points[0]!, points[1]!];
  for (let i = 2; i < points.length; i += 2) {
    if (points[i] !== kept[kept.length - 2] || points[i + 1] !== kept[kept.length - 1]) {
      kept.push(points[i]!, points[i + 1]!);
    }
  }
  const isRound = kept[0] === kept[kept.length - 2] && kept[1] === kept[kept.length - 1];
  if (closed && isRound && kept.length > 2) kept.length -= 2;
  return kept;
}

/** A line without length: what its caps would be, and a square of its width with butt caps, so that no sample is lost. */
function pushDot(contours: Float64Array[], x: number, y: number, half: number, cap: string): void {
  if (cap === "round") pushFan(contours, x, y, half, 0, -half, 2 * Math.PI);
  else {
    contours.push(
      Float64Array.of(x - half, y - half, x - half, y + half, x + half, y + half, x + half, y - half),
    );
  }
}

function strokeRun(
  contours: Float64Array[],
  path: readonly number[],
  half: number,
  closed: boolean,
  join: NonNullable<StrokeOptions["join"]>,
  cap: NonNullable<StrokeOptions["cap"]>,
): void {
  const count = path.length / 2;
  const segments = closed ? count : count - 1;
  const point = (i: number): [number, number] => [path[(i % count) * 2]!, path[(i % count) * 2 + 1]!];
  let first: [number, number] | undefined;
  let before: [number, number] | undefined;
  for (let i = 0; i < segments; i++) {
    let [[x0, y0], [x1, y1]] = [point(i), point(i + 1)];
    const length = Math.hypot(x1 - x0, y1 - y0);
    const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length];
    if (before) pushJoin(contours, x0, y0, before, [dx, dy], half, join);
    before = [dx, dy];
    first ??= before;
    if (!closed && i === 0) {
      if (cap === "square") [x0, y0] = [x0 - dx * half, y0 - dy * half];
      if (cap === "round") pushFan(contours, x0, y0, half, -dy * half, dx * half, Math.PI);
    }
    if (!closed && i === segments - 1) {
      if (cap === "round") pushFan(contours, x1, y1, half, dy * half, -dx * half, Math.PI);
      if (cap === "square") [x1, y1] = [x1 + dx * half, y1 + dy * half];
    }
    const [nx, ny] = [-dy * half, dx * half];
    contours.push(Float64Array.of(x0 + nx, y0 + ny, x1 + nx, y1 + ny, x1 - nx, y1 - ny, x0 - nx, y0 - ny));
  }
  if (closed) pushJoin(contours, path[0]!, path[1]!, before!, first!, half, join);
}

/** A pie from the offset (ox, oy) on through `angle` (positive: clockwise on the screen), turned as the rectangles are. */
function pushFan(
  contours: Float64Array[],
  x: number,
  y: number,
  radius: number,
  ox: number,
  oy: number,
  angle: number,
): void {
  const steps = arcSteps(radius, angle);
  const [cos, sin] = [Math.cos(angle / steps), Math.sin(angle / steps)];
  const fan = [x, y];
  let [px, py] = [ox, oy];
  for (let i = 0; i <= steps; i++) {
    fan.push(x + px, y + py);
    [px, py] = [px * cos - py * sin, px * sin + py * cos];
  }
  pushTurned(contours, fan);
}

/** As the rectangles run, so that overlaps add up and do not cut holes. */
function pushTurned(contours: Float64Array[], points: readonly number[]): void {
  const contour = Float64Array.from(points);
  if (signedArea(contour) > 0) {
    for (let i = 0; i < points.length; i += 2) {
      contour[i] = points[points.length - 2 - i]!;
      contour[i + 1] = points[points.length - 1 - i]!;
    }
  }
  contours.push(contour);
}

function pushJoin(
  contours: Float64Array[],
  x: number,
  y: number,
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
  half: number,
  join: NonNullable<StrokeOptions["join"]>,
): void {
  const [cross, dot] = [ax * by - ay * bx, ax * bx + ay * by];
  if (Math.abs(cross) < 1e-9 && dot > 0) return;
  // The outer side is the left one where the line turns right, and the other way round.
  const side = cross > 0 ? half : -half;
  const [ox, oy, px, py] = [ay * side, -ax * side, by * side, -bx * side];
  if (join === "round") {
    const angle = Math.atan2(Math.abs(cross), dot);
    pushFan(contours, x, y, half, ox, oy, cross > 0 ? angle : -angle);
    return;
  }
  const corner = [x, y, x + ox, y + oy];
  // How far out the miter's tip lies, in half widths: 1 / cos of half the turn.
  const reach = Math.sqrt(2 / Math.max(1 + dot, 1e-9));
  if (join === "miter" && reach <= longestMiter) {
    corner.push(x + (ox + px) / (1 + dot), y + (oy + py) / (1 + dot));
  }
  pushTurned(contours, [...corner, x + px, y + py]);
}
