import type { ChartMaker } from "./chart.js";
import { decimate } from "./decimate.js";
import { rangeOf, rankOf, widened } from "./series.js";

/** Values over time as lines. */
export const lineChart: ChartMaker = (series, { colors, lineWidth }) => ({
  isOverTime: true,
  x: undefined,
  y: () => widened(rangeOf(series.map(({ values }) => values)), 0.04),
  legend: "line",
  draw(canvas, axes, x, shown) {
    const step = (x.max - x.min) / axes.area.width;
    for (const [at, { times, values }] of series.entries()) {
      // The neighbours outside, too, so that the line goes on to the border.
      const from = Math.max(0, rankOf(times, Math.max(x.min, shown.min)) - 1);
      const to = Math.min(times.length, rankOf(times, Math.min(x.max, shown.max), true) + 1);
      const line = decimate(times, values, from, to, step);
      const points = new Float64Array(line.times.length * 2);
      for (let i = 0; i < line.times.length; i++) {
        points[2 * i] = axes.xOf(line.times[i]!, x);
        points[2 * i + 1] = axes.yOf(line.values[i]!);
      }
      canvas.line(points, lineWidth, axes.area, canvas.paint(colors[at % colors.length]!));
    }
  },
});
