import { open } from "node:fs/promises";
import { ColumnIndex } from "../core/column-index.js";
import { ClosedError, DecodeError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { FrameAddress } from "../core/frame-address.js";
import type { FrameIndex } from "../core/frame-index.js";
import type { Image, ImageInfo } from "../core/image.js";
import { type FrameRange, type FrameRun, framesPastDamage, type SeekableSource } from "../core/stream.js";
import { FilePieces } from "../images/file-pieces.js";
import { firstInfo } from "../images/first-info.js";
import { imageJFrames } from "../images/imagej-frames.js";
import { decodeTiff } from "../images/tiff-decode.js";
import { isTiff, type TiffPages, tiffPages } from "../images/tiff-directory.js";
import { TiffFile, type TiffSource, tiffInMemory } from "../images/tiff-source.js";

export interface OpenTiffStackOptions {
  /** Frames a second: pages know no time, so frame i is at i / fps seconds. @default 25 */
  readonly fps?: number;
}

/** Longer files are read piece by piece, not held in memory. */
const longestWhole = 2 ** 26;

/**
 * Opens a TIFF file of many pages, each of them a frame, however long it is; previews and masks among the pages are left out.
 * What ImageJ writes beyond 4 GiB, a directory for the first of many pictures, is such a stack, too.
 * Of a file that is cut short, the pages that can be found are read, and `problems` tells.
 * @returns undefined if the path is no TIFF file, or has one page only: that is a picture.
 * @throws {DecodeError} if none of its pages can be read.
 */
export async function openTiffStack(
  path: string,
  { fps = 25 }: OpenTiffStackOptions = {},
  longest = longestWhole,
): Promise<SeekableSource | undefined> {
  if (!(await isTiffFile(path))) return undefined;
  return await FilePieces.with(path, async (file) => {
    const isWhole = file.size <= longest;
    const source = isWhole ? tiffInMemory(await file.read(0, file.size)) : new TiffFile(file);
    const close = (): Promise<void> => (source instanceof TiffFile ? source.close() : file.close());
    try {
      const found = tiffPages(source, path);
      const imageJ = found.pages.length === 1 ? imageJFrames(source, path) : undefined;
      const count = imageJ?.count ?? found.pages.length;
      const damage =
        imageJ && count < imageJ.described
          ? `cut short: it says that it has ${imageJ.described} frames, ${count} are there`
          : found.damage;
      if (count === 1 && damage === undefined) {
        await close();
        return undefined;
      }
      if (!(fps > 0)) throw new RangeError(`fps must be above 0, got ${fps}`);
      const stack: Stack = {
        path,
        source,
        pages: found.pages,
        ...(damage !== undefined && { damage }),
        count,
        step: imageJ?.bytes ?? 0,
        close,
      };
      const info = await firstInfo(count, (rank) => readPage(stack, rank));
      if (isWhole) await file.close();
      return new TiffStack(stack, info, fps);
    } catch (error) {
      await close();
      throw error;
    }
  });
}

async function isTiffFile(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    if (!(await file.stat()).isFile()) return false;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    return isTiff(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

interface Stack extends TiffPages {
  readonly path: string;
  readonly source: TiffSource;
  readonly count: number;
  /** Bytes from one picture to the next, where the file describes the first only; else 0. */
  readonly step: number;
  close(): Promise<void>;
}

async function readPage({ source, path, pages, step }: Stack, rank: number): Promise<Image> {
  try {
    return await decodeTiff(source, path, step > 0 ? undefined : pages[rank], step * rank);
  } catch (cause) {
    throw DecodeError.because(cause, path, rank);
  }
}

class TiffStack implements SeekableSource {
  readonly info: ImageInfo;
  readonly index: FrameIndex;
  /** What was found wrong with the file as a whole. */
  readonly problems: readonly { readonly path: string; readonly message: string }[];
  readonly #fps: number;
  /** Let go of when closed. */
  #stack: Stack | undefined;

  constructor(stack: Stack, info: ImageInfo, fps: number) {
    const { path, count, damage } = stack;
    this.info = info;
    this.index = ColumnIndex.regular(count, fps);
    this.problems = damage === undefined ? [] : [{ path, message: damage }];
    this.#fps = fps;
    this.#stack = stack;
  }

  async frame(address: FrameAddress): Promise<IndexedFrame> {
    const stack = this.#open();
    return this.#read(stack, this.index.locate(address));
  }

  frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    return framesPastDamage(range, this.index.length, (run) => this.#run(run));
  }

  async *#run({ start, count, step }: FrameRun): AsyncGenerator<IndexedFrame> {
    this.#open();
    for (let i = 0; i < count; i++) yield await this.#read(this.#open(), start + i * step);
  }

  async #read(stack: Stack, rank: number): Promise<IndexedFrame> {
    const image = await readPage(stack, rank);
    return { index: rank, ...this.index.stamp(rank), duration: 1 / this.#fps, key: true, image };
  }

  #open(): Stack {
    if (!this.#stack) throw new ClosedError("TIFF stack");
    return this.#stack;
  }

  [Symbol.asyncIterator](): AsyncIterator<IndexedFrame> {
    return this.frames();
  }

  describe(): Record<string, unknown> {
    return { kind: "images", pages: this.index.length, formats: ["tif"], fps: this.#fps };
  }

  async close(): Promise<void> {
    const stack = this.#stack;
    this.#stack = undefined;
    await stack?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
