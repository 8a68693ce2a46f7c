import type { FrameSink, SeekableSource } from "../core/stream.js";

type Row = Readonly<Record<string, unknown>>;

/** Sources that hold rows beside their frames: stores. */
export function hasExtraData(
  source: SeekableSource,
): source is SeekableSource & { extraData(): Promise<Row[]> } {
  return "extraData" in source;
}

/** Sinks that take rows beside their frames: stores. */
export function takesExtraData(
  sink: FrameSink,
): sink is FrameSink & { addExtraData(row: Row): Promise<void> } {
  return "addExtraData" in sink;
}

/** Rows by the index of their frame, -1 for those before the first, without the stamp that each writer adds anew. */
export function extraRowsOf(rows: readonly Row[]): Map<number, Row[]> {
  const byFrame = new Map<number, Row[]>();
  for (const { frame_index, frame_number: _, frame_time: __, ...row } of rows) {
    const index = Number(frame_index);
    const there = byFrame.get(index);
    if (there) there.push(row);
    else byFrame.set(index, [row]);
  }
  return byFrame;
}
