import type { Image, ImageInfo } from "../core/image.js";

/**
 * The shape of the first of `count` pictures that can be read.
 * @throws what was wrong with the first, if none can be read.
 */
export async function firstInfo(count: number, read: (rank: number) => Promise<Image>): Promise<ImageInfo> {
  let failure: unknown;
  for (let rank = 0; rank < count; rank++) {
    try {
      const { data: _, ...info } = await read(rank);
      return info;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}
