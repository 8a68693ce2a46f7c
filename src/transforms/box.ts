import { type FilteredSamples, filtered, needFiltered } from "./filtered-pictures.js";
import { boxBytes, boxMeans } from "./kernels/box-bytes.js";
import { whole } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";

export interface BoxOptions {
  /** Pixels on either side that count: 1 is a square of 3 x 3. @default 1 */
  readonly radius?: number;
}

/**
 * Each pixel becomes the mean of a square around it, edges reflected: OpenCV's `blur(image, (2 * radius + 1,) * 2)`.
 * Integers are rounded to the nearest; there are no halves. Alpha stays.
 * @throws {TransformError} for other dtypes than uint8, uint16 and float32, Bayer mosaics and native planes.
 */
export const box = pictureTransform<BoxOptions>(
  {
    name: "box",
    summary: "blurs by the mean of a square",
    options: { radius: whole("pixels on either side that count", { least: 1, most: 127, usual: "1" }) },
    main: "radius",
  },
  ({ radius = 1 }, info) => {
    needFiltered("box", info);
    const size = 2 * radius + 1;
    if (info.dtype === "uint8") {
      const blur = boxBytes(info, size);
      return filtered(info, (data) => blur(data as Uint8Array));
    }
    const means = boxMeans(info, size);
    const half = info.dtype === "uint16" ? 0.5 : 0;
    return filtered(info, (data) => {
      const out = new (data.constructor as new (length: number) => FilteredSamples)(data.length);
      means(data, (at, mean) => {
        out[at] = mean + half;
      });
      return out;
    });
  },
);
