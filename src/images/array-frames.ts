import { ColumnIndex } from "../core/column-index.js";
import { FileFormatError } from "../core/errors.js";
import type { FrameIndex } from "../core/frame-index.js";
import { arrayOver, type Color, type DType, type ImageInfo } from "../core/image.js";
import { RankedSource } from "../core/ranked-source.js";
import { type ArrayAxes, layoutOf } from "./array-axes.js";
import { StackPixels } from "./stack-pixels.js";

/** An array's samples, wherever they lie. */
export interface ArraySamples {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly fortranOrder: boolean;
  /** Undefined where they have the machine's order already. */
  readonly littleEndian: boolean | undefined;
  /** Its name in a file that holds several. */
  readonly key: string | undefined;
  /** Bytes [start, start + length) of the samples. */
  read(start: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface ArrayFramesOptions {
  readonly axes: ArrayAxes;
  /** Frames a second: arrays know no time, so frame i is at i / fps seconds. @default 25 */
  readonly fps?: number;
  /** What three or four channels mean. @default "bgr", OpenCV's order */
  readonly color?: "bgr" | "rgb";
  /** When each frame was, and its number, where that is known. @default see `fps` */
  readonly index?: FrameIndex;
}

/**
 * An array as a source of pictures. Where time is not the slowest axis, neighbouring frames lie far apart, and are
 * read together.
 * @throws {TypeError} if the axes do not fit the shape; {RangeError} if fps is not above 0.
 * @throws {FileFormatError} if its pictures have no pixels.
 */
export function arrayFrames(path: string, samples: ArraySamples, options: ArrayFramesOptions): RankedSource {
  const { fps = 25, color = "bgr" } = options;
  if (!(fps > 0)) throw new RangeError(`fps must be above 0, got ${fps}`);
  const { shape, dtype, fortranOrder, key } = samples;
  const layout = layoutOf(shape, fortranOrder, options.axes);
  const { frames, height, width, channels, axes } = layout;
  if (frames > 0 && width * height * channels === 0) {
    throw new FileFormatError(path, `pictures without pixels: shape (${shape.join(", ")})`);
  }
  const info: ImageInfo = { width, height, channels, dtype, color: colorOf(channels, color) };
  const pixels = new StackPixels(layout, samples);
  return new RankedSource({
    ...{ what: "array", path, info },
    ...(options.index
      ? { index: options.index }
      : { index: ColumnIndex.regular(frames, fps), duration: 1 / fps }),
    async read(rank) {
      const bytes = await pixels.frame(rank);
      return { ...info, data: arrayOver(dtype, bytes.buffer, bytes.byteOffset, bytes.byteLength) };
    },
    describe: () => ({
      ...{ kind: "array", path, ...(key && { key }), shape, axes, dtype },
      order: fortranOrder ? "fortran" : "c",
      ...(options.index ? {} : { fps }),
    }),
    close: () => samples.close(),
  });
}

function colorOf(channels: number, color: "bgr" | "rgb"): Color {
  if (channels === 1) return "gray";
  return channels === 3 ? color : channels === 4 ? `${color}a` : "none";
}
