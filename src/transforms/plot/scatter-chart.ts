import { fillOutline, type Mask } from "../drawing/coverage.js";
import { markerOutline } from "../drawing/marker-outline.js";
import type { ChartMaker } from "./chart.js";
import { rangeOf, rankOf, widened } from "./series.js";

/** Values over other values as dots; of an instant the last value by then is marked. */
export const scatterChart: ChartMaker = (series, { theme, colors, markerSize }) => {
  const dot = fillOutline(markerOutline("dot", 0.5, 0.5, markerSize, 1));
  const ring = fillOutline(markerOutline("circle", 0.5, 0.5, markerSize * 2 + 4, 2));
  const xs = series.map(({ x, times }) => x ?? times);
  return {
    isOverTime: false,
    x: widened(rangeOf(xs), 0.04),
    y: () => widened(rangeOf(series.map(({ values }) => values)), 0.04),
    legend: "dot",
    draw(canvas, axes, x, shown) {
      for (const [at, { times, values }] of series.entries()) {
        const paint = canvas.paint(colors[at % colors.length]!, 0.8);
        const end = rankOf(times, shown.max, true);
        for (let i = rankOf(times, shown.min); i < end; i++) put(dot, i, at, values, paint);
      }
      function put(
        mask: Mask,
        i: number,
        at: number,
        values: Float64Array,
        paint: ReturnType<typeof canvas.paint>,
      ) {
        const [left, top] = [axes.xOf(xs[at]![i]!, x), axes.yOf(values[i]!)];
        if (isInside(axes.area, left, top)) canvas.mask(mask, Math.floor(left), Math.floor(top), paint);
      }
    },
    mark(canvas, axes, x, time) {
      for (const [at, { times, values }] of series.entries()) {
        const i = rankOf(times, time, true) - 1;
        if (i < 0) continue;
        const [left, top] = [axes.xOf(xs[at]![i]!, x), axes.yOf(values[i]!)];
        if (!isInside(axes.area, left, top)) continue;
        canvas.mask(dot, Math.floor(left), Math.floor(top), canvas.paint(theme.cursor));
        canvas.mask(ring, Math.floor(left), Math.floor(top), canvas.paint(theme.cursor));
      }
    },
  };
};

function isInside(
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
  x: number,
  y: number,
): boolean {
  return x >= left && x < left + width && y >= top && y < top + height;
}
