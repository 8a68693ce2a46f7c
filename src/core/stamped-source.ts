import { ColumnIndex, numberColumn } from "./column-index.js";
import { FileFormatError } from "./errors.js";
import type { IndexedFrame } from "./frame.js";
import type { FrameIndex } from "./frame-index.js";
import { besideFrames, seenThrough } from "./seen-through.js";
import type { StampColumns } from "./stamp-table.js";
import type { FrameRange, SeekableSource } from "./stream.js";

export interface StampedSourceOptions {
  /** Where the times come from, for errors and `describe`. */
  readonly path: string;
  /** Fewer or more times than frames: the frames behind the last time have none, times behind the last frame are left. */
  readonly allowMissing?: boolean;
}

/**
 * The same source with other times, and other numbers if there are any: the first is the first frame's. Closing it
 * closes both.
 * @throws {FileFormatError} if there are not as many times as frames, unless `allowMissing` is set.
 */
export function stampedSource(
  source: SeekableSource,
  columns: StampColumns,
  { path, allowMissing = false }: StampedSourceOptions,
): SeekableSource {
  const { length } = source.index;
  const found = columns.times.length;
  if (found !== length && !allowMissing) {
    const counts = `holds ${found} times, but there are ${length} frames`;
    throw new FileFormatError(
      path,
      `${counts}: nobody can tell which go together; allowMissing takes the first for the first frame`,
    );
  }
  const index = indexOf(source.index, columns);
  const stamped = ({ duration, ...frame }: IndexedFrame): IndexedFrame => ({
    ...frame,
    ...index.stamp(frame.index),
  });
  async function* frames(range?: FrameRange): AsyncGenerator<IndexedFrame> {
    for await (const frame of source.frames(range)) yield stamped(frame);
  }
  const timestamps = {
    ...{ path, count: found },
    ...(columns.column !== undefined && { column: columns.column }),
  };
  const seen = seenThrough(source, {
    ...{ index, frames },
    frame: async (address) => stamped(await source.frame({ index: index.locate(address) })),
    describe: () => ({ ...source.describe(), timestamps }),
  });
  return Object.assign(seen, besideFrames(source));
}

function indexOf(own: FrameIndex, { times, numbers }: StampColumns): FrameIndex {
  const { length } = own;
  const fitted = new Float64Array(length).fill(Number.NaN);
  fitted.set(times.subarray(0, length));
  const known = numbers && numbers.length >= length ? numbers.subarray(0, length) : undefined;
  return new ColumnIndex({
    times: fitted,
    numbers: known ?? numberColumn(Array.from({ length }, (_, rank) => own.number(rank))),
  });
}
