import type { Paint } from "../drawing/blend.js";
import type { Canvas } from "./canvas.js";
import type { ChartMaker } from "./chart.js";
import { type Range, rangeOf, rankOf, type SortedSeries, widened } from "./series.js";
import { levelColor } from "./theme.js";

/** Rows of values over time as 256 colours, the first row on top; nothing where there is no value. */
export const heatMapChart: ChartMaker = (series, { map }, limits) => {
  const colors = limits.y ?? widened(rangeOf(series.map(({ values }) => values)), 0);
  return {
    isOverTime: true,
    x: undefined,
    y: () => ({ min: 0, max: series.length }),
    rows: series.map(({ name }, at) => name ?? String(at)),
    colors,
    legend: undefined,
    draw(canvas, axes, x, shown) {
      const { left, top, width, height } = axes.area;
      const paints = levelPaints(canvas, map);
      const time = (column: number): number => x.min + ((x.max - x.min) * column) / width;
      for (const [row, one] of series.entries()) {
        const start = top + Math.round((row * height) / series.length);
        const end = top + Math.round(((row + 1) * height) / series.length);
        // Columns of one colour are one rectangle.
        let [from, before] = [0, -1];
        for (let column = 0; column <= width; column++) {
          const isOver = column === width || time(column) > shown.max;
          const color = isOver ? -1 : colorOf(one, time(column), time(column + 1), colors);
          if (color === before) continue;
          if (before >= 0 && end > start) {
            canvas.rectangle(
              { left: left + from, top: start, width: column - from, height: end - start },
              paints(before),
            );
          }
          [from, before] = [column, color];
        }
      }
    },
  };
};

function levelPaints(canvas: Canvas, map: Uint8Array): (level: number) => Paint {
  const made: Paint[] = [];
  return (level) => {
    made[level] ??= canvas.paint(levelColor(map, level));
    return made[level]!;
  };
}

/** 0 – 255; -1 for none. */
function colorOf(series: SortedSeries, from: number, to: number, { min, max }: Range): number {
  const value = meanBetween(series, from, to);
  if (Number.isNaN(value)) return -1;
  return Math.round(Math.min(1, Math.max(0, (value - min) / (max - min))) * 255);
}

/**
 * The mean of the values of that time, or where there are none the last one before, which holds until the next. After the
 * last value nothing is known, beyond the usual distance of values.
 */
function meanBetween({ times, values }: SortedSeries, from: number, to: number): number {
  const first = rankOf(times, from);
  const end = rankOf(times, to);
  if (first === end) {
    if (first === 0) return Number.NaN;
    const usual = times.length > 1 ? (times.at(-1)! - times[0]!) / (times.length - 1) : 0;
    const isOver = first === times.length && from >= times[first - 1]! + usual;
    return isOver ? Number.NaN : values[first - 1]!;
  }
  let [sum, count] = [0, 0];
  for (let i = first; i < end; i++) {
    if (!Number.isFinite(values[i]!)) continue;
    sum += values[i]!;
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}
