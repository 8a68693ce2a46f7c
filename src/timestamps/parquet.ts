import { UnsupportedError } from "../core/errors.js";
import type { FrameNumber } from "../core/frame.js";
import type { FrameTimes } from "./frame-times.js";

/**
 * A Parquet file of frame times: columns `number` (int64; double where numbers are none), `time` (double, seconds) and
 * `frame_time_us` (int64, or uint64 beyond 2^63), each null where unknown.
 * @throws {UnsupportedError} if times are below 0 and beyond 2^63.
 * https://parquet.apache.org/docs/file-format/
 */
export async function encodeParquet(times: FrameTimes): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const frames = Array.from({ length: times.length }, (_, frame) => frame);
  const numbers = frames.map((frame) => times.number(frame));
  const isWhole = numbers.every((number) => Number.isNaN(number) || fitsInt64(number));
  const micros = frames.map((frame) => times.microseconds(frame) ?? null);
  const isSigned = micros.every((time) => time === null || BigInt.asIntN(64, time) === time);
  if (!isSigned && !micros.every((time) => time === null || BigInt.asUintN(64, time) === time)) {
    throw new UnsupportedError("times in one column", "some below 0 beside some beyond 2^63 µs");
  }
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: "number", data: numbers.map((number) => known(number, isWhole)) },
      { name: "time", data: frames.map((frame) => known(times.time(frame), false)) },
      { name: "frame_time_us", data: micros.map((time) => time) },
    ],
    schema: [
      { name: "root", num_children: 3 },
      { name: "number", type: isWhole ? "INT64" : "DOUBLE", repetition_type: "OPTIONAL" },
      { name: "time", type: "DOUBLE", repetition_type: "OPTIONAL" },
      {
        ...{ name: "frame_time_us", type: "INT64", repetition_type: "OPTIONAL" },
        ...(!isSigned && { converted_type: "UINT_64" }),
      },
    ],
    createdBy: "marey",
  });
  return new Uint8Array(buffer);
}

function fitsInt64(number: FrameNumber): boolean {
  return Number.isInteger(Number(number)) && BigInt.asIntN(64, BigInt(number)) === BigInt(number);
}

function known(number: FrameNumber, asInteger: boolean): number | bigint | null {
  if (Number.isNaN(number)) return null;
  return asInteger ? BigInt(number) : Number(number);
}
