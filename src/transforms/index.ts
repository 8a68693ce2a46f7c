// All that bends pictures and sources. Browser-safe: no I/O.
import { circle } from "./circle.js";
import { crop } from "./crop.js";
import { flip } from "./flip.js";
import { line } from "./line.js";
import { marker } from "./marker.js";
import { polygon } from "./polygon.js";
import { rectangle } from "./rectangle.js";
import { scaleBar } from "./scale-bar.js";
import { text } from "./text.js";
import { timestampBar } from "./timestamp-bar.js";
import type { AnyTransformKind } from "./transform-kind.js";

export * from "./align.js";
export { bend } from "./bend.js";
export { type CircleOptions, circle } from "./circle.js";
export { type CropOptions, crop } from "./crop.js";
export { type FlipOptions, flip } from "./flip.js";
export { type LineOptions, line } from "./line.js";
export { type MarkerOptions, marker } from "./marker.js";
export * from "./pair-frames.js";
export { custom } from "./picture-transform.js";
export { type ArraysOptions, seriesOfArrays } from "./plot/arrays.js";
export { type CsvTable, parseCsv, seriesOfCsv } from "./plot/csv.js";
export { type RowsOptions, seriesOfRows } from "./plot/rows.js";
export type { PlotSeries } from "./plot/series.js";
export { type PlotOptions, plot, plotImage } from "./plot.js";
export { type PolygonOptions, polygon } from "./polygon.js";
export { type RectangleOptions, rectangle } from "./rectangle.js";
export { type ScaleBarOptions, scaleBar } from "./scale-bar.js";
export * from "./side-by-side.js";
export { type TextOptions, text } from "./text.js";
export type { Tile, TileLayout } from "./tiles.js";
export { type TimestampBarOptions, timestampBar } from "./timestamp-bar.js";
export type * from "./transform-kind.js";
export { bindStep, formatTransform, parseTransform } from "./transform-text.js";

/** Every transform, by its name; what the command line and recipes know. */
export const builtInTransforms: readonly AnyTransformKind[] = [
  ...[crop, flip],
  ...[text, rectangle, circle, line, polygon, marker, scaleBar, timestampBar],
];
