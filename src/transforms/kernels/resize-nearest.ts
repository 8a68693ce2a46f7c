import { blankImage, type Image, type ImageInfo } from "../../core/image.js";

/** Each new pixel is the old one at `floor(place * old / new)`: OpenCV's `INTER_NEAREST`. Any dtype. */
export function nearestResizer(info: ImageInfo, out: ImageInfo): (image: Image) => Image {
  const { channels } = info;
  const places = (from: number, to: number): Int32Array => {
    const scale = 1 / (to / from);
    return Int32Array.from({ length: to }, (_, place) => Math.min(from - 1, Math.floor(place * scale)));
  };
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
