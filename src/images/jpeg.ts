import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { describeImage, type Image, type ImageInfo } from "../core/image.js";
import type { EncodeOptions, ImageCodec } from "./image-codec.js";
import { loadSharp, unpackByLibvips } from "./libvips.js";
import { checkPictureSize } from "./picture-size.js";
import { bytesInOrder, isPicture, swapRedBlue } from "./sample-order.js";

/**
 * JPEG by libjpeg-turbo (in libvips), which OpenCV uses too: pictures come out equal to the bit. Written as OpenCV
 * does, with 4:2:0 chroma. The EXIF orientation is applied; colour profiles are not.
 */
export const jpeg: ImageCodec = {
  name: "jpg",
  extensions: ["jpg", "jpeg"],
  matches: (head) => head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff,
  accepts,
  encode: encodeJpeg,
  decode: decodeJpeg,
};

function accepts(info: ImageInfo): boolean {
  const fits = info.width <= 65500 && info.height <= 65500;
  return fits && info.dtype === "uint8" && isPicture(info) && info.channels !== 4;
}

async function encodeJpeg(image: Image, options: EncodeOptions = {}): Promise<Uint8Array> {
  if (!accepts(image)) throw new UnsupportedError("jpg picture", describeImage(image), ["uint8 gray, bgr"]);
  const { width, height, channels } = image;
  const rows = bytesInOrder(image, { color: "rgb", littleEndian: true });
  const sharp = await loadSharp();
  return await sharp(rows, { raw: { width, height, channels: channels as 1 | 3 } })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    // Optimised Huffman tables save a few percent, at a third of the speed.
    .jpeg({ quality: options.quality ?? 95, chromaSubsampling: "4:2:0", optimiseCoding: false })
    .toBuffer();
}

async function decodeJpeg(bytes: Uint8Array, path: string): Promise<Image> {
  const { width, height, components, precision } = readFrameHeader(bytes, path);
  if ((components !== 1 && components !== 3) || precision !== 8) {
    throw new UnsupportedError("jpg colour", `${components} components of ${precision} bit in ${path}`, [
      "gray",
      "colour, 8 bit",
    ]);
  }
  checkPictureSize(path, { width, height }, width * height, bytes.length * mostPixelsPerByte);
  const picture = await unpackByLibvips(bytes, path, { channels: components, wide: false, orient: true });
  const { data } = picture;
  if (components === 3) swapRedBlue(data, 3);
  return {
    width: picture.width,
    height: picture.height,
    channels: components,
    dtype: "uint8",
    color: components === 1 ? "gray" : "bgr",
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

/** A progressive file can say "nothing more" for a block of 8 x 8 pixels in little more than a bit. */
const mostPixelsPerByte = 1024;

/** Shape of the coded picture, before any orientation. */
function readFrameHeader(bytes: Uint8Array, path: string) {
  if (!jpeg.matches(bytes)) throw new FileFormatError(path, "not a JPEG file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++; // padding
    } else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return {
        precision: view.getUint8(at + 4),
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
      };
    } else if (marker === 0xda) {
      break;
    } else {
      at += 2 + view.getUint16(at + 2);
    }
  }
  throw new FileFormatError(path, "damaged JPEG: no frame header before the picture data");
}
