import { TransformError } from "../core/errors.js";
import { type BayerPattern, describeImage, type ImageInfo } from "../core/image.js";
import { bayer, type RedSite } from "../core/pixels/bayer.js";
import { demosaicBytes } from "./kernels/demosaic-bytes.js";
import { choice } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";

export interface DemosaicOptions {
  /**
   * Which colours stand at the first two pixels, as cameras and GenICam name it. @default the pictures' own; gray ones have
   * none and need it
   */
  readonly pattern?: "rg" | "gr" | "gb" | "bg";
}

const redSites: { readonly [P in "rg" | "gr" | "gb" | "bg"]: RedSite } = {
  rg: { row: 0, column: 0 },
  gr: { row: 0, column: 1 },
  gb: { row: 1, column: 0 },
  bg: { row: 1, column: 1 },
};

/**
 * Makes BGR of a Bayer mosaic, uint8 or uint16: bilinear, as OpenCV's `demosaicing`, to the bit. OpenCV's names are shifted:
 * its `BayerBG` is a sensor with red in its first pixel, `rg` here.
 * @throws {TransformError} for pictures in colour, and for gray ones without a pattern.
 */
export const demosaic = pictureTransform<DemosaicOptions>(
  {
    name: "demosaic",
    summary: "makes BGR of a Bayer mosaic",
    options: {
      pattern: {
        ...choice("which colours stand at the first two pixels", ["rg", "gr", "gb", "bg"]),
        usual: "the pictures' own",
      },
    },
    main: "pattern",
  },
  ({ pattern }, info) => {
    const isMosaic = info.color.startsWith("bayer-");
    if (!isMosaic && (pattern === undefined || info.color !== "gray")) {
      const found = describeImage(info);
      throw new TransformError(
        "demosaic",
        info.color === "gray" ? `${found} says no pattern; give one` : `${found} is no mosaic`,
      );
    }
    const own = (info.color as BayerPattern).slice("bayer-".length) as keyof typeof redSites;
    const red = redSites[pattern ?? own];
    const decoder = bayer(red);
    const out: ImageInfo | undefined = decoder.decodedInfo(info);
    if (out === undefined) {
      throw new TransformError(
        "demosaic",
        `cannot be done to ${describeImage(info)}; it takes uint8, uint16`,
      );
    }
    const fast = info.dtype === "uint8" ? demosaicBytes(info.width, info.height, red) : undefined;
    if (fast) return { info: out, apply: ({ data }) => ({ ...out, data: fast(data as Uint8Array) }) };
    return { info: out, apply: (image) => decoder.decode(image) };
  },
);
