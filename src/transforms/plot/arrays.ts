import { UnsupportedError } from "../../core/errors.js";
import type { NpyArray } from "../../core/npy.js";
import { chooseColumns, isTimeName, type RowsOptions, secondsOf } from "./rows.js";
import type { PlotSeries } from "./series.js";

export interface ArraysOptions extends RowsOptions {
  /** The times of the values, where no array looks like them; as many as there are values. */
  readonly times?: ArrayLike<number>;
  /** Samples a second from 0 s on, whatever the arrays are called. */
  readonly rate?: number;
}

/**
 * Arrays as series: one of one axis is a column, one of two axes a column for each of its own ("name 0", "name 1" …), or for
 * each row if that is the shorter axis. The time is one of them, or comes from `times` or `rate`.
 * @throws {RangeError} if a column is not there, the lengths differ, or there is no time; {UnsupportedError} for arrays of
 *   other shapes or kinds.
 */
export function seriesOfArrays(
  arrays: Readonly<Record<string, NpyArray>>,
  options: ArraysOptions = {},
): PlotSeries[] {
  const columns = new Map(Object.entries(arrays).flatMap(([name, array]) => columnsOf(name, array)));
  const names = [...columns.keys()];
  const { times: given, rate } = options;
  // What no file can be called.
  const noTime = "\0";
  const own =
    options.time === undefined &&
    (rate !== undefined || (given !== undefined && !names.some((name) => isTimeName(name))));
  const chosen = chooseColumns(
    own ? [...names, noTime] : names,
    own ? { ...options, time: noTime } : options,
    () => true,
  );
  return chosen.columns.map((name) => {
    const values = columns.get(name)!;
    const times = own
      ? rate === undefined
        ? given!
        : Float64Array.from({ length: values.length }, (_, i) => i / rate)
      : Float64Array.from(columns.get(chosen.time)!, (time) => secondsOf(time, options.unit));
    if (times.length !== values.length) {
      throw new RangeError(`${name} has ${values.length} values, but there are ${times.length} times`);
    }
    return { name, times, values, ...(chosen.x !== undefined && { x: columns.get(chosen.x)! }) };
  });
}

function columnsOf(name: string, array: NpyArray): [string, Float64Array][] {
  const { dtype, shape, data } = array;
  const shown = `${dtype} of shape (${shape.join(", ")})`;
  if (dtype.startsWith("complex") || dtype === "float16" || shape.length < 1 || shape.length > 2) {
    throw new UnsupportedError("array for a plot", `${name}, ${shown}`, [
      "real numbers with one or two axes",
    ]);
  }
  const [rows, across] = [shape[0]!, shape[1] ?? 1];
  const at = (row: number, column: number): number => Number(data[row * across + column]);
  if (shape.length === 1) return [[name, Float64Array.from({ length: rows }, (_, i) => at(i, 0))]];
  const isUpright = rows >= across;
  const [count, length] = isUpright ? [across, rows] : [rows, across];
  return Array.from({ length: count }, (_, column) => [
    count === 1 ? name : `${name} ${column}`,
    Float64Array.from({ length }, (_, i) => (isUpright ? at(i, column) : at(column, i))),
  ]);
}
