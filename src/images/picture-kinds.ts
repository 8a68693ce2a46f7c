import { UnsupportedError } from "../core/errors.js";
import { describeImage, type ImageInfo } from "../core/image.js";

/** @throws {UnsupportedError} unless they fit: what could be held, and which transform makes others fit. */
export function expectPictures(what: string, info: ImageInfo, fits: boolean, known: string): void {
  if (!fits)
    throw new UnsupportedError(what, describeImage(info), [
      `${known}; the transform rescale makes others fit`,
    ]);
}
