import { TransformError } from "../core/errors.js";
import { describeImage } from "../core/image.js";
import { filtered, needFiltered } from "./filtered-pictures.js";
import { medianSamples } from "./kernels/median-samples.js";
import { type OptionKind, whole } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";

export interface MedianOptions {
  /** Width and height of the window: odd, up to 255 for uint8; 3 or 5 for others. @default 3 */
  readonly size?: number;
}

const anySize = whole("width and height of the window, odd", { least: 3, most: 255, usual: "3" });
const oddSize: OptionKind<number> = {
  ...anySize,
  looks: "3 | 5 | 7 ...",
  check(value) {
    const size = anySize.check(value);
    if (size % 2 === 1) return size;
    throw new RangeError("must be odd");
  },
};

/**
 * Each sample becomes the median of a square around it, edges repeated: OpenCV's `medianBlur(image, size)`, to the bit.
 * Takes away single wrong pixels and keeps edges. Alpha stays.
 * @throws {TransformError} for other dtypes than uint8, uint16 and float32, for windows above 5 of others than uint8, for
 *   Bayer mosaics and native planes.
 */
export const median = pictureTransform<MedianOptions>(
  {
    name: "median",
    summary: "takes away single wrong pixels: the median of a square",
    options: { size: oddSize },
    main: "size",
  },
  ({ size = 3 }, info) => {
    needFiltered("median", info);
    if (size > 5 && info.dtype !== "uint8") {
      throw new TransformError(
        "median",
        `a window of ${size} cannot be done to ${describeImage(info)}: above 5 it takes uint8`,
      );
    }
    return filtered(info, medianSamples(info.dtype, info, size));
  },
);
