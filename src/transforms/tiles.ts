import { toColor } from "../core/color.js";
import { UnsupportedError } from "../core/errors.js";
import {
  type AnyTypedArray,
  arrayOver,
  blankImage,
  type Color,
  describeImage,
  type Image,
  type ImageInfo,
  imageBytes,
} from "../core/image.js";

/** How pictures stand next to each other. */
export type TileLayout = "row" | "column" | "grid";

/** Where a picture stands on the canvas, in pixels. */
export interface Tile {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Tiling {
  /** The shape of the canvas. */
  readonly info: ImageInfo;
  readonly tiles: readonly Tile[];
}

/** Larger canvases are refused, in bytes: no array of the runtime holds them. */
export const largestCanvas = 2 ** 31;

/** Colours that can be turned into BGR. */
const plainColors: readonly Color[] = ["gray", "bgr", "rgb", "bgra", "rgba"];

/**
 * A canvas for pictures of these shapes, each at its own size in the upper left of its cell: rows are as high as their
 * highest picture, columns as wide as their widest.
 *
 * Pictures of one kind keep it. Others become BGR; 8 bits beside 16 become 16, and white stays white.
 * @param columns of a grid. @default as many as make it about square
 * @throws {UnsupportedError} for kinds that cannot stand on one canvas, and a canvas that is too large.
 */
export function tile(infos: readonly ImageInfo[], layout: TileLayout, columns?: number): Tiling {
  const across = columnsOf(infos.length, layout, columns);
  const widths: number[] = [];
  const heights: number[] = [];
  for (const [at, { width, height }] of infos.entries()) {
    const [column, row] = [at % across, Math.floor(at / across)];
    widths[column] = Math.max(widths[column] ?? 0, width);
    heights[row] = Math.max(heights[row] ?? 0, height);
  }
  const tiles = infos.map(({ width, height }, at) => ({
    left: sum(widths.slice(0, at % across)),
    top: sum(heights.slice(0, Math.floor(at / across))),
    width,
    height,
  }));
  const info = { ...commonKind(infos), width: sum(widths), height: sum(heights) };
  if (imageBytes(info) < largestCanvas) return { info, tiles };
  throw new UnsupportedError("size of pictures side by side", describeImage(info));
}

/**
 * The pictures on one canvas, black around them.
 * @param images one a tile, as `fitTile` gives them; undefined leaves the tile black.
 */
export function paintTiles({ info, tiles }: Tiling, images: readonly (Image | undefined)[]): Image {
  const canvas = blankImage(info);
  for (const [at, image] of images.entries()) if (image) paste(canvas, image, tiles[at]!);
  return canvas;
}

/** Puts a picture of the kind of the canvas there, cut off where the canvas ends. The canvas is written to. */
export function paste(canvas: Image, image: Image, { left, top }: Pick<Tile, "left" | "top">): void {
  const pixel = canvas.data.length / (canvas.width * canvas.height);
  const [first, last] = [Math.max(0, -left), Math.min(image.width, canvas.width - left)];
  if (first >= last) return;
  for (let y = Math.max(0, -top); y < Math.min(image.height, canvas.height - top); y++) {
    const row = y * image.width;
    const pixels = image.data.subarray((row + first) * pixel, (row + last) * pixel);
    canvas.data.set(pixels as never, ((top + y) * canvas.width + left + first) * pixel);
  }
}

/**
 * A picture in the kind of the canvas.
 * @throws {UnsupportedError} if it is larger than its tile, or of another kind than its source said.
 */
export function fitTile(image: Image, place: Tile, info: ImageInfo): Image {
  if (image.width > place.width || image.height > place.height) {
    const size = `${place.width}x${place.height}`;
    throw new UnsupportedError("size of a picture", `${describeImage(image)}, where its source said ${size}`);
  }
  const isSame = image.color === info.color && image.channels === info.channels && image.dtype === info.dtype;
  if (isSame && bitsOf(image) === bitsOf(info)) return image;
  const isFit =
    image.dtype === info.dtype
      ? bitsOf(image) <= bitsOf(info)
      : isDeepened(image.dtype) && info.dtype === "uint16";
  const colored =
    isSame || info.color === "none" ? image : toColor(image, info.color as "gray" | "bgr" | "rgb");
  if (!isFit || colored.channels !== info.channels) {
    throw new UnsupportedError("kind of picture", `${describeImage(image)} beside ${describeImage(info)}`);
  }
  return bitsOf(image) === bitsOf(info) ? colored : deepened(colored, info);
}

function columnsOf(count: number, layout: TileLayout, columns: number | undefined): number {
  if (layout === "row") return count;
  if (layout === "column") return 1;
  const across = columns ?? Math.ceil(Math.sqrt(count));
  if (Number.isInteger(across) && across > 0) return Math.min(across, count);
  throw new RangeError(`columns must be a number above 0, got ${across}`);
}

/**
 * The kind of a canvas that pictures of these kinds can stand on; its size is the first one's.
 * @throws {UnsupportedError} if there is none.
 */
export function commonKind(infos: readonly ImageInfo[]): ImageInfo {
  const first = infos[0]!;
  const isOneColor = infos.every(
    ({ color, channels }) => color === first.color && channels === first.channels,
  );
  const isOneDType = infos.every(({ dtype }) => dtype === first.dtype);
  const isOneDepth = isOneDType && infos.every((info) => bitsOf(info) === bitsOf(first));
  const { pixelFormat: _, bits, ...rest } = first;
  // A Bayer pattern would be broken at the seams, and planes have no common rows.
  const keepsColor = isOneColor && (plainColors.includes(first.color) || first.color === "none");
  const becomesColor =
    infos.every(({ color }) => plainColors.includes(color)) &&
    (!first.dtype.startsWith("complex") || !isOneDType);
  const keepsDepth = isOneDepth || (isOneDType && infos.every((info) => info.bits === undefined));
  if (!(keepsColor || becomesColor) || !(isOneDType || infos.every(({ dtype }) => isDeepened(dtype)))) {
    throw new UnsupportedError("kinds side by side", infos.map(describeImage).join(" and "));
  }
  return {
    ...rest,
    ...(keepsDepth && bits !== undefined && { bits }),
    dtype: isOneDType ? first.dtype : "uint16",
    ...(!keepsColor && { color: "bgr" as const, channels: 3 }),
  };
}

function isDeepened(dtype: string): boolean {
  return dtype === "uint8" || dtype === "uint16";
}

/** Bits that carry meaning; 0 for dtypes whose range is not one of bits. */
function bitsOf({ dtype, bits }: ImageInfo): number {
  if (!isDeepened(dtype)) return 0;
  return bits ?? (dtype === "uint8" ? 8 : 16);
}

/** The samples stretched to the range of the canvas, so that black and white stay what they are. */
function deepened(image: Image, info: ImageInfo): Image {
  const [from, to] = [2 ** bitsOf(image) - 1, 2 ** bitsOf(info) - 1];
  const steps = Uint16Array.from({ length: from + 1 }, (_, value) => Math.round((value * to) / from));
  const source = image.data as Uint8Array | Uint16Array;
  const size = source.length * (info.dtype === "uint8" ? 1 : 2);
  const data: AnyTypedArray = arrayOver(info.dtype, new ArrayBuffer(size), 0, size);
  for (let i = 0; i < source.length; i++) data[i] = steps[Math.min(source[i]!, from)]!;
  return { ...info, width: image.width, height: image.height, data };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
