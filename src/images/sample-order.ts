import type { AnyTypedArray, Image, ImageInfo } from "../core/image.js";

export type Words = Uint8Array | Uint16Array | Uint32Array;

export const hostIsLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** True if picture files can say what the image means: one channel, or colour with or without alpha. */
export function isPicture({ channels, color }: ImageInfo): boolean {
  if (color === "native") return false;
  return channels === 1 || ["bgr", "rgb", "bgra", "rgba"].includes(color);
}

/** Exchanges the first and third of `channels` (3 or 4) interleaved samples, in place: BGR <-> RGB. */
export function swapRedBlue(samples: Words, channels: number): void {
  for (let i = 0; i + 2 < samples.length; i += channels) {
    const first = samples[i]!;
    samples[i] = samples[i + 2]!;
    samples[i + 2] = first;
  }
}

/** Reverses the bytes of each sample, in place. */
export function swapBytes(bytes: Uint8Array, sampleBytes: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (sampleBytes === 2) buffer.swap16();
  else if (sampleBytes === 4) buffer.swap32();
  else if (sampleBytes === 8) buffer.swap64();
}

/**
 * The bytes of an image in the order in which a file wants them. Shares memory with the image where it has that
 * order already.
 */
export function bytesInOrder(
  image: Image,
  want: { readonly color: "rgb" | "bgr"; readonly littleEndian: boolean },
): Uint8Array {
  const { data, channels, color } = image;
  const swapColor = channels >= 3 && !color.startsWith(want.color);
  const swapEndian = data.BYTES_PER_ELEMENT > 1 && want.littleEndian !== hostIsLittle;
  const own = swapColor || swapEndian ? data.slice() : data;
  if (swapColor) swapRedBlue(wordsOver(own), channels);
  const bytes = new Uint8Array(own.buffer, own.byteOffset, own.byteLength);
  if (swapEndian) swapBytes(bytes, data.BYTES_PER_ELEMENT);
  return bytes;
}

/**
 * The array as unsigned words of `sampleBytes` each: for moving bits, whatever they mean. (Words of 8 bytes are
 * bigints, which can be moved all the same, but not added to.)
 */
export function wordsOver(array: AnyTypedArray, sampleBytes = array.BYTES_PER_ELEMENT): Words {
  const { buffer, byteOffset, byteLength } = array;
  if (sampleBytes === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (sampleBytes === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  if (sampleBytes === 4) return new Uint32Array(buffer, byteOffset, byteLength / 4);
  return new BigUint64Array(buffer, byteOffset, byteLength / 8) as unknown as Uint32Array;
}
