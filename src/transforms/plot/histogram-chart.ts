import type { ChartMaker } from "./chart.js";
import { type Range, rangeOf, rankOf, type SortedSeries, widened } from "./series.js";

/** How often values occur, in bins of one width; of an instant the last value by then is marked. */
export const histogramChart: ChartMaker = (series, { theme, colors, bins }, limits) => {
  const x = limits.x ?? widened(rangeOf(series.map(({ values }) => values)), 0);
  const binOf = (value: number): number => {
    const bin = Math.floor(((value - x.min) / (x.max - x.min)) * bins);
    // The last bin holds its upper border, as NumPy's does.
    return value === x.max ? bins - 1 : bin >= 0 && bin < bins ? bin : -1;
  };
  return {
    isOverTime: false,
    x,
    y: (window) => ({
      min: 0,
      max: Math.max(1, ...series.map((one) => highestCount(one, window, bins, binOf))) * 1.05,
    }),
    legend: "block",
    draw(canvas, axes, shownX, times) {
      for (const [at, one] of series.entries()) {
        const counts = countsOf(one, times, bins, binOf);
        const paint = canvas.paint(colors[at % colors.length]!, series.length > 1 ? 0.6 : 0.85);
        for (const [bin, count] of counts.entries()) {
          const border = (i: number): number =>
            Math.round(axes.xOf(x.min + ((x.max - x.min) * i) / bins, shownX));
          const { left: first, top: highest, width: across, height } = axes.area;
          const [left, right] = [
            Math.max(first, border(bin)),
            Math.min(first + across, border(bin + 1) - (across > bins * 4 ? 1 : 0)),
          ];
          const top = Math.max(highest, Math.round(axes.yOf(count)));
          if (right > left) {
            canvas.rectangle({ left, top, width: right - left, height: highest + height - top }, paint);
          }
        }
      }
    },
    mark(canvas, axes, shownX, time) {
      for (const { times, values } of series) {
        const i = rankOf(times, time, true) - 1;
        const column = Math.floor(axes.xOf(values[i] ?? Number.NaN, shownX));
        const { left, top, width, height } = axes.area;
        if (column < left || column >= left + width || Number.isNaN(column)) continue;
        canvas.rectangle({ left: column, top, width: 2, height }, canvas.paint(theme.cursor));
      }
    },
  };
};

type BinOf = (value: number) => number;

function countsOf({ times, values }: SortedSeries, shown: Range, bins: number, binOf: BinOf): Float64Array {
  const counts = new Float64Array(bins);
  const end = rankOf(times, shown.max, true);
  for (let i = rankOf(times, shown.min); i < end; i++) {
    const bin = binOf(values[i]!);
    if (bin >= 0) counts[bin]!++;
  }
  return counts;
}

/** Of any bin, in any window of that many seconds. */
function highestCount(series: SortedSeries, window: number | undefined, bins: number, binOf: BinOf): number {
  const { times, values } = series;
  const counts = new Float64Array(bins);
  let highest = 0;
  for (let i = 0, start = 0; i < times.length; i++) {
    const bin = binOf(values[i]!);
    if (bin >= 0) highest = Math.max(highest, ++counts[bin]!);
    while (window !== undefined && times[start]! < times[i]! - window) {
      const left = binOf(values[start++]!);
      if (left >= 0) counts[left]!--;
    }
  }
  return highest;
}
