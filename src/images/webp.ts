import { EncodeError } from "../core/errors.js";
import type { Image, ImageInfo } from "../core/image.js";
import type { PictureAnimation } from "./animation-stream.js";
import { loadSharp } from "./libvips.js";
import { expectPictures } from "./picture-kinds.js";
import { bytesInOrder, hostIsLittle, isPicture } from "./sample-order.js";

/** Pixels of either side at most. */
const longestSide = 16_383;

/**
 * Animated WebP: each frame is packed by libvips as a picture alone, whose chunks are put into a frame of the
 * animation. Without a quality nothing is lost.
 * https://developers.google.com/speed/webp/docs/riff_container
 */
export function animatedWebp(info: ImageInfo, loop: number, quality?: number): PictureAnimation<Uint8Array> {
  const { width, height, channels } = info;
  const fits = info.dtype === "uint8" && isPicture(info) && Math.max(width, height) <= longestSide;
  expectPictures("WebP frames", info, fits, `uint8 gray, bgr, bgra of up to ${longestSide} pixels a side`);
  const again = (written: Uint8Array, delay: number): Uint8Array => {
    const bytes = Buffer.from(written);
    bytes.writeUIntLE(Math.min(delay, 2 ** 24 - 1), 8 + 12, 3);
    return bytes;
  };
  return {
    delays: { ticks: 1000, shortest: 1 },
    pack: async (image) => picturePart(await encode(image, quality)),
    head() {
      const extended = Buffer.alloc(10);
      extended[0] = 0x02 | (channels === 4 ? 0x10 : 0);
      extended.writeUIntLE(width - 1, 4, 3);
      extended.writeUIntLE(height - 1, 7, 3);
      const animation = Buffer.alloc(6);
      animation.writeUInt16LE(loop, 4);
      return Buffer.concat([riffHeader(0), chunk("VP8X", extended), chunk("ANIM", animation)]);
    },
    frame(packed, delay) {
      const head = Buffer.alloc(16);
      head.writeUIntLE(width - 1, 6, 3);
      head.writeUIntLE(height - 1, 9, 3);
      // Not blended with the frame before.
      head[15] = 0x02;
      return again(chunk("ANMF", Buffer.concat([head, packed])), delay);
    },
    again,
    async end(file) {
      if (file.end >= 2 ** 32)
        throw new EncodeError(file.path, "is longer than 4 GiB, which WebP cannot count");
      await file.writeAt(riffHeader(file.end), 0);
    },
  };
}

async function encode(image: Image, quality: number | undefined): Promise<Buffer> {
  const { width, height, channels } = image;
  const rows = bytesInOrder(image, { color: "rgb", littleEndian: hostIsLittle });
  const raw = { width, height, channels: channels as 1 | 3 | 4 };
  const how = quality === undefined ? { lossless: true, exact: true } : { quality };
  const sharp = await loadSharp();
  return await sharp(rows, { raw }).webp(how).toBuffer();
}

/** The chunks of a WebP file that are its picture. */
function picturePart(file: Buffer): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 12; at + 8 <= file.length; ) {
    const length = 8 + file.readUInt32LE(at + 4);
    const whole = length + (length & 1);
    if (/^(ALPH|VP8 |VP8L)$/.test(file.toString("latin1", at, at + 4)))
      parts.push(file.subarray(at, at + whole));
    at += whole;
  }
  return Buffer.concat(parts);
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8);
  head.write(type, "latin1");
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, new Uint8Array(body.length & 1)]);
}

function riffHeader(fileBytes: number): Uint8Array {
  const bytes = Buffer.from("RIFF0000WEBP", "latin1");
  bytes.writeUInt32LE(Math.max(0, fileBytes - 8), 4);
  return bytes;
}
