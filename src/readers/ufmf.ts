import { ColumnIndex } from "../core/column-index.js";
import { FileFormatError } from "../core/errors.js";
import type { Image, ImageInfo } from "../core/image.js";
import { RankedSource } from "../core/ranked-source.js";
import type { SourceReader } from "../core/source-reader.js";
import { FilePieces } from "../images/file-pieces.js";
import { checkPictureSize } from "../images/picture-size.js";
import { chunkKind, readIndex, scanChunks, type UfmfChunks } from "./ufmf/chunks.js";
import { isUfmf, longestHeader, readHeader, type UfmfHeader } from "./ufmf/header.js";

/**
 * Micro Fly Movie Format (`.ufmf`) versions 2 to 4: backgrounds, and of each frame the boxes that differ from the last
 * background before it. Pixels outside the boxes are the background's; where there is none, white. Backgrounds of
 * floats are cut to whole numbers. Colour comes out as BGR.
 *
 * Layout: motmot's `ufmf`, and Ctrax for version 4.
 */
export const ufmf: SourceReader = {
  name: "ufmf",
  kind: "recording",
  matches: isUfmf,
  open: (path) => FilePieces.with(path, openUfmf),
};

async function openUfmf(file: FilePieces): Promise<RankedSource> {
  const { path } = file;
  const header = readHeader(await file.readUpTo(0, longestHeader), path);
  const problems: string[] = [];
  const { frames, means, foundBy } = await findChunks(file, header, problems);
  if (frames.places.length === 0) throw new FileFormatError(path, "there is no whole frame in it");
  const pictures = new UfmfPictures(file, header, { frames, means });
  const info = await pictures.info();
  return new RankedSource({
    ...{ what: "ufmf recording", path, info },
    index: new ColumnIndex({ times: Float64Array.from(frames.times) }),
    problems: problems.map((message) => ({ path, message })),
    read: (rank) => pictures.frame(rank, info),
    describe: () => ({
      ...{ kind: "recording", format: "ufmf", path, version: header.version, coding: header.coding },
      ...{ backgrounds: means.places.length, fixedSizeBoxes: header.isFixedSize, foundBy },
    }),
    close: () => file.close(),
  });
}

async function findChunks(
  file: FilePieces,
  header: UfmfHeader,
  problems: string[],
): Promise<UfmfChunks & { foundBy: "index" | "scan" }> {
  if (header.indexAt !== 0) {
    try {
      return { ...(await readIndex(file, header)), foundBy: "index" };
    } catch (error) {
      if (!(error instanceof FileFormatError)) throw error;
      problems.push(`${error.found}; its frames were found without it`);
    }
  } else {
    problems.push("it has no index: the writer was stopped. Its frames were found without it");
  }
  const { stopped, ...found } = await scanChunks(file, header);
  if (stopped !== undefined) problems.push(stopped);
  return { ...found, foundBy: "scan" };
}

/** Most bytes of a chunk: boxes may overlap, but not that much. */
const longestChunk = 2 ** 28;

interface Background {
  readonly width: number;
  readonly height: number;
  /** Interleaved, colour as BGR. */
  readonly data: Uint8Array;
}

class UfmfPictures {
  readonly #file: FilePieces;
  readonly #header: UfmfHeader;
  readonly #chunks: UfmfChunks;
  /** Where chunks begin, in ascending order: where one ends at the latest. */
  readonly #places: Float64Array;
  /** Backgrounds that were used last. */
  readonly #kept = new Map<number, Promise<Background>>();

