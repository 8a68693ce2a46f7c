import { toColor } from "../../core/color.js";
import { blankImage, type Image, type ImageInfo } from "../../core/image.js";
import { equalizeShortTiles } from "./equalize-short-tiles.js";
import { byteTiles, equalizeTiles, type TileEqualizer } from "./equalize-tiles.js";
import type { TileGrid } from "./tile-grid.js";
import { workbench } from "./wasm.js";

/** From a colour picture to another of the same shape. */
type ColorEqualizer = (image: Image) => Image;

/** B, G and R in 32768ths of gray, as in `toColor`. */
const weights = [3735, 19235, 9798] as const;

/**
 * Equalizes the gray of a colour picture by tiles, and adds to its three colours what the gray has gained, limited to their
 * range. Alpha stays.
 * @param values how many a sample may have.
 */
export function equalizeColors(
  info: ImageInfo,
  grid: TileGrid,
  limit: number,
  values: number,
): ColorEqualizer {
  const fast = info.dtype === "uint8" ? withVectors(info, grid, limit) : undefined;
  if (fast !== undefined) return fast;
  if (info.dtype === "uint8") return equalizeColorsPlain(info, grid, limit, values);
  return withGray(info, values, equalizeShortTiles(grid, limit, values));
}

function withVectors(info: ImageInfo, grid: TileGrid, limit: number): ColorEqualizer | undefined {
  const { width, height, channels, color } = info;
  const pixels = width * height;
  const bytes = pixels * channels;
  const room = byteTiles(grid, limit, { colors: bytes, shifted: bytes });
  const { colors, shifted, src, dst } = room.layout;
  if (!workbench(room.layout)) return undefined;
  const [first, second, third] = color.startsWith("rgb") ? weights.toReversed() : weights;
  return (image) => {
    const bench = workbench(room.layout)!;
    bench.put(colors, image.data as Uint8Array);
    bench.kernels.lumaOfPixels(colors, src, pixels, channels, first!, second!, third!);
    room.equalize(bench);
    bench.kernels.shiftPixels(colors, shifted, src, dst, pixels, channels);
    return { ...info, data: bench.take(shifted, bytes) };
  };
}

/** The same without vectors: what the kernels must give. */
export function equalizeColorsPlain(
  info: ImageInfo,
  grid: TileGrid,
  limit: number,
  values: number,
): ColorEqualizer {
  const array = info.dtype === "uint8" ? Uint8Array : Uint16Array;
  return withGray(info, values, equalizeTiles(grid, limit, values, array));
}

function withGray(info: ImageInfo, values: number, equalize: TileEqualizer): ColorEqualizer {
  const { channels } = info;
  return (image) => {
    const before = toColor(image, "gray").data as Uint16Array;
    const after = equalize(before);
    const out = blankImage(info);
    const [from, to] = [image.data as Uint16Array, out.data as Uint16Array];
    for (let pixel = 0, at = 0; pixel < before.length; pixel++, at += channels) {
      const gain = after[pixel]! - before[pixel]!;
      for (let c = at; c < at + 3; c++) to[c] = Math.max(0, Math.min(values - 1, from[c]! + gain));
      if (channels === 4) to[at + 3] = from[at + 3]!;
    }
    return out;
  };
}
