// All that bends pictures and sources. Browser-safe: no I/O.
import { average } from "./average.js";
import { background } from "./background.js";
import { crop } from "./crop.js";
import { difference } from "./difference.js";
import { flip } from "./flip.js";
import { projection } from "./projection.js";
import { rate } from "./rate.js";
import { reverse } from "./reverse.js";
import { speed } from "./speed.js";
import { subsample } from "./subsample.js";
import type { AnyTransformKind } from "./transform-kind.js";

export * from "./align.js";
export { type AverageOptions, average } from "./average.js";
export { type BackgroundOptions, background } from "./background.js";
export { bend } from "./bend.js";
export { type CropOptions, crop } from "./crop.js";
export { type DifferenceOptions, difference } from "./difference.js";
export { type FlipOptions, flip } from "./flip.js";
export * from "./pair-frames.js";
export { custom } from "./picture-transform.js";
export { type ProjectionOptions, projection } from "./projection.js";
export { type RateOptions, rate } from "./rate.js";
export { reverse } from "./reverse.js";
export * from "./side-by-side.js";
export { type SpeedOptions, speed } from "./speed.js";
export { type SubsampleOptions, subsample } from "./subsample.js";
export type { Tile, TileLayout } from "./tiles.js";
export type * from "./transform-kind.js";
export { bindStep, formatTransform, parseTransform } from "./transform-text.js";

/** Every transform, by its name; what the command line and recipes know. */
export const builtInTransforms: readonly AnyTransformKind[] = [
  // Geometry.
  crop,
  flip,
  // Which frames, and when.
  subsample,
  speed,
  rate,
  reverse,
  // Several frames at once.
  average,
  difference,
  background,
  projection,
];
