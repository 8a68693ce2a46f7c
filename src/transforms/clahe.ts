import { TransformError } from "../core/errors.js";
import { describeImage, type ImageInfo } from "../core/image.js";
import { filtered, largestSample, needFiltered } from "./filtered-pictures.js";
import { equalizeColors } from "./kernels/equalize-colors.js";
import { equalizeShortTiles } from "./kernels/equalize-short-tiles.js";
import { equalizeByteTiles, equalizeTiles, type TileEqualizer } from "./kernels/equalize-tiles.js";
import { tileGrid } from "./kernels/tile-grid.js";
import { real, several, whole } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";

export interface ClaheOptions {
  /** How steep the equalization may get: how often a value may count, times the mean; 0 is no limit. @default 2 */
  readonly clip?: number;
  /** Tiles across and down. @default [8, 8] */
  readonly tiles?: readonly number[];
}

/** Tables of more bytes than that are refused. */
const largestTables = 2 ** 29;

/**
 * Contrast-limited adaptive histogram equalization (Zuiderveld, Graphics Gems IV, 1994), as OpenCV 4.6's
 * `createCLAHE(clip, tiles)` does it, to the bit for gray uint8 and uint16. Pictures with fewer `bits` than 16 keep their
 * range, where OpenCV would stretch them over all of uint16.
 *
 * Colour is equalized by its gray, as `toColor` has it: what a pixel's gray gains is added to its three colours, and limited
 * to the range. That is the Y of YCrCb with Cr and Cb untouched, without their rounding. Alpha stays.
 * @throws {TransformError} for other dtypes and for pictures without gray.
 */
export const clahe = pictureTransform<ClaheOptions>(
  {
    name: "clahe",
    summary: "evens out contrast, tile by tile, with a limit",
    options: {
      clip: real("how often a value may count, times the mean; 0 is no limit", { least: 0, usual: "2" }),
      tiles: {
        ...several(whole("tiles across and down", { least: 1, most: 4096 }), { least: 2, most: 2 }),
        looks: "WxH",
        usual: "8x8",
        parse: (text) => text.split(/[x,]/).map((count) => (count.trim() === "" ? count : Number(count))),
      },
    },
    main: "clip",
  },
  ({ clip = 2, tiles: [across, down] = [8, 8] }, info) => {
    needFiltered("clahe", info, ["uint8", "uint16"]);
    if (info.color === "none" && info.channels > 1) {
      throw new TransformError("clahe", `cannot be done to ${describeImage(info)}: it has no gray`);
    }
    const values = largestSample(info) + 1;
    const bytes = across! * down! * values * 4;
    if (bytes > largestTables) {
      throw new TransformError(
        "clahe",
        `${across}x${down} tiles of ${describeImage(info)} need ${bytes} bytes of tables, more than ${largestTables}`,
      );
    }
    const grid = tileGrid(info.width, info.height, across!, down!);
    if (info.channels > 1) return { info, apply: equalizeColors(info, grid, clip, values) };
    const equalize = grayEqualizer(info, values, grid, clip);
    return filtered(info, (data) => equalize(data as Uint8Array | Uint16Array));
  },
);

function grayEqualizer(
  info: ImageInfo,
  values: number,
  grid: ReturnType<typeof tileGrid>,
  clip: number,
): TileEqualizer {
  if (info.dtype === "uint8" && values === 256) return equalizeByteTiles(grid, clip);
  return info.dtype === "uint8"
    ? equalizeTiles(grid, clip, values, Uint8Array)
    : equalizeShortTiles(grid, clip, values);
}
