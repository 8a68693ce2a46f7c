import { TransformError } from "../core/errors.js";
import { type Color, type DType, describeImage, type ImageInfo, imageBytes } from "../core/image.js";

/** The dtypes that most transforms reckon with. */
export const plainDTypes: readonly DType[] = ["uint8", "uint16", "float32"];

/** Colours whose pixels stand for themselves: no mosaic, no planes. */
export const pixelColors: readonly Color[] = ["gray", "bgr", "rgb", "bgra", "rgba", "none"];

/** Colours with a meaning that can be turned into each other. */
export const plainColors: readonly Color[] = ["gray", "bgr", "rgb", "bgra", "rgba"];

/** Larger pictures are refused, in bytes: no array of the runtime holds them. */
const largestPicture = 2 ** 31;

/** @throws {TransformError} unless the picture is of one of these colours and dtypes. */
export function needPicture(
  transform: string,
  info: ImageInfo,
  colors: readonly Color[] = pixelColors,
  dtypes: readonly DType[] = plainDTypes,
): void {
  if (colors.includes(info.color) && dtypes.includes(info.dtype)) return;
  const known = `${colors.map((color) => (color === "none" ? "channels without colour" : color)).join(", ")}`;
  throw new TransformError(
    transform,
    `cannot be done to ${describeImage(info)}; it takes ${known} of ${dtypes.join(", ")}`,
  );
}

/** @throws {TransformError} if no memory holds what would come out. */
export function needRoom(transform: string, info: ImageInfo): void {
  if (imageBytes(info) < largestPicture) return;
  throw new TransformError(transform, `what comes out is too large: ${describeImage(info)}`);
}

/** Channels that are not alpha. */
export function colorChannels({ color, channels }: ImageInfo): number {
  return color === "bgra" || color === "rgba" ? 3 : channels;
}

/** Where blue, green and red stand in a pixel; gray stands for all three. */
export function channelOrder({ color }: ImageInfo): readonly [blue: number, green: number, red: number] {
  return color === "gray" ? [0, 0, 0] : color.startsWith("rgb") ? [2, 1, 0] : [0, 1, 2];
}
