import { stat } from "node:fs/promises";
import { FileFormatError, UnsupportedError } from "../core/errors.js";

/**
 * Pixels of the largest picture that is read: 2^28 (16,384 x 16,384), as many as fit the address space of common
 * tools with four channels of 16 bits.
 */
export const maxPixels = 2 ** 28;

/**
 * Checks what a header claims before anything of that size is allocated.
 * @param claim bytes of pixels (as coded in the file, unpacked) that the header promises.
 * @param most bytes of pixels that the rest of the file can hold at the very best, given its length.
 * @throws {FileFormatError} if the picture has no pixels, or the file is too short for it.
 * @throws {UnsupportedError} if it has more than `maxPixels`.
 */
export function checkPictureSize(
  path: string,
  { width, height }: { readonly width: number; readonly height: number },
  claim: number,
  most: number,
): void {
  if (!(width > 0 && height > 0)) throw new FileFormatError(path, `a picture of ${width}x${height} pixels`);
  if (width * height > maxPixels) {
    throw new UnsupportedError("picture size", `${width}x${height} in ${path}`, [
      `up to ${maxPixels} pixels`,
    ]);
  }
  if (claim > most) {
    throw new FileFormatError(
      path,
      `cut short: ${width}x${height} pixels unpack to ${claim} bytes, but the file holds ${most} at most`,
    );
  }
}

/**
 * Checks what a packed file claims to hold. However well it is packed, a picture takes a byte; the index of a small file is
 * never a large one.
 * @throws {FileFormatError} if there are more pictures than bytes, or they have more than `maxPixels`.
 */
export async function checkStackSize(
  path: string,
  { frames, width, height }: { readonly frames: number; readonly width: number; readonly height: number },
): Promise<void> {
  const { size } = await stat(path);
  if (width * height <= maxPixels && frames <= Math.max(size, 2 ** 20)) return;
  throw new FileFormatError(
    path,
    `${frames} pictures of ${width}x${height} pixels in a file of ${size} bytes`,
  );
}

/** Deflate packs at most 258 bytes into 2 bits: never more than 1,032 to 1. */
export const deflateRatio = 1032;
