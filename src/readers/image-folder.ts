import { open, readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { type PlainColor, toColor } from "../core/color.js";
import { ColumnIndex } from "../core/column-index.js";
import { ClosedError, DecodeError, NotFoundError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { FrameAddress } from "../core/frame-address.js";
import type { FrameIndex } from "../core/frame-index.js";
import type { Image, ImageInfo } from "../core/image.js";
import { readAhead } from "../core/read-ahead.js";
import { type FrameRange, type FrameRun, framesPastDamage, type SeekableSource } from "../core/stream.js";
import { bmp } from "../images/bmp.js";
import { filePattern, isFilePattern } from "../images/file-pattern.js";
import { firstInfo } from "../images/first-info.js";
import type { ImageCodec } from "../images/image-codec.js";
import { jpeg } from "../images/jpeg.js";
import { naturalOrder } from "../images/natural-order.js";
import { png } from "../images/png.js";
import { pgm, ppm } from "../images/pnm.js";
import { tiff } from "../images/tiff.js";

export interface OpenImagesOptions {
  /** Frames a second: picture files know no time, so frame i is at i / fps seconds. @default 25 */
  readonly fps?: number;
  /** Colour of the frames. `auto`: as each file has it. @default "auto" */
  readonly as?: PlainColor | "auto";
  /** Bytes of decoded pictures that are kept for `frame()`. @default 256 MiB */
  readonly cacheBytes?: number;
}

const codecs: readonly ImageCodec[] = [png, jpeg, tiff, bmp, pgm, ppm];
const extensions = new Set(codecs.flatMap((codec) => codec.extensions));

/** Pictures of a `frames()` loop that are read and decoded at once: as many as Node's thread pool has threads. */
const picturesAtOnce = 4;

/** True if the path is a folder with pictures in it (by their extension), a picture (by its content), or a pattern. */
export async function matchesImages(path: string): Promise<boolean> {
  const kind = await stat(path).catch(() => undefined);
  if (kind === undefined) return isFilePattern(basename(path));
  if (kind.isDirectory()) return (await picturesIn(path)).length > 0;
  return kind.isFile() && codecOf(await readHead(path)) !== undefined;
}

/**
 * Opens pictures as a stream of frames, in natural order (img2 before img10): all pictures of a folder, those that
 * a pattern finds (`day3/*.png`, `day3/cam[12]_{left,right}.tif`, `day3/%06d.jpg`; wild cards in the file name only),
 * one picture, or those of a list, in its order.
 *
 * Pictures may differ in size and depth: each frame's image says what it is. A picture that cannot be read is an
 * error at that frame only.
 * @throws {NotFoundError} if there is no picture.
 * @throws {DecodeError} if none of them can be read.
 */
export async function openImages(
  path: string | readonly string[],
  options: OpenImagesOptions = {},
): Promise<SeekableSource> {
  const files = typeof path === "string" ? await findPictures(path) : [...path];
  if (files.length === 0) throw new NotFoundError(String(path), "no pictures there");
  const name = typeof path === "string" ? path : `${files.length} pictures`;
  const info = await firstInfo(files.length, (rank) => readPicture(files[rank]!, rank, options.as));
  return new ImageFolder(name, files, info, options);
}

async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function findPictures(path: string): Promise<string[]> {
  const kind = await stat(path).catch(() => undefined);
  if (kind?.isDirectory()) return picturesIn(path);
  if (kind) return [path];
  if (!isFilePattern(basename(path))) throw new NotFoundError(path, "no such file or folder");
  const folder = dirname(path);
  const pattern = filePattern(basename(path));
  return (await list(folder)).filter((file) => pattern.test(file)).map((file) => join(folder, file));
}

async function picturesIn(folder: string): Promise<string[]> {
  return (await list(folder))
    .filter((file) => !file.startsWith(".") && extensions.has(extname(file).slice(1).toLowerCase()))
    .map((file) => join(folder, file));
}

async function list(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw new NotFoundError(folder, `cannot be listed: ${cause.message}`, { cause });
  });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink()) // reading a pipe would wait for ever
    .map((entry) => entry.name)
    .sort(naturalOrder);
}

