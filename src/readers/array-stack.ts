import { type FileHandle, open, readFile, stat } from "node:fs/promises";
import { ColumnIndex } from "../core/column-index.js";
import {
  ClosedError,
  DecodeError,
  FileFormatError,
  NotFoundError,
  UnsupportedError,
} from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { FrameAddress } from "../core/frame-address.js";
import type { FrameIndex } from "../core/frame-index.js";
import { arrayOver, type Color, type DType, dtypeBytes, type Image, type ImageInfo } from "../core/image.js";
import { readNpyHeader } from "../core/npy.js";
import { readNpz } from "../core/npz.js";
import { type FrameRange, type FrameRun, framesPastDamage, type SeekableSource } from "../core/stream.js";
import { type ArrayAxes, type ArrayLayout, guessAxes, layoutOf } from "../images/array-axes.js";
import { StackPixels } from "../images/stack-pixels.js";

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
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === "ENOENT" ? "no such file" : cause.message;
    throw new NotFoundError(path, found, { cause });
  });
  try {
    const head = await readUpTo(file, 0, 16);
    if (!matchesArray(head)) throw new FileFormatError(path, "neither an npy nor an npz file");
    if (head[0] === 0x93) return new ArrayStack(path, await npySource(path, file), options);
    const source = await npzSource(path, options.key);
    await file.close();
    return new ArrayStack(path, source, options);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** An array's samples, wherever they lie. */
interface ArraySource {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly fortranOrder: boolean;
  readonly littleEndian: boolean | undefined;
  readonly key: string | undefined;
  /** Bytes [start, start + length) of the samples. */
  read(start: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

async function npySource(path: string, file: FileHandle): Promise<ArraySource> {
  const { size } = await file.stat();
  const longestHeader = 2 ** 20 + 12;
  const header = readNpyHeader(await readUpTo(file, 0, Math.min(size, longestHeader)), path);
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
    read: (start, length) => readExactly(file, dataOffset + start, length, path),
    close: () => file.close(),
  };
}

async function npzSource(path: string, wanted: string | undefined): Promise<ArraySource> {
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

async function readUpTo(file: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, start);
  return buffer.subarray(0, bytesRead);
}

async function readExactly(
  file: FileHandle,
  start: number,
  length: number,
  path: string,
): Promise<Uint8Array> {
  // A buffer of its own, not of Node's pool: its typed arrays must be aligned.
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, start + done);
    if (bytesRead === 0)
      throw new FileFormatError(path, `ends at byte ${start + done}: it has become shorter`);
    done += bytesRead;
  }
  return bytes;
}

class ArrayStack implements SeekableSource {
  readonly info: ImageInfo;
  readonly index: FrameIndex;
  readonly #path: string;
  readonly #source: ArraySource;
  readonly #layout: ArrayLayout;
  readonly #pixels: StackPixels;
  readonly #fps: number;
  #closed: Promise<void> | undefined;

  constructor(path: string, source: ArraySource, options: OpenArrayOptions) {
    const { fps = 25, color = "bgr" } = options;
    if (!(fps > 0)) throw new RangeError(`fps must be above 0, got ${fps}`);
    const { shape, dtype, fortranOrder } = source;
    this.#layout = layoutOf(shape, fortranOrder, options.axes ?? guessAxes(shape, path));
    const { frames, height, width, channels } = this.#layout;
    if (frames > 0 && width * height * channels === 0) {
      throw new FileFormatError(path, `pictures without pixels: shape (${shape.join(", ")})`);
    }
    this.#path = path;
    this.#source = source;
    this.#fps = fps;
    this.info = { width, height, channels, dtype, color: colorOf(channels, color) };
    this.index = ColumnIndex.regular(frames, fps);
    this.#pixels = new StackPixels(this.#layout, source);
  }

  async frame(address: FrameAddress): Promise<IndexedFrame> {
    this.#checkOpen();
    return this.#read(this.index.locate(address));
  }

  frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    return framesPastDamage(range, this.index.length, (run) => this.#run(run));
  }

  async *#run({ start, count, step }: FrameRun): AsyncGenerator<IndexedFrame> {
    this.#checkOpen();
    for (let i = 0; i < count; i++) {
      this.#checkOpen();
      yield await this.#read(start + i * step);
    }
  }

  async #read(rank: number): Promise<IndexedFrame> {
    const bytes = await this.#pixels.frame(rank).catch((cause) => {
      throw DecodeError.because(cause, this.#path, rank);
    });
    const { dtype } = this.info;
    const image: Image = {
      ...this.info,
      data: arrayOver(dtype, bytes.buffer, bytes.byteOffset, bytes.byteLength),
    };
    return { index: rank, ...this.index.stamp(rank), duration: 1 / this.#fps, key: true, image };
  }

  #checkOpen(): void {
    if (this.#closed) throw new ClosedError(`array ${this.#path}`);
  }

  [Symbol.asyncIterator](): AsyncIterator<IndexedFrame> {
    return this.frames();
  }

  describe(): Record<string, unknown> {
    const { shape, dtype, fortranOrder, key } = this.#source;
    const order = fortranOrder ? "fortran" : "c";
    const { axes } = this.#layout;
    return {
      kind: "array",
      path: this.#path,
      ...(key && { key }),
      shape,
      axes,
      dtype,
      order,
      fps: this.#fps,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#source.close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function colorOf(channels: number, color: "bgr" | "rgb"): Color {
  if (channels === 1) return "gray";
  return channels === 3 ? color : channels === 4 ? `${color}a` : "none";
}
