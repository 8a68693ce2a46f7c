import { type AnyTypedArray, arrayOver, blankImage, type Image, type ImageInfo } from "../../core/image.js";
import { inStrips } from "./in-strips.js";

/** Bytes of a vector. */
const vector = 16;

/**
 * Puts the channels of every pixel anew.
 * @param out of the same dtype as the pictures, with as many channels as there are places.
 * @param places for each channel that comes out its place in the pixel; -1 for none.
 * @param fill the sample where there is none.
 */
export function channelMover(
  info: ImageInfo,
  out: ImageInfo,
  places: readonly number[],
  fill: number,
): (image: Image) => Image {
  return withVectors(info, out, places, fill) ?? ((image) => moveChannelsPlain(image, out, places, fill));
}

function withVectors(
  info: ImageInfo,
  out: ImageInfo,
  places: readonly number[],
  fill: number,
): ((image: Image) => Image) | undefined {
  const one = blankImage({ ...out, width: 1, height: 1 });
  for (const [channel, place] of places.entries()) if (place < 0) put(one.data, channel, fill);
  const bytesOut = one.data.byteLength;
  const bytes = bytesOut / places.length;
  const bytesIn = info.channels * bytes;
  const perStep = Math.floor(vector / Math.max(bytesIn, bytesOut));
  if (perStep < 1) return undefined;
  const table = new Uint8Array(2 * vector).fill(255, 0, vector);
  const filled = new Uint8Array(one.data.buffer);
  for (let pixel = 0; pixel < perStep; pixel++) {
    table.set(filled, vector + pixel * bytesOut);
    for (const [channel, place] of places.entries()) {
      for (let byte = 0; byte < bytes && place >= 0; byte++) {
        table[pixel * bytesOut + channel * bytes + byte] = pixel * bytesIn + place * bytes + byte;
      }
    }
  }
  const move = inStrips({
    ...{ bytesIn, bytesOut, table },
    run: ({ moveChannels }, { src, dst, table }, count) =>
      moveChannels(src, dst, count, bytesIn, bytesOut, perStep, table, 0),
  });
  if (!move) return undefined;
  return ({ data }) => {
    const moved = move(data);
    return { ...out, data: arrayOver(out.dtype, moved.buffer, 0, moved.length) };
  };
}

/** The same without vectors: what the kernel must give. */
export function moveChannelsPlain(
  image: Image,
  info: ImageInfo,
  places: readonly number[],
  fill: number,
): Image {
  const out = blankImage(info);
  const from = image.data as Uint8Array;
  const to = out.data as Uint8Array;
  for (const [channel, place] of places.entries()) {
    if (place < 0) for (let k = channel; k < to.length; k += info.channels) put(to, k, fill);
    else {
      for (let i = place, k = channel; k < to.length; i += image.channels, k += info.channels)
        to[k] = from[i]!;
    }
  }
  return out;
}

function put(data: AnyTypedArray, at: number, sample: number): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[at] = BigInt(sample);
  else data[at] = sample;
}

/** All pixels the other way round, with vectors; undefined where there are none, or pixels are larger than they. */
export function reverseWithVectors(bytes: number): ((data: AnyTypedArray) => Uint8Array) | undefined {
  const perStep = Math.floor(vector / bytes);
  if (perStep < 1) return undefined;
  const table = new Uint8Array(2 * vector).fill(255, 0, vector);
  for (let pixel = 0; pixel < perStep; pixel++) {
    for (let byte = 0; byte < bytes; byte++) {
      table[pixel * bytes + byte] = (perStep - 1 - pixel) * bytes + byte;
    }
  }
  return inStrips({
    ...{ bytesIn: bytes, bytesOut: bytes, table, isBackwards: true },
    run: ({ moveChannels }, { src, dst, table }, count) =>
      moveChannels(src, dst, count, bytes, bytes, perStep, table, 1),
  });
}
