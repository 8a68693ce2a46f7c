// All that bends pictures and sources. Browser-safe: no I/O.
import { crop } from "./crop.js";
import { flip } from "./flip.js";
import type { AnyTransformKind } from "./transform-kind.js";

export * from "./align.js";
export { bend } from "./bend.js";
export { type CropOptions, crop } from "./crop.js";
export { type FlipOptions, flip } from "./flip.js";
export * from "./pair-frames.js";
export { custom } from "./picture-transform.js";
export * from "./side-by-side.js";
export type { Tile, TileLayout } from "./tiles.js";
export type * from "./transform-kind.js";
export { bindStep, formatTransform, parseTransform } from "./transform-text.js";

/** Every transform, by its name; what the command line and recipes know. */
export const builtInTransforms: readonly AnyTransformKind[] = [crop, flip];
