import { crc32 } from "node:zlib";
import { UnsupportedError } from "../core/errors.js";
import { describeImage, dtypeBytes, type Image, type ImageInfo } from "../core/image.js";
import type { ImageCodec } from "./image-codec.js";
import { packDifferences } from "./pack-differences.js";
import { decodePng, isPng, pngSignature } from "./png-decode.js";
import { filterRows } from "./png-filter.js";
import { bytesInOrder, isPicture } from "./sample-order.js";

/**
 * PNG (ISO/IEC 15948), read and written here: Node's zlib runs on the thread pool, so that pictures in flight share
 * all cores. Reads every kind as OpenCV's `IMREAD_UNCHANGED` does: palettes become `bgr` (`bgra` if they have
 * transparency), gray below 8 bit becomes 8 bit, gray with alpha `bgra`. Gamma and colour profiles are not applied.
 */
export const png: ImageCodec = {
  name: "png",
  extensions: ["png"],
  matches: isPng,
  accepts,
  encode: encodePng,
  decode: decodePng,
};

function accepts(info: ImageInfo): boolean {
  return (info.dtype === "uint8" || info.dtype === "uint16") && isPicture(info);
}

async function encodePng(image: Image): Promise<Uint8Array> {
  if (!accepts(image))
    throw new UnsupportedError("png picture", describeImage(image), ["uint8 and uint16 gray, bgr, bgra"]);
  const packed = await packPngRows(image);
  return Buffer.concat([
    pngSignature,
    pngChunk("IHDR", pngHeader(image)),
    pngChunk("IDAT", packed),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

/** What an IDAT chunk holds: the rows, filtered and deflated. */
export function packPngRows(image: Image): Promise<Uint8Array> {
  const { width, channels, data } = image;
  const rows = bytesInOrder(image, { color: "rgb", littleEndian: false });
  const pixelBytes = channels * data.BYTES_PER_ELEMENT;
  return packDifferences(filterRows(rows, width * pixelBytes, pixelBytes));
}

/** What the IHDR chunk holds. */
export function pngHeader({ width, height, channels, dtype }: ImageInfo): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = dtypeBytes(dtype) * 8;
  header[9] = channels === 1 ? 0 : channels === 3 ? 2 : 6;
  return header;
}

/** A chunk with its length and checksum. */
export function pngChunk(type: string, body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length);
  head.write(type, 4, "latin1");
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32(body, crc32(head.subarray(4))));
  return Buffer.concat([head, body, tail]);
}
