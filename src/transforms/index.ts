// All that bends pictures and sources. Browser-safe: no I/O.

import { affine } from "./affine.js";
import { autoContrast } from "./auto-contrast.js";
import { average } from "./average.js";
import { background } from "./background.js";
import { binarize } from "./binarize.js";
import { box } from "./box.js";
import { brightnessContrast } from "./brightness-contrast.js";
import { channel } from "./channel.js";
import { circle } from "./circle.js";
import { clahe } from "./clahe.js";
import { colormap } from "./colormap.js";
import { crop } from "./crop.js";
import { curve } from "./curve.js";
import { demosaic } from "./demosaic.js";
import { difference } from "./difference.js";
import { equalize } from "./equalize.js";
import { flatField } from "./flat-field.js";
import { flip } from "./flip.js";
import { gamma } from "./gamma.js";
import { gaussian } from "./gaussian.js";
import { grayscale } from "./grayscale.js";
import { invert } from "./invert.js";
import { line } from "./line.js";
import { lut } from "./lut.js";
import { marker } from "./marker.js";
import { median } from "./median.js";
import { merge } from "./merge.js";
import { mix } from "./mix.js";
import { pad } from "./pad.js";
import { polygon } from "./polygon.js";
import { projection } from "./projection.js";
import { rate } from "./rate.js";
import { rectangle } from "./rectangle.js";
import { rescale } from "./rescale.js";
import { resize } from "./resize.js";
import { reverse } from "./reverse.js";
import { rotate } from "./rotate.js";
import { scaleBar } from "./scale-bar.js";
import { sharpen } from "./sharpen.js";
import { speed } from "./speed.js";
import { stabilize } from "./stabilize.js";
import { subsample } from "./subsample.js";
import { swap } from "./swap.js";
import { text } from "./text.js";
import { timestampBar } from "./timestamp-bar.js";
import type { AnyTransformKind } from "./transform-kind.js";
import { transpose } from "./transpose.js";

export { type AffineOptions, affine } from "./affine.js";
export * from "./align.js";
export { type AutoContrastOptions, autoContrast } from "./auto-contrast.js";
export { type AverageOptions, average } from "./average.js";
export { type BackgroundOptions, background } from "./background.js";
export { bend } from "./bend.js";
export { type BinarizeOptions, binarize } from "./binarize.js";
export { blendImages } from "./blend-images.js";
export { type BlendMode, blendModes } from "./blend-modes.js";
export { type BoxOptions, box } from "./box.js";
export { type BrightnessContrastOptions, brightnessContrast } from "./brightness-contrast.js";
export { type ChannelOptions, channel } from "./channel.js";
export type { Channel } from "./channel-names.js";
export { type CircleOptions, circle } from "./circle.js";
export { type ClaheOptions, clahe } from "./clahe.js";
export { type ColorMapName, colorMap, colorMapNames } from "./color-maps.js";
export type { ColorValue } from "./color-option.js";
export { type ColorMapOptions, colormap } from "./colormap.js";
export { type CropOptions, crop } from "./crop.js";
export { type CurveOptions, curve } from "./curve.js";
export { type DemosaicOptions, demosaic } from "./demosaic.js";
export { type DifferenceOptions, difference } from "./difference.js";
export { equalize } from "./equalize.js";
export { type FlatFieldOptions, flatField, flatFieldBy } from "./flat-field.js";
export { type FlipOptions, flip } from "./flip.js";
export { type GammaOptions, gamma } from "./gamma.js";
export { type GaussianOptions, gaussian } from "./gaussian.js";
export { type GrayscaleOptions, grayscale } from "./grayscale.js";
export { invert } from "./invert.js";
export type { Interpolation } from "./kernels/interpolation.js";
export { type LineOptions, line } from "./line.js";
export { type LutOptions, lut } from "./lut.js";
export { type MarkerOptions, marker } from "./marker.js";
export { type MedianOptions, median } from "./median.js";
export { type MergeOptions, merge } from "./merge.js";
export { mergeImages, mergeSources, type Planes } from "./merge-sources.js";
export { type MixOptions, mix } from "./mix.js";
export { type Mosaic, type MosaicOptions, type MosaicSource, mosaic } from "./mosaic.js";
export { type Fit, layMosaic, type MosaicCell, type MosaicLayout, type MosaicPlan } from "./mosaic-layout.js";
export type { AfterEnd, MosaicTiming, SourceTiming } from "./mosaic-times.js";
export { type OverlayOptions, overlay } from "./overlay.js";
export { type PadOptions, pad } from "./pad.js";
export * from "./pair-frames.js";
export { custom } from "./picture-transform.js";
export { type ArraysOptions, seriesOfArrays } from "./plot/arrays.js";
export { type CsvTable, parseCsv, seriesOfCsv } from "./plot/csv.js";
export { type RowsOptions, seriesOfRows } from "./plot/rows.js";
export type { PlotSeries } from "./plot/series.js";
export { type PlotOptions, plot, plotImage } from "./plot.js";
export { type PolygonOptions, polygon } from "./polygon.js";
export { type ProjectionOptions, projection } from "./projection.js";
export { type RateOptions, rate } from "./rate.js";
export { type RectangleOptions, rectangle } from "./rectangle.js";
export { type RescaleOptions, rescale } from "./rescale.js";
export { type ResizeOptions, resize } from "./resize.js";
export { reverse } from "./reverse.js";
export { type RotateOptions, rotate } from "./rotate.js";
export { type ScaleBarOptions, scaleBar } from "./scale-bar.js";
export { type SharpenOptions, sharpen } from "./sharpen.js";
export * from "./side-by-side.js";
export { type SpeedOptions, speed } from "./speed.js";
export { type StabilizeOptions, stabilize } from "./stabilize.js";
export { stillPicture } from "./still-picture.js";
export { type SubsampleOptions, subsample } from "./subsample.js";
export { type SwapOptions, swap } from "./swap.js";
export { type TextOptions, text } from "./text.js";
export type { Tile, TileLayout } from "./tiles.js";
export { type TimestampBarOptions, timestampBar } from "./timestamp-bar.js";
export type * from "./transform-kind.js";
export { bindStep, formatTransform, parseOptions, parseTransform } from "./transform-text.js";
export { transpose } from "./transpose.js";
export type { LimitOptions } from "./value-limits.js";

/** Every transform, by its name; what the command line and recipes know. */
export const builtInTransforms: readonly AnyTransformKind[] = [
  // Geometry.
  ...[crop, pad, resize, rotate, flip, transpose, affine],
  // Tones.
  ...[brightnessContrast, autoContrast, gamma, curve, lut, equalize, clahe, invert, binarize, rescale],
  // Colours.
  ...[grayscale, channel, merge, mix, swap, demosaic, colormap],
  // Filters.
  ...[gaussian, box, median, sharpen, flatField],
  // What is drawn on them.
  ...[text, rectangle, circle, line, polygon, marker, scaleBar, timestampBar],
  // Which frames, and when.
  ...[subsample, speed, rate, reverse],
  // Several frames at once.
  ...[average, difference, background, projection, stabilize],
];
