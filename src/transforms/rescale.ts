import type { Image, ImageInfo } from "../core/image.js";
import { sampleNumbers } from "./kernels/sample-numbers.js";
import { scaleToBytes } from "./kernels/scale-to-bytes.js";
import { needPicture, pixelColors } from "./need-picture.js";
import { whole } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { type LimitOptions, limitOptions, limitsOf, numberDTypes } from "./value-limits.js";

export interface RescaleOptions extends LimitOptions {
  /** What samples become that are no number. @default 0 */
  readonly nan?: number;
}

/**
 * Makes 8 bits of any dtype: the limits become 0 and 255, what lies between them is straight and rounded (halves to even),
 * what lies beyond is limited: NumPy's `interp(image, (min, max), (0, 255))`. The limits are those of each picture unless
 * said otherwise; all channels share them, alpha too. Bayer mosaics stay mosaics.
 */
export const rescale = pictureTransform<RescaleOptions>(
  {
    name: "rescale",
    summary: "makes 8 bits of any dtype",
    options: {
      ...limitOptions("picture"),
      nan: whole("what samples become that are no number", { least: 0, most: 255, usual: "0" }),
    },
    main: "range",
  },
  ({ nan = 0, ...options }, info) => {
    const mosaics = ["bayer-rg", "bayer-gr", "bayer-gb", "bayer-bg"] as const;
    needPicture("rescale", info, [...pixelColors, ...mosaics], numberDTypes);
    const { bits: _, pixelFormat: __, ...rest } = info;
    const out: ImageInfo = { ...rest, dtype: "uint8" };
    const limits = limitsOf("rescale", options, info, "picture");
    return {
      info: out,
      apply: (image): Image => {
        const numbers = sampleNumbers(image);
        const bytes = scaleToBytes(numbers, typeof limits === "function" ? limits(image) : limits);
        const isFraction = numbers instanceof Float32Array || numbers instanceof Float64Array;
        if (isFraction && nan !== 0) {
          for (let i = 0; i < bytes.length; i++) if (Number.isNaN(numbers[i])) bytes[i] = nan;
        }
        return { ...out, data: bytes };
      },
    };
  },
);
