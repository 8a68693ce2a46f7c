import type { ColumnIndex } from "../core/column-index.js";
import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { type AnyTypedArray, dtypeBytes } from "../core/image.js";
import { readNpyHeader } from "../core/npy.js";
import type { SeekableSource } from "../core/stream.js";
import { type ArrayAxes, guessAxes, layoutOf } from "../images/array-axes.js";
import { type ArraySamples, arrayFrames } from "../images/array-frames.js";
import { isStampRow, rowValues, stampIndex, stampNames } from "../images/array-stamps.js";
import { FilePieces } from "../images/file-pieces.js";
import { type NpzArrays, npzArrays } from "../images/npz-arrays.js";

export interface OpenArrayOptions {
  /** What each axis means, slowest first: "thw", "hwt", "thwc", "hw" … @default see `guessAxes` */
  readonly axes?: ArrayAxes;
  /** Which array of an `.npz`. @default the only one that can be pictures */
  readonly key?: string;
  /** Frames a second: arrays know no time, so frame i is at i / fps seconds. @default 25 */
  readonly fps?: number;
  /** What three or four channels mean. @default "bgr", OpenCV's order */
  readonly color?: "bgr" | "rgb";
}

/** True for `.npy` and `.npz` files, by their first bytes. */
export function matchesArray(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, 6));
  return text === "\x93NUMPY" || text.startsWith("PK\x03\x04") || text.startsWith("PK\x05\x06");
}

/**
 * Opens an array of pictures in NumPy's formats: (T, H, W), (T, H, W, C), one picture (H, W) or (H, W, C), or any
 * other order of the axes if it is told; C or Fortran order, both byte orders, all numeric types. An `.npy` is read
 * piece by piece, and so is a long `.npz` that is not packed; where time is not the slowest axis, neighbouring frames lie
 * far apart, and are read together. In an `.npz` the arrays `frame_time` (seconds) and `frame_number` count, if they have
 * a value for each frame.
 * @throws {NotFoundError} if there is no such file.
 * @throws {FileFormatError} if it is no array, or cut short; or an `.npz` has no such key.
 * @throws {UnsupportedError} if the array holds no numbers, or has axes that are no pictures.
 */
export async function openArray(path: string, options: OpenArrayOptions = {}): Promise<SeekableSource> {
  return await FilePieces.with(path, async (file) => {
    const head = await file.readUpTo(0, 16);
    if (!matchesArray(head)) throw new FileFormatError(path, "neither an npy nor an npz file");
    if (head[0] !== 0x93) return openNpz(file, options);
    const samples = await npySamples(file);
    return arrayFrames(path, samples, { ...options, axes: options.axes ?? guessAxes(samples.shape, path) });
  });
}

async function npySamples(file: FilePieces): Promise<ArraySamples> {
  const { path, size } = file;
  const longestHeader = 2 ** 20 + 12;
  const header = readNpyHeader(await file.readUpTo(0, longestHeader), path);
  const { dtype, shape, dataOffset } = header;
  if (dtype === undefined)
    throw new UnsupportedError("array type", `${header.descr} in ${path}`, ["numbers"]);
  const needed = shape.reduce((product, axis) => product * axis, dtypeBytes(dtype));
  if (needed > size - dataOffset) {
    const found = `holds ${size - dataOffset} bytes of samples`;
    throw new FileFormatError(path, `cut short: ${found}, but ${shape.join("x")} ${dtype} needs ${needed}`);
  }
  return {
    ...{ shape, dtype, fortranOrder: header.fortranOrder, littleEndian: header.littleEndian, key: undefined },
    read: (start, length) => file.read(dataOffset + start, length),
    close: () => file.close(),
  };
}

/** The array that is meant, and when its frames were, if `frame_time` and `frame_number` lie beside it. */
async function openNpz(file: FilePieces, options: OpenArrayOptions): Promise<SeekableSource> {
  const { path } = file;
  const npz = await npzArrays(file);
  try {
    const samples = npz.samples(options.key ?? onlyPictures(npz, path));
    const axes = options.axes ?? guessAxes(samples.shape, path);
    const { frames } = layoutOf(samples.shape, samples.fortranOrder, axes);
    const index = await stampsBeside(npz, frames);
    const closing: ArraySamples = { ...samples, close: () => npz.close() };
    return arrayFrames(path, closing, { ...options, axes, ...(index && { index }) });
  } catch (error) {
    await npz.close();
    throw error;
  }
}

function onlyPictures(npz: NpzArrays, path: string): string {
  const couldBePictures = npz.names.filter((name) => {
    const { dtype, shape } = npz.header(name);
    return dtype !== undefined && shape.length >= 2 && shape.length <= 4;
  });
  if (couldBePictures.length === 1) return couldBePictures[0]!;
  const [what, names] =
    couldBePictures.length === 0
      ? ["no array that could be pictures", npz.names]
      : [`${couldBePictures.length} arrays that could be pictures; choose one by its key`, couldBePictures];
  throw new FileFormatError(path, `holds ${what} (there are ${names.join(", ") || "none"})`);
}

async function stampsBeside(npz: NpzArrays, frames: number): Promise<ColumnIndex | undefined> {
  const beside = async (name: string): Promise<AnyTypedArray | undefined> => {
    if (!npz.names.includes(name)) return undefined;
    const { dtype, shape } = npz.header(name);
    if (dtype === undefined || !isStampRow({ dtype, shape }, frames)) return undefined;
    const row = npz.samples(name);
    return rowValues(row, new Uint8Array(await row.read(0, frames * dtypeBytes(dtype))));
  };
  const times = await beside(stampNames.times);
  return times && stampIndex(times, await beside(stampNames.numbers));
}
