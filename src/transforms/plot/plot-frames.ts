import type { FrameIndex } from "../../core/frame-index.js";
import type { Image, ImageInfo } from "../../core/image.js";
import type { Anchor } from "../drawing/place.js";
import type { Axes } from "./axes.js";
import { Canvas } from "./canvas.js";
import type { Chart, ChartStyle } from "./chart.js";
import { drawLegend } from "./legend.js";
import type { Range } from "./series.js";

export const plotModes = ["cursor", "scroll", "grow"] as const;
export type PlotMode = (typeof plotModes)[number];

/** All that the frames of a plot are drawn from. */
export interface PlotPlan {
  readonly info: ImageInfo;
  readonly index: FrameIndex;
  readonly chart: Chart;
  readonly style: ChartStyle;
  readonly axes: Axes;
  readonly mode: PlotMode;
  /** What the x axis shows where it stands still. */
  readonly x: Range;
  /** From the first frame to the last, or what the data take. */
  readonly times: Range;
  /** Seconds that a moving chart shows, and how many of them come after now. */
  readonly window: number;
  readonly ahead: number;
  readonly legend: { readonly names: readonly string[]; readonly at: Anchor } | undefined;
}

/** Draws the frames of a plot: what stands still is drawn once. */
export class PlotFrames {
  readonly #plan: PlotPlan;
  #empty: Image | undefined;
  #whole: Image | undefined;
  /** What has grown so far, of a chart that is not over time: drawing on goes faster than drawing all again. */
  #grown: { readonly until: number; readonly image: Image } | undefined;

  constructor(plan: PlotPlan) {
    this.#plan = plan;
  }

  /** The chart of all data, without a cursor. */
  whole(): Image {
    this.#whole ??= this.#drawn(this.#plan.x, this.#plan.times);
    return this.#whole;
  }

  /** @param time of the frame; if it is NaN, the chart without a cursor. */
  at(time: number): Image {
    const { mode, chart } = this.#plan;
    if (Number.isNaN(time)) return new Canvas(this.whole()).image;
    if (mode === "scroll") return chart.isOverTime ? this.#scrolled(time) : this.#recent(time);
    if (mode === "grow") return chart.isOverTime ? this.#uncovered(time) : this.#grow(time);
    const canvas = new Canvas(this.whole());
    this.#mark(canvas, this.#plan.x, time);
    return canvas.image;
  }

  #mark(canvas: Canvas, x: Range, time: number): void {
    const { chart, axes, style } = this.#plan;
    if (chart.mark) {
      chart.mark(canvas, axes, x, time);
      return;
    }
    const { left, top, width, height } = axes.area;
    const column = Math.min(left + width - 1, Math.floor(axes.xOf(time, x)));
    if (column < left || time > x.max) return;
    const thick = Math.max(1, Math.round(style.lineWidth));
    canvas.rectangle({ left: column, top, width: thick, height }, canvas.paint(style.theme.cursor));
  }

  #drawn(x: Range, times: Range): Image {
    const { axes, chart, style, legend } = this.#plan;
    const canvas = new Canvas(this.#plan.info);
    const { width, height } = canvas.image;
    canvas.rectangle({ left: 0, top: 0, width, height }, canvas.paint(style.theme.background));
    axes.draw(canvas, x);
    chart.draw(canvas, axes, x, times);
    if (legend && chart.legend) drawLegend(canvas, axes, legend.names, chart.legend, style, legend.at);
    return canvas.image;
  }

  #scrolled(time: number): Image {
    const { window, ahead, axes } = this.#plan;
    const x = { min: time + ahead - window, max: time + ahead };
    const canvas = new Canvas(
      this.#drawn(x, { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY }),
    );
    if (ahead > 0 && axes.area.width > 1) this.#mark(canvas, x, time);
    return canvas.image;
  }

  #recent(time: number): Image {
    const { x, window } = this.#plan;
    const canvas = new Canvas(this.#drawn(x, { min: time - window, max: time }));
    this.#mark(canvas, x, time);
    return canvas.image;
  }

  /** The whole chart up to now, the empty one after: a curve does not change once it is there. */
  #uncovered(time: number): Image {
    const { x, axes, info, legend, chart, style } = this.#plan;
    this.#empty ??= this.#drawn(x, { min: Number.NEGATIVE_INFINITY, max: Number.NEGATIVE_INFINITY });
    const [canvas, whole] = [new Canvas(this.#empty), this.whole()];
    const { left, top, width, height } = axes.area;
    const share = Math.min(width, Math.max(0, Math.ceil(axes.xOf(time, x)) - left));
    const [from, to] = [whole.data as Uint8Array, canvas.image.data as Uint8Array];
    for (let y = top; y < top + height; y++) {
      const start = (y * info.width + left) * info.channels;
      to.set(from.subarray(start, start + share * info.channels), start);
    }
    // A legend that is half covered by now would be torn.
    if (legend && chart.legend) drawLegend(canvas, axes, legend.names, chart.legend, style, legend.at);
    return canvas.image;
  }

  #grow(time: number): Image {
    const { x, chart, axes } = this.#plan;
    const before =
      this.#grown && this.#grown.until <= time && chart.legend === "dot" ? this.#grown : undefined;
    const start = before ? nextAfter(before.until) : Number.NEGATIVE_INFINITY;
    const canvas = before
      ? new Canvas(before.image)
      : new Canvas(this.#drawn(x, { min: Number.NEGATIVE_INFINITY, max: time }));
    if (before) chart.draw(canvas, axes, x, { min: start, max: time });
    this.#grown = { until: time, image: canvas.image };
    const marked = new Canvas(canvas.image);
    this.#mark(marked, x, time);
    return marked.image;
  }
}

/** The smallest double that is greater. */
function nextAfter(value: number): number {
  if (!Number.isFinite(value)) return value;
  const step = Math.max(Math.abs(value) * Number.EPSILON, Number.MIN_VALUE);
  const half = value + step / 2;
  return half > value ? half : value + step;
}
