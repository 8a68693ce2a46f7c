// All that bends pictures and sources. Browser-safe: no I/O.
import { box } from "./box.js";
import { clahe } from "./clahe.js";
import { crop } from "./crop.js";
import { flatField } from "./flat-field.js";
import { flip } from "./flip.js";
import { gaussian } from "./gaussian.js";
import { median } from "./median.js";
import { sharpen } from "./sharpen.js";
import type { AnyTransformKind } from "./transform-kind.js";

export * from "./align.js";
export { bend } from "./bend.js";
export { type BoxOptions, box } from "./box.js";
export { type ClaheOptions, clahe } from "./clahe.js";
export { type CropOptions, crop } from "./crop.js";
export { type FlatFieldOptions, flatField, flatFieldBy } from "./flat-field.js";
export { type FlipOptions, flip } from "./flip.js";
export { type GaussianOptions, gaussian } from "./gaussian.js";
export { type MedianOptions, median } from "./median.js";
export * from "./pair-frames.js";
export { custom } from "./picture-transform.js";
export { type SharpenOptions, sharpen } from "./sharpen.js";
export * from "./side-by-side.js";
export type { Tile, TileLayout } from "./tiles.js";
export type * from "./transform-kind.js";
export { bindStep, formatTransform, parseTransform } from "./transform-text.js";

/** Every transform, by its name; what the command line and recipes know. */
export const builtInTransforms: readonly AnyTransformKind[] = [
  box,
  clahe,
  crop,
  flatField,
  flip,
  gaussian,
  median,
  sharpen,
];
