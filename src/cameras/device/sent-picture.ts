import { toColor } from "../../core/color.js";
import { describeMismatch, type Image, type ImageInfo } from "../../core/image.js";
import { jpeg } from "../../images/jpeg.js";
import type { SentFrame } from "./device-talk.js";

/**
 * The picture of a frame; a JPEG is decoded, on another thread.
 * @param info what all pictures are.
 * @returns undefined if it is damaged, or of another size: no half picture is a frame.
 */
export async function pictureOf(
  { image, coded }: Pick<SentFrame, "image" | "coded">,
  info: ImageInfo,
): Promise<Image | undefined> {
  if (image) return image;
  const decoded = await jpeg.decode(coded!, "frame").catch(() => undefined);
  if (!decoded) return undefined;
  const shown = toColor(decoded, info.color as "gray" | "bgr");
  return describeMismatch(info, shown) === undefined ? shown : undefined;
}
