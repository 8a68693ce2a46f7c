import { paintNumber } from "../../capture/painted-number.js";
import type { AnyTypedArray, BayerPattern, Image, ImageInfo } from "../../core/image.js";

/** The pattern repeats every so many pixels and moves one pixel a frame. */
const period = 64;

/** Which channel of BGR stands where in the first row of a mosaic; in the second it is its opposite, in reverse. */
const firstRow: { readonly [P in BayerPattern]: readonly [number, number] } = {
  "bayer-rg": [2, 1],
  "bayer-gr": [1, 2],
  "bayer-gb": [1, 0],
  "bayer-bg": [0, 1],
};

/** The channel of BGR that a mosaic has in that row and column. */
function siteOf(pattern: BayerPattern, row: number, column: number): number {
  const sites = firstRow[pattern];
  return row % 2 === 0 ? sites[column % 2]! : 2 - sites[1 - (column % 2)]!;
}

/** Gives the picture of any frame number. The pattern is computed once, a frame copies rows of it. */
export function createPainter(info: ImageInfo): (number: number) => Image {
  const { width, height, channels, dtype } = info;
  const allocate = dtype === "uint8" ? Uint8Array : Uint16Array;
  const isMosaic = info.color.startsWith("bayer-");
  // The scene moves below a mosaic that stays: after an odd number of pixels its colours have changed places.
  const patterns = (isMosaic ? [0, 1] : [0]).map((phase) => scene(info, phase));
  return (number) => {
    const data: AnyTypedArray = new allocate(width * height * channels);
    const offset = ((number % period) + period) % period;
    const pattern = patterns[isMosaic ? offset % 2 : 0]!;
    for (let y = 0; y < height; y++) {
      const from = (y * (width + period) + offset) * channels;
      data.set(pattern.subarray(from, from + width * channels), y * width * channels);
    }
    const image = { ...info, data };
    paintNumber(image, number | 0);
    return image;
  };
}

/**
 * What the camera looks at, by one period wider than its picture.
 * @param phase of a mosaic: how many columns its first one is to the right of the scene's.
 */
function scene(
  { width, height, channels, dtype, color }: ImageInfo,
  phase: number,
): Uint8Array | Uint16Array {
  const wide = width + period;
  const scale = dtype === "uint8" ? 1 : 257;
  const pattern = new (dtype === "uint8" ? Uint8Array : Uint16Array)(wide * height * channels);
  const isMosaic = color.startsWith("bayer-");
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < wide; x++) {
      for (let channel = 0; channel < channels; channel++) {
        const seen = isMosaic ? siteOf(color as BayerPattern, y, x + phase) : channel;
        const wave = Math.sin((2 * Math.PI * (x + y + seen * 21)) / period);
        const shade = 96 + 64 * wave + (48 * y) / height;
        pattern[at++] = Math.round(shade * scale);
      }
    }
  }
  return pattern;
}