  constructor(file: FilePieces, header: UfmfHeader, chunks: UfmfChunks) {
    this.#file = file;
    this.#header = header;
    this.#chunks = chunks;
    const { indexAt } = header;
    const end = indexAt > header.end && indexAt <= file.size ? indexAt : file.size;
    this.#places = Float64Array.from([
      ...chunks.frames.places,
      ...chunks.means.places,
      end,
      file.size,
    ]).sort();
  }

  /** Pictures are as large as the backgrounds. */
  async info(): Promise<ImageInfo> {
    const { channels, pattern, width, height, isFixedSize } = this.#header;
    if (isFixedSize && this.#chunks.means.places.length === 0) {
      throw new FileFormatError(
        this.#file.path,
        "neither a background nor anything else says how large pictures are",
      );
    }
    const size = this.#chunks.means.places.length > 0 ? await this.#background(0) : { width, height };
    checkPictureSize(this.#file.path, size, 0, 0);
    const color = channels === 3 ? "bgr" : (pattern ?? "gray");
    return { width: size.width, height: size.height, channels, dtype: "uint8", color };
  }

  async frame(rank: number, info: ImageInfo): Promise<Image> {
    const { frames } = this.#chunks;
    const { path } = this.#file;
    const [place, time] = [frames.places[rank]!, frames.times[rank]!];
    const [chunk, background] = await Promise.all([this.#chunk(place), this.#lastBackground(time)]);
    const { width, height, channels } = info;
    const data = new Uint8Array(width * height * channels);
    if (background === undefined) data.fill(255);
    else if (background.width === width && background.height === height) data.set(background.data);
    else throw new FileFormatError(path, `a background of ${background.width}x${background.height} pixels`);
    if (chunk.byteLength < 11 || chunk.getUint8(0) !== chunkKind.frame) {
      throw new FileFormatError(path, `no frame at byte ${place}, where its index says so`);
    }
    this.#paste(chunk, { ...info, data });
    return { ...info, data };
  }

  #paste(chunk: DataView, { width, height, channels, data }: Image): void {
    const { version, isFixedSize, width: fixedWidth, height: fixedHeight } = this.#header;
    const wide = version === 4;
    const boxes = wide && chunk.byteLength >= 13 ? chunk.getUint32(9, true) : chunk.getUint16(9, true);
    let at = wide ? 13 : 11;
    for (let i = 0; i < boxes; i++) {
      const headBytes = isFixedSize ? 4 : 8;
      if (at + headBytes > chunk.byteLength) throw this.#cutShort(boxes, i);
      const [left, top] = [chunk.getUint16(at, true), chunk.getUint16(at + 2, true)];
      const w = isFixedSize ? fixedWidth : chunk.getUint16(at + 4, true);
      const h = isFixedSize ? fixedHeight : chunk.getUint16(at + 6, true);
      at += headBytes;
      if (at + w * h * channels > chunk.byteLength) throw this.#cutShort(boxes, i);
      if (left + w > width || top + h > height) {
        const box = `a box of ${w}x${h} pixels at ${left}, ${top}`;
        throw new FileFormatError(this.#file.path, `${box} in a picture of ${width}x${height}`);
      }
      const pixels = new Uint8Array(chunk.buffer, at, w * h * channels);
      const samples = channels === 1 ? pixels : bgrOf(pixels);
      for (let row = 0; row < h; row++) {
        const line = samples.subarray(row * w * channels, (row + 1) * w * channels);
        data.set(line as never, ((top + row) * width + left) * channels);
      }
      at += w * h * channels;
    }
  }

  #cutShort(boxes: number, found: number): FileFormatError {
    return new FileFormatError(this.#file.path, `a frame of ${boxes} boxes, ${found} of them are whole`);
  }

  /** The background with the last place in the file of those that are not later. */
  async #lastBackground(time: number): Promise<Background | undefined> {
    const rank = this.#chunks.means.times.findLastIndex((one) => one <= time);
    return rank < 0 ? undefined : await this.#background(rank);
  }

  async #background(rank: number): Promise<Background> {
    const kept = this.#kept.get(rank);
    if (kept) return await kept;
    const reading = this.#readBackground(this.#chunks.means.places[rank]!);
    this.#kept.set(rank, reading);
    if (this.#kept.size > 2) this.#kept.delete(this.#kept.keys().next().value!);
    reading.catch(() => this.#kept.delete(rank));
    return await reading;
  }

  async #readBackground(place: number): Promise<Background> {
    const { path } = this.#file;
    const chunk = await this.#chunk(place);
    const at = chunk.byteLength < 2 ? Number.POSITIVE_INFINITY : 2 + chunk.getUint8(1);
    if (at + 13 > chunk.byteLength || chunk.getUint8(0) !== chunkKind.keyframe) {
      throw new FileFormatError(path, `no background at byte ${place}, where its index says so`);
    }
    const type = String.fromCharCode(chunk.getUint8(at));
    if (type !== "B" && type !== "f")
      throw new FileFormatError(path, `a background of type ${JSON.stringify(type)}`);
    const [width, height] = [chunk.getUint16(at + 1, true), chunk.getUint16(at + 3, true)];
    const samples = width * height * this.#header.channels;
    const bytes = type === "f" ? samples * 4 : samples;
    checkPictureSize(path, { width, height }, bytes, chunk.byteLength - at - 13);
    const values = new Uint8Array(
      type === "f"
        ? wholeNumbers(chunk, at + 13, samples)
        : (chunk.buffer.slice(at + 13, at + 13 + bytes) as ArrayBuffer),
    );
    return { width, height, data: this.#header.channels === 1 ? values : bgrOf(values) };
  }

  /** From `place` to the next chunk. */
  async #chunk(place: number): Promise<DataView> {
    const length = this.#endAfter(place) - place;
    if (length > longestChunk) {
      throw new FileFormatError(this.#file.path, `${length} bytes from byte ${place} to the next chunk`);
    }
    return await this.#file.view(place, length);
  }

  #endAfter(place: number): number {
    let [low, high] = [0, this.#places.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#places[middle]! > place) high = middle;
      else low = middle + 1;
    }
    return this.#places[low]!;
  }
}

function wholeNumbers(view: DataView, at: number, count: number): ArrayBuffer {
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    out[i] = Math.max(0, Math.min(255, Math.trunc(view.getFloat32(at + i * 4, true)) || 0));
  }
  return out.buffer;
}

/** From a plane each of red, green and blue. */
function bgrOf(planes: Uint8Array): Uint8Array {
  const count = planes.length / 3;
  const out = new Uint8Array(planes.length);
  for (let i = 0, to = 0; i < count; i++, to += 3) {
    out[to] = planes[2 * count + i]!;
    out[to + 1] = planes[count + i]!;
    out[to + 2] = planes[i]!;
  }
  return out;
}
