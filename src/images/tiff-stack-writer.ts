import { promisify } from "node:util";
import { deflate as deflateCallback } from "node:zlib";
import { EncodeError, UnsupportedError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import { dtypeBytes, type Image, type ImageInfo } from "../core/image.js";
import type { FrameSink } from "../core/stream.js";
import { createFrameFile } from "./frame-file.js";
import { packLzw } from "./lzw-pack.js";
import { packDifferences } from "./pack-differences.js";
import type { PartFile } from "./part-file.js";
import { expectPictures } from "./picture-kinds.js";
import { bytesInOrder, hostIsLittle, isPicture } from "./sample-order.js";
import { differencesOf, sampleFormats } from "./tiff.js";
import { directoryBytes, type TiffField } from "./tiff-fields.js";

const deflate = promisify<Uint8Array, Buffer>(deflateCallback);

/** How a stack of pictures is packed. */
export type TiffCompression = "none" | "deflate" | "lzw";

export interface TiffStackOptions {
  /** What every frame is. */
  readonly info: ImageInfo;
  /**
   * `deflate` and `lzw` pack integers as differences along the row. Uncompressed, ImageJ opens a stack of any length at
   * once, as a virtual one too. @default "deflate"
   */
  readonly compression?: TiffCompression;
  /** `auto`: BigTIFF when the file is longer than 4 GiB, classic TIFF otherwise. @default "auto" */
  readonly bigtiff?: "auto" | "always";
  /** Frames a second, for ImageJ. @default what the times of the frames say */
  readonly fps?: number;
  /** Replace an existing file. @default false */
  readonly overwrite?: boolean;
}

const compressionNumbers = { none: 1, lzw: 5, deflate: 8 } as const;

/** Pictures begin here: behind the header of a BigTIFF, the longer of the two. */
const firstPicture = 16;

/** Strips of a packed picture are packed at the same time. */
const stripBytes = 2 ** 19;

/**
 * Writes all frames into one TIFF file, a page each. Behind the pictures, which lie one behind the other, come the
 * directories: so it is known by then whether classic TIFF, which counts 32 bits, can hold the file. For what ImageJ can
 * have (gray of 8, 16 bit and float32, colour of 8 bit), the first page says that they are frames of a time series, and
 * how far apart; see ImageJ's `TiffDecoder` and `FileSaver`.
 * @param longestClassic bytes that a classic TIFF is shorter than; for tests.
 * @throws {UnsupportedError} if TIFF cannot hold such frames; nothing is cut to fit.
 */
export async function createTiffStack(
  path: string,
  options: TiffStackOptions,
  longestClassic = 2 ** 32,
): Promise<FrameSink> {
  const { info, compression = "deflate", overwrite } = options;
  if (compressionNumbers[compression] === undefined) {
    throw new UnsupportedError("TIFF compression", compression, Object.keys(compressionNumbers));
  }
  const fits = sampleFormats[info.dtype] !== undefined && isPicture(info);
  expectPictures("TIFF stack", info, fits, `gray, bgr, bgra of ${Object.keys(sampleFormats).join(", ")}`);
  const stack = new TiffStackWriter(options, longestClassic);
  return createFrameFile<readonly Uint8Array[]>(path, overwrite, {
    ...{ what: "TIFF stack", info },
    ahead: compression === "none" ? 0 : 4,
    pack: ({ image }) => stack.strips(image),
    put: (file, strips, frame) => stack.put(file, strips, frame),
    end: (file) => stack.end(file),
  });
}

class TiffStackWriter {
  readonly #info: ImageInfo;
  readonly #compression: TiffCompression;
  readonly #always: boolean;
  readonly #longestClassic: number;
  readonly #fps: number | undefined;
  readonly #stripRows: number;
  /** Bytes of every strip of all frames. */
  readonly #lengths: number[] = [];
  readonly #times: number[] = [];

  constructor(
    { info, compression = "deflate", bigtiff = "auto", fps }: TiffStackOptions,
    longestClassic: number,
  ) {
    this.#info = info;
    this.#longestClassic = longestClassic;
    this.#compression = compression;
    this.#always = bigtiff === "always";
    this.#fps = fps;
    const rowBytes = info.width * info.channels * dtypeBytes(info.dtype);
    // One strip, and no gap to the next picture, is what ImageJ wants of those that are not packed.
    this.#stripRows =
      compression === "none"
        ? info.height
        : Math.min(info.height, Math.max(1, Math.floor(stripBytes / rowBytes)));
  }

  async strips(image: Image): Promise<readonly Uint8Array[]> {
    const { width, height, channels, dtype } = image;
    const rows = bytesInOrder(image, { color: "rgb", littleEndian: hostIsLittle });
    if (this.#compression === "none") return [rows];
    const hasDifferences = this.#predicts;
    const samples = hasDifferences ? differencesOf(rows, image) : rows;
    const bytes = this.#stripRows * width * channels * dtypeBytes(dtype);
    const pack = async (strip: Uint8Array): Promise<Uint8Array> => {
      if (this.#compression === "lzw") return packLzw(strip, { bits: 8, mostFirst: true });
      return hasDifferences ? packDifferences(strip) : deflate(strip);
    };
    const strips = Array.from({ length: Math.ceil(height / this.#stripRows) }, (_, i) =>
      samples.subarray(i * bytes, (i + 1) * bytes),
    );
    return await Promise.all(strips.map(pack));
  }

  /** Differences of floats would be rounded. */
  get #predicts(): boolean {
    return this.#compression !== "none" && sampleFormats[this.#info.dtype] !== 3;
  }

  async put(file: PartFile, strips: readonly Uint8Array[], { time }: Frame): Promise<void> {
    if (file.end === 0) await file.append(new Uint8Array(firstPicture));
    this.#times.push(time);
    for (const strip of strips) {
      this.#lengths.push(strip.length);
      await file.append(strip);
    }
  }

  async end(file: PartFile): Promise<void> {
    const count = this.#times.length;
    if (count === 0)
      throw new EncodeError(file.path, "no frame was written; a TIFF file has at least one page");
    if (file.end % 2 === 1) await file.append(new Uint8Array(1));
    const description = imageJDescription(this.#info, this.#times, this.#fps);
    const perFrame = this.#lengths.length / count;
    const largest = file.end + count * (400 + perFrame * 8) + description.length;
    const big = this.#always || largest >= this.#longestClassic;
    const start = file.end;
    let offset = firstPicture;
    let at = start;
    let pending: Uint8Array[] = [];
    for (let rank = 0; rank < count; rank++) {
      const lengths = this.#lengths.slice(rank * perFrame, (rank + 1) * perFrame);
      const offsets = lengths.map((length) => {
        offset += length;
        return offset - length;
      });
      const fields = this.#fields(offsets, lengths, rank === 0 ? description : "");
      const bytes = directoryBytes(fields, { at, big, isLast: rank === count - 1 });
      at += bytes.length;
      pending.push(bytes);
      if (pending.length < 4096 && rank < count - 1) continue;
      await file.append(Buffer.concat(pending));
      pending = [];
    }
    await file.writeAt(header(start, big), 0);
  }

  #fields(offsets: readonly number[], lengths: readonly number[], description: string): readonly TiffField[] {
    const { width, height, channels, dtype } = this.#info;
    const each = (value: number): number[] => new Array(channels).fill(value);
    return [
      { tag: 256, type: "long", values: [width] },
      { tag: 257, type: "long", values: [height] },
      { tag: 258, type: "short", values: each(dtypeBytes(dtype) * 8) },
      { tag: 259, type: "short", values: [compressionNumbers[this.#compression]] },
      { tag: 262, type: "short", values: [channels === 1 ? 1 : 2] },
      ...(description === "" ? [] : [{ tag: 270, type: "ascii", text: description } as const]),
      { tag: 273, type: "offset", values: offsets },
      { tag: 277, type: "short", values: [channels] },
      { tag: 278, type: "long", values: [this.#stripRows] },
      { tag: 279, type: "long", values: lengths },
      { tag: 284, type: "short", values: [1] },
      ...(this.#predicts ? [{ tag: 317, type: "short", values: [2] } as const] : []),
      // "Unspecified": told that it is transparency, OpenCV would multiply the colours by it.
      ...(channels === 4 ? [{ tag: 338, type: "short", values: [0] } as const] : []),
      { tag: 339, type: "short", values: each(sampleFormats[dtype]!) },
    ];
  }
}

/** All in the machine's byte order, which TIFF allows. */
function header(directory: number, big: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(firstPicture));
  view.setUint16(0, hostIsLittle ? 0x4949 : 0x4d4d);
  view.setUint16(2, big ? 43 : 42, hostIsLittle);
  if (big) {
    view.setUint16(4, 8, hostIsLittle);
    view.setBigUint64(8, BigInt(directory), hostIsLittle);
  } else {
    view.setUint32(4, directory, hostIsLittle);
  }
  return new Uint8Array(view.buffer);
}

/** Empty for a single picture, and for those that ImageJ would take for something else. */
function imageJDescription(info: ImageInfo, times: readonly number[], fps: number | undefined): string {
  const { channels, dtype, bits } = info;
  const isKnown =
    channels === 1 ? ["uint8", "uint16", "float32"].includes(dtype) : channels === 3 && dtype === "uint8";
  if (times.length < 2 || !isKnown) return "";
  const interval = fps === undefined ? medianInterval(times) : 1 / fps;
  return [
    "ImageJ=1.53t",
    `images=${times.length}`,
    `frames=${times.length}`,
    "hyperstack=true",
    ...(channels === 1 ? ["mode=grayscale"] : []),
    ...(interval === undefined ? [] : [`fps=${1 / interval}`, `finterval=${interval}`, "tunit=sec"]),
    "loop=false",
    // What is shown as black and white; ImageJ takes the darkest and brightest pixel otherwise.
    ...(bits === undefined ? [] : ["min=0.0", `max=${2 ** bits - 1}.0`]),
    "",
  ].join("\n");
}

/** Seconds; undefined if no time is later than the one before. */
function medianInterval(times: readonly number[]): number | undefined {
  const steps = times
    .slice(1)
    .map((time, i) => time - times[i]!)
    .filter((step) => step > 0)
    .sort((a, b) => a - b);
  return steps[steps.length >> 1];
}
