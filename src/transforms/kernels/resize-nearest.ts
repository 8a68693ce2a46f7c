import { arrayOver, blankImage, dtypeBytes, type Image, type ImageInfo } from "../../core/image.js";
import { layOut, workbench } from "./wasm.js";

/** Each new pixel is the old one at `floor(place * old / new)`: OpenCV's `INTER_NEAREST`. Any dtype. */
export function nearestResizer(info: ImageInfo, out: ImageInfo): (image: Image) => Image {
  return withVectors(info, out) ?? nearestResizerPlain(info, out);
}

function places(from: number, to: number): Int32Array {
  const scale = 1 / (to / from);
  return Int32Array.from({ length: to }, (_, place) => Math.min(from - 1, Math.floor(place * scale)));
}

function withVectors(info: ImageInfo, out: ImageInfo): ((image: Image) => Image) | undefined {
  const pixel = info.channels * dtypeBytes(info.dtype);
  if (pixel > 8) return undefined;
  const columns = places(info.width, out.width).map((column) => column * pixel);
  const rows = places(info.height, out.height).map((row) => row * info.width * pixel);
  const bytes = out.width * out.height * pixel;
  const from = info.width * info.height * pixel;
  const layout = layOut({ src: from, dst: bytes, first: 4 * out.width, rows: 4 * out.height });
  if (!workbench(layout)) return undefined;
  return ({ data }) => {
    const { kernels, put, take } = workbench(layout)!;
    put(layout.src, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    put(layout.first, new Int32Array(out.width + 4));
    put(layout.first, columns);
    put(layout.rows, rows);
    const { src, dst } = layout;
    kernels.resizeNearest(src, dst, out.width, out.height, pixel, layout.first, layout.rows);
    const made = take(dst, bytes);
    return { ...out, data: arrayOver(out.dtype, made.buffer, 0, bytes) };
  };
}

/** The same without vectors: what the kernel must give. */
export function nearestResizerPlain(info: ImageInfo, out: ImageInfo): (image: Image) => Image {
  const { channels } = info;
  const columns = places(info.width, out.width).map((column) => column * channels);
  const rows = places(info.height, out.height);
  return (image) => {
    const made = blankImage(out);
    const from = image.data as Uint8Array;
    const to = made.data as Uint8Array;
    const count = out.width * channels;
    for (let y = 0; y < out.height; y++) {
      const start = rows[y]! * info.width * channels;
      if (y > 0 && rows[y] === rows[y - 1]) to.copyWithin(y * count, (y - 1) * count, y * count);
      else if (channels === 1) {
        for (let x = 0, k = y * count; x < columns.length; x++) to[k++] = from[start + columns[x]!]!;
      } else {
        for (let x = 0, k = y * count; x < columns.length; x++) {
          for (let at = start + columns[x]!, end = at + channels; at < end; at++) to[k++] = from[at]!;
        }
      }
    }
    return made;
  };
}