function codecOf(bytes: Uint8Array): ImageCodec | undefined {
  const head = bytes.subarray(0, 16);
  return codecs.find((codec) => codec.matches(head));
}

async function readPicture(file: string, index: number, as: PlainColor | "auto" = "auto"): Promise<Image> {
  try {
    const bytes = await readFile(file);
    const codec = codecOf(bytes);
    if (codec === undefined)
      throw new Error(bytes.length === 0 ? "an empty file" : "no picture of a known format");
    const image = await codec.decode(bytes, basename(file));
    return as === "auto" ? image : toColor(image, as);
  } catch (cause) {
    throw DecodeError.because(cause, file, index);
  }
}

class ImageFolder implements SeekableSource {
  readonly info: ImageInfo;
  readonly index: FrameIndex;
  readonly #name: string;
  readonly #files: readonly string[];
  readonly #fps: number;
  readonly #as: PlainColor | "auto";
  readonly #cache: PictureCache;
  #closed = false;

  constructor(name: string, files: readonly string[], info: ImageInfo, options: OpenImagesOptions) {
    const { fps = 25, as = "auto", cacheBytes = 2 ** 28 } = options;
    if (!(fps > 0)) throw new RangeError(`fps must be above 0, got ${fps}`);
    this.info = info;
    this.index = ColumnIndex.regular(files.length, fps);
    this.#name = name;
    this.#files = files;
    this.#fps = fps;
    this.#as = as;
    this.#cache = new PictureCache(cacheBytes);
  }

  async frame(address: FrameAddress): Promise<IndexedFrame> {
    this.#checkOpen();
    const rank = this.index.locate(address);
    return this.#framed(
      rank,
      await this.#cache.get(rank, () => readPicture(this.#files[rank]!, rank, this.#as)),
    );
  }

  frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    return framesPastDamage(range, this.#files.length, (run) => this.#run(run));
  }

  async *#run({ start, count, step }: FrameRun): AsyncGenerator<IndexedFrame> {
    this.#checkOpen();
    const read = async (i: number): Promise<IndexedFrame> => {
      const rank = start + i * step;
      return this.#framed(rank, await readPicture(this.#files[rank]!, rank, this.#as));
    };
    for await (const frame of readAhead(count, picturesAtOnce, read)) {
      this.#checkOpen();
      yield frame;
    }
  }

  #framed(rank: number, image: Image): IndexedFrame {
    return { index: rank, ...this.index.stamp(rank), duration: 1 / this.#fps, key: true, image };
  }

  #checkOpen(): void {
    if (this.#closed) throw new ClosedError(`image folder ${this.#name}`);
  }

  [Symbol.asyncIterator](): AsyncIterator<IndexedFrame> {
    return this.frames();
  }

  describe(): Record<string, unknown> {
    const formats = new Set(this.#files.map((file) => extname(file).slice(1).toLowerCase()));
    return {
      kind: "images",
      path: this.#name,
      pictures: this.#files.length,
      formats: [...formats],
      fps: this.#fps,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cache.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The pictures that were asked for last, up to so many bytes. */
class PictureCache {
  readonly #bytes: number;
  /** From the longest unused to the one used last. */
  readonly #images = new Map<number, Image>();
  readonly #pending = new Map<number, Promise<Image>>();
  #held = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Those who ask for the same picture at the same time wait for one decoder. */
  async get(rank: number, read: () => Promise<Image>): Promise<Image> {
    const kept = this.#images.get(rank);
    if (kept) {
      this.#images.delete(rank);
      this.#images.set(rank, kept);
      return kept;
    }
    const pending = this.#pending.get(rank);
    if (pending) return pending;
    const reading = read();
    this.#pending.set(rank, reading);
    try {
      const image = await reading;
      this.#keep(rank, image);
      return image;
    } finally {
      this.#pending.delete(rank);
    }
  }

  #keep(rank: number, image: Image): void {
    if (image.data.byteLength > this.#bytes) return;
    this.#images.set(rank, image);
    this.#held += image.data.byteLength;
    for (const [oldest, { data }] of this.#images) {
      if (this.#held <= this.#bytes) break;
      this.#images.delete(oldest);
      this.#held -= data.byteLength;
    }
  }

  clear(): void {
    this.#images.clear();
    this.#held = 0;
  }
}
