import { readFile, stat } from "node:fs/promises";
import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { dtypeBytes } from "../core/image.js";
import { readNpyHeader } from "../core/npy.js";
import { readNpz } from "../core/npz.js";
import type { SeekableSource } from "../core/stream.js";
import { type ArrayAxes, guessAxes } from "../images/array-axes.js";
import { type ArraySamples, arrayFrames } from "../images/array-frames.js";
import { FilePieces } from "../images/file-pieces.js";

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

/** Longest `.npz` that is read, in bytes: it is held in memory, which an `.npy` is not. */
const longestNpz = 2 ** 31;

/** True for `.npy` and `.npz` files, by their first bytes. */
export function matchesArray(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, 6));
  return text === "\x93NUMPY" || text.startsWith("PK\x03\x04") || text.startsWith("PK\x05\x06");
}

/**
 * Opens an array of pictures in NumPy's formats: (T, H, W), (T, H, W, C), one picture (H, W) or (H, W, C), or any
 * other order of the axes if it is told; C or Fortran order, both byte orders, all numeric types. An `.npy` is read
 * piece by piece; where time is not the slowest axis, neighbouring frames lie far apart, and are read together.
 * @throws {NotFoundError} if there is no such file.
 * @throws {FileFormatError} if it is no array, or cut short; or an `.npz` has no such key.
 * @throws {UnsupportedError} if the array holds no numbers, or has axes that are no pictures.
 */
export async function openArray(path: string, options: OpenArrayOptions = {}): Promise<SeekableSource> {
  return await FilePieces.with(path, async (file) => {
    const head = await file.readUpTo(0, 16);
    if (!matchesArray(head)) throw new FileFormatError(path, "neither an npy nor an npz file");
    const samples = head[0] === 0x93 ? await npySamples(file) : await npzSamples(path, options.key);
    const source = arrayFrames(path, samples, {
      ...options,
      axes: options.axes ?? guessAxes(samples.shape, path),
    });
    // An npz is in memory.
    if (head[0] !== 0x93) await file.close();
    return source;
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

async function npzSamples(path: string, wanted: string | undefined): Promise<ArraySamples> {
  const { size } = await stat(path);
  if (size > longestNpz)
    throw new UnsupportedError("npz size", `${size} bytes in ${path}`, [`${longestNpz}`]);
  const npz = readNpz(await readFile(path), path);
  const couldBePictures = npz.names.filter((name) => {
    const { dtype, shape } = npz.header(name);
    return dtype !== undefined && shape.length >= 2 && shape.length <= 4;
  });
  if (wanted === undefined && couldBePictures.length !== 1) {
    const [what, names] =
      couldBePictures.length === 0
        ? ["no array that could be pictures", npz.names]
        : [`${couldBePictures.length} arrays that could be pictures; choose one by its key`, couldBePictures];
    throw new FileFormatError(path, `holds ${what} (there are ${names.join(", ") || "none"})`);
  }
  const key = wanted ?? couldBePictures[0]!;
  const { dtype, shape, data } = npz.array(key);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return {
    ...{ shape, dtype, fortranOrder: false, littleEndian: undefined, key },
    read: async (start, length) => bytes.subarray(start, start + length),
    close: async () => {},
  };
}
