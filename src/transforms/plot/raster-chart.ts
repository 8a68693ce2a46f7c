import type { ChartMaker } from "./chart.js";
import { rankOf } from "./series.js";

/** Events over time: a stroke for each, a row for each series, the first on top. */
export const rasterChart: ChartMaker = (series, { colors, lineWidth }) => {
  const stroke = Math.max(1, Math.round(lineWidth));
  return {
    isOverTime: true,
    x: undefined,
    y: () => ({ min: 0, max: series.length }),
    rows: series.map(({ name }, at) => name ?? String(at)),
    legend: undefined,
    draw(canvas, axes, x, shown) {
      const { left, top, width, height } = axes.area;
      for (const [row, { times, values }] of series.entries()) {
        const paint = canvas.paint(colors[row % colors.length]!);
        const room = height / series.length;
        const start = Math.round(top + room * (row + 0.1));
        const end = Math.max(start + 1, Math.round(top + room * (row + 0.9)));
        const to = rankOf(times, Math.min(x.max, shown.max), true);
        // Where many events share a column, it is drawn once.
        const hit = new Uint8Array(width);
        for (let i = rankOf(times, Math.max(x.min, shown.min)); i < to; i++) {
          if (values[i] === 0 || Number.isNaN(values[i]!)) continue;
          const column = Math.min(width - 1, Math.floor(axes.xOf(times[i]!, x)) - left);
          for (let at = column; at < Math.min(width, column + stroke); at++) hit[at] = 1;
        }
        for (let column = 0; column < width; column++) {
          if (hit[column] === 0) continue;
          canvas.rectangle({ left: left + column, top: start, width: 1, height: end - start }, paint);
        }
      }
    },
  };
};
