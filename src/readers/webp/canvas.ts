import { FileFormatError } from "../../core/errors.js";
import type { FilePieces } from "../../images/file-pieces.js";
import { loadSharp } from "../../images/libvips.js";
import type { WebpPart, WebpParts } from "./parts.js";

/** What is to be seen after each frame: RGBA, as libwebp's `WebPAnimDecoder` composes it. */
export class WebpCanvas {
  readonly #file: FilePieces;
  readonly #parts: WebpParts;
  /** Frames that need none before them. */
  readonly #isKey: readonly boolean[];
  #last: { readonly rank: number; readonly canvas: Promise<Uint8Array> } | undefined;

  constructor(file: FilePieces, parts: WebpParts) {
    this.#file = file;
    this.#parts = parts;
    const isFull = (part: WebpPart): boolean => part.width === parts.width && part.height === parts.height;
    const keys: boolean[] = [];
    for (const [rank, part] of parts.parts.entries()) {
      const before = parts.parts[rank - 1];
      const replaces = isFull(part) && !(part.hasAlpha && part.isBlended);
      keys.push(
        before === undefined || replaces || (before.isCleared && (isFull(before) || keys[rank - 1]!)),
      );
    }
    this.#isKey = keys;
  }

  /** A key frame is one that can be had without those before it. */
  isKey(rank: number): boolean {
    return this.#isKey[rank]!;
  }

  /** All that is seen at that frame, not to be written to. @throws {FileFormatError} if it, or one that it leans on, is damaged. */
  at(rank: number): Promise<Uint8Array> {
    const last = this.#last;
    const key = this.#isKey.lastIndexOf(true, rank);
    const canvas =
      last && last.rank >= key && last.rank <= rank
        ? this.#onwards(last.canvas, last.rank, rank)
        : this.#from(key, rank);
    const next = { rank, canvas };
    this.#last = next;
    // A damaged frame is tried again by the next who asks.
    canvas.catch(() => {
      if (this.#last === next) this.#last = undefined;
    });
    return canvas;
  }

  async #from(key: number, rank: number): Promise<Uint8Array> {
    const { width, height, parts } = this.#parts;
    const canvas = new Uint8Array(width * height * 4);
    this.#put(canvas, parts[key]!, await this.#picture(parts[key]!), undefined);
    return this.#onwards(Promise.resolve(canvas), key, rank);
  }

  async #onwards(before: Promise<Uint8Array>, from: number, rank: number): Promise<Uint8Array> {
    let canvas = await before;
    const { parts } = this.#parts;
    for (let at = from + 1; at <= rank; at++) {
      const [last, part] = [parts[at - 1]!, parts[at]!];
      const picture = await this.#picture(part);
      canvas = canvas.slice();
      if (last.isCleared) this.#clear(canvas, last);
      this.#put(canvas, part, picture, last.isCleared ? last : undefined);
    }
    return canvas;
  }

  #clear(canvas: Uint8Array, { left, top, width, height }: WebpPart): void {
    for (let y = top; y < top + height; y++) {
      const start = (y * this.#parts.width + left) * 4;
      canvas.fill(0, start, start + width * 4);
    }
  }

  /** @param cleared where nothing is, so that nothing is mixed either. */
  #put(canvas: Uint8Array, part: WebpPart, picture: Uint8Array, cleared: WebpPart | undefined): void {
    const { left, top, width, height, isBlended, hasAlpha } = part;
    const mixes = isBlended && hasAlpha;
    for (let y = 0; y < height; y++) {
      const to = ((top + y) * this.#parts.width + left) * 4;
      const row = picture.subarray(y * width * 4, (y + 1) * width * 4);
      if (!mixes) canvas.set(row, to);
      else {
        for (let x = 0; x < width; x++) {
          const isFree = cleared !== undefined && isWithin(cleared, left + x, top + y);
          mix(canvas, to + x * 4, row, x * 4, isFree);
        }
      }
    }
  }

  /** RGBA. */
  async #picture({ at, length, width, height }: WebpPart): Promise<Uint8Array> {
    const { path } = this.#file;
    const chunks = Buffer.from(await this.#file.read(at, length));
    const sharp = await loadSharp();
    const { data, info } = await sharp(still(chunks, width, height), { failOn: "warning", ignoreIcc: true })
      .toColourspace("srgb")
      .ensureAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true })
      .catch((cause) => {
        const [reason] = String(cause.message).split("\n");
        throw new FileFormatError(path, `damaged picture: ${reason}`, { cause });
      });
    if (info.width !== width || info.height !== height || info.channels !== 4) {
      throw new FileFormatError(
        path,
        `a picture of ${info.width}x${info.height} in a frame of ${width}x${height}`,
      );
    }
    return data;
  }
}

function isWithin({ left, top, width, height }: WebpPart, x: number, y: number): boolean {
  return x >= left && x < left + width && y >= top && y < top + height;
}

/** The chunks of a frame as a WebP of its own. */
function still(chunks: Buffer, width: number, height: number): Buffer {
  const extended = Buffer.alloc(18);
  extended.write("VP8X", "latin1");
  extended.writeUInt32LE(10, 4);
  extended[8] = 0x10;
  extended.writeUIntLE(width - 1, 12, 3);
  extended.writeUIntLE(height - 1, 15, 3);
  const isExtended = chunks.toString("latin1", 0, 4) === "ALPH";
  const body = isExtended ? Buffer.concat([extended, chunks]) : chunks;
  const head = Buffer.from("RIFF0000WEBP", "latin1");
  head.writeUInt32LE(body.length + 4, 4);
  return Buffer.concat([head, body]);
}

/** One pixel over another, in libwebp's whole numbers (`anim_decode.c`). */
function mix(canvas: Uint8Array, to: number, row: Uint8Array, from: number, isFree: boolean): void {
  const above = row[from + 3]!;
  if (above === 255 || isFree) {
    canvas.set(row.subarray(from, from + 4), to);
    return;
  }
  if (above === 0) return;
  const below = (canvas[to + 3]! * (256 - above)) >> 8;
  const alpha = above + below;
  const scale = Math.floor(2 ** 24 / alpha);
  for (let c = 0; c < 3; c++) {
    canvas[to + c] = Math.floor(((row[from + c]! * above + canvas[to + c]! * below) * scale) / 2 ** 24);
  }
  canvas[to + 3] = alpha;
}
