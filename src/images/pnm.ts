import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { describeImage, type Image, type ImageInfo } from "../core/image.js";
import type { ImageCodec } from "./image-codec.js";
import { checkPictureSize } from "./picture-size.js";
import { bytesInOrder, hostIsLittle, isPicture, swapBytes, swapRedBlue } from "./sample-order.js";

/** Netpbm's gray map: written as binary P5, read as P5 or P2 (text), 8 or 16 bit. */
export const pgm: ImageCodec = {
  name: "pgm",
  extensions: ["pgm", "pnm"],
  matches: (head) => isPnm(head, ["2", "5"]),
  accepts: (info) => isWritable(info) && info.channels === 1,
  encode: async (image) => encodePnm(pgm, image),
  decode: async (bytes, path) => decodePnm(bytes, path),
};

/** Netpbm's colour map: written as binary P6, read as P6 or P3 (text), 8 or 16 bit. */
export const ppm: ImageCodec = {
  name: "ppm",
  extensions: ["ppm", "pnm"],
  matches: (head) => isPnm(head, ["3", "6"]),
  accepts: (info) => isWritable(info) && info.channels === 3,
  encode: async (image) => encodePnm(ppm, image),
  decode: async (bytes, path) => decodePnm(bytes, path),
};

function isPnm(head: Uint8Array, kinds: readonly string[]): boolean {
  const kind = String.fromCharCode(head[1] ?? 0);
  return head[0] === 0x50 && kinds.includes(kind) && isSpaceOrComment(head[2]);
}

function isWritable(info: ImageInfo): boolean {
  return (info.dtype === "uint8" || info.dtype === "uint16") && isPicture(info);
}

function encodePnm(codec: ImageCodec, image: Image): Uint8Array {
  if (!codec.accepts(image)) {
    const known = `uint8 and uint16 ${codec === pgm ? "gray" : "bgr"}`;
    throw new UnsupportedError(`${codec.name} picture`, describeImage(image), [known]);
  }
  const kind = image.channels === 1 ? "P5" : "P6";
  const highest = image.dtype === "uint8" ? 255 : 65535;
  const header = Buffer.from(`${kind}\n${image.width} ${image.height}\n${highest}\n`, "latin1");
  return Buffer.concat([header, bytesInOrder(image, { color: "rgb", littleEndian: false })]);
}

/** A maximum other than 255 or 65535 scales nothing: samples stay as they are, and `bits` tells what they use. */
function decodePnm(bytes: Uint8Array, path: string): Image {
  if (!isPnm(bytes, ["2", "3", "5", "6"])) throw new FileFormatError(path, "not a PGM or PPM file");
  const kind = bytes[1]! - 0x30;
  const text = new NumberReader(bytes, 2, path);
  const [width, height, highest] = [text.next(), text.next(), text.next()];
  if (highest < 1 || highest > 65535) {
    throw new FileFormatError(path, `a largest sample of ${highest}; 1 to 65535 expected`);
  }
  const channels = kind === 2 || kind === 5 ? 1 : 3;
  const binary = kind >= 5;
  const sampleBytes = highest < 256 ? 1 : 2;
  const start = text.position + 1;
  const count = width * height * channels;
  const rest = Math.max(0, bytes.length - start);
  // Text takes a digit and a space a sample, the last one a digit only.
  checkPictureSize(
    path,
    { width, height },
    count * sampleBytes,
    binary ? rest : ((rest + 1) >> 1) * sampleBytes,
  );
  const data = sampleBytes === 1 ? new Uint8Array(count) : new Uint16Array(count);
  if (binary) {
    const own = new Uint8Array(data.buffer);
    own.set(bytes.subarray(start, start + count * sampleBytes));
    if (hostIsLittle) swapBytes(own, sampleBytes);
  } else {
    for (let i = 0; i < count; i++) data[i] = text.next(highest);
  }
  if (channels === 3) swapRedBlue(data, 3);
  const bits = Math.ceil(Math.log2(highest + 1));
  return {
    width,
    height,
    channels,
    dtype: sampleBytes === 1 ? "uint8" : "uint16",
    color: channels === 1 ? "gray" : "bgr",
    ...(bits < sampleBytes * 8 ? { bits } : {}),
    data,
  };
}

/** Decimal numbers between white space and `# comments`. */
class NumberReader {
  readonly #bytes: Uint8Array;
  readonly #path: string;
  position: number;

  constructor(bytes: Uint8Array, position: number, path: string) {
    this.#bytes = bytes;
    this.position = position;
    this.#path = path;
  }

  /** @throws {FileFormatError} if no whole number up to `highest` comes next. */
  next(highest = Number.MAX_SAFE_INTEGER): number {
    const bytes = this.#bytes;
    while (isSpaceOrComment(bytes[this.position])) {
      if (bytes[this.position] === hash) {
        while (this.position < bytes.length && bytes[this.position] !== newline) this.position++;
      }
      this.position++;
    }
    const start = this.position;
    let value = 0;
    for (let digit = bytes[start]! - zero; digit >= 0 && digit <= 9; digit = bytes[this.position]! - zero) {
      value = value * 10 + digit;
      this.position++;
    }
    if (this.position === start || value > highest) {
      const found = start >= bytes.length ? "the end of the file" : `${value || "no number"}`;
      throw new FileFormatError(
        this.#path,
        `a number up to ${highest} expected at byte ${start}, found ${found}`,
      );
    }
    return value;
  }
}

const [hash, newline, zero] = [0x23, 0x0a, 0x30];

function isSpaceOrComment(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d) || byte === hash;
}
