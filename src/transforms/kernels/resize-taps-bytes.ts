import type { Image, ImageInfo } from "../../core/image.js";
import { interpolationWeights, tapsOf } from "./interpolation.js";
import { layOut, workbench } from "./wasm.js";

/** For each place along one side: the first pixel that counts (it may lie outside), and the weights from there on. */
interface BytesTaps {
  readonly first: Int32Array;
  /** In 2048ths; their sum is 2048. */
  readonly weights: Int16Array;
}

/**
 * Resizes bytes with four or eight weighted pixels per side in the fixed point that OpenCV's `INTER_CUBIC` and
 * `INTER_LANCZOS4` have: weights of 2048. Between the sides 7 bits of a fraction are kept. Pixels beyond the edge are those at
 * the edge.
 */
export function tapsBytesResizer(
  info: ImageInfo,
  out: ImageInfo,
  kind: "cubic" | "lanczos",
): (image: Image) => Image {
  return withVectors(info, out, kind) ?? tapsBytesResizerPlain(info, out, kind);
}

function withVectors(
  info: ImageInfo,
  out: ImageInfo,
  kind: "cubic" | "lanczos",
): ((image: Image) => Image) | undefined {
  const { channels } = info;
  if (![1, 3, 4].includes(channels)) return undefined;
  const taps = tapsOf[kind];
  const across = bytesTaps(kind, info.width, out.width);
  const down = bytesTaps(kind, info.height, out.height);
  const count = out.width * channels;
  const [from, to] = [info.width * info.height * channels, count * out.height];
  const layout = layOut({
    ...{ src: from, dst: to, first: 4 * out.width, weights: 2 * taps * out.width },
    ...{ top: 4 * out.height, shares: 2 * taps * out.height },
    ...{ padded: (info.width + 2 * taps) * channels, ring: taps * (2 * count + 64), kept: 8 * taps },
  });
  if (!workbench(layout)) return undefined;
  // In a row with `taps` pixels more on either side, of which it needs no more.
  const first = across.first.map((pixel) => (pixel + taps) * channels);
  return (image) => {
    const { kernels, put, take } = workbench(layout)!;
    put(layout.src, image.data as Uint8Array);
    // Whole vectors of places are read: those behind the last are the first pixel.
    put(layout.first, new Int32Array(out.width + 4));
    put(layout.first, first);
    put(layout.weights, across.weights);
    put(layout.top, down.first);
    put(layout.shares, down.weights);
    const { src, dst, weights, top, shares, padded, ring, kept } = layout;
    kernels.resizeTaps(
      ...[src, dst, info.width, info.height, out.width, out.height, channels, taps],
      ...[layout.first, weights, top, shares, padded, ring, kept],
    );
    return { ...out, data: take(dst, to) };
  };
}

function bytesTaps(kind: "cubic" | "lanczos", from: number, to: number): BytesTaps {
  const taps = tapsOf[kind];
  const first = new Int32Array(to);
  const weights = new Int16Array(to * taps);
  const scale = from / to;
  for (let place = 0; place < to; place++) {
    // In single precision, as OpenCV finds its places.
    const center = Math.fround((place + 0.5) * scale - 0.5);
    const left = Math.floor(center);
    first[place] = left + 1 - taps / 2;
    const exact = interpolationWeights(kind, Math.fround(center - left));
    const whole = exact.map((weight) => Math.round(weight * 2048));
    // What rounding has lost goes to the largest, so that even gray stays what it is.
    const largest = whole.indexOf(Math.max(...whole));
    whole[largest]! += 2048 - whole.reduce((sum, weight) => sum + weight, 0);
    weights.set(whole, place * taps);
  }
  return { first, weights };
}

/** The same without vectors: what the kernel must give. */
export function tapsBytesResizerPlain(
  info: ImageInfo,
  out: ImageInfo,
  kind: "cubic" | "lanczos",
): (image: Image) => Image {
  const { channels } = info;
  const taps = tapsOf[kind];
  const across = bytesTaps(kind, info.width, out.width);
  const down = bytesTaps(kind, info.height, out.height);
  const count = out.width * channels;
  const within = (pixel: number, length: number): number => Math.min(length - 1, Math.max(0, pixel));
  return (image) => {
    const from = image.data as Uint8Array;
    const rows = Array.from({ length: info.height }, (_, y) => {
      const row = new Int16Array(count);
      for (let x = 0, at = 0; x < out.width; x++) {
        for (let c = 0; c < channels; c++, at++) {
          let sum = 8;
          for (let tap = 0; tap < taps; tap++) {
            const pixel = y * info.width + within(across.first[x]! + tap, info.width);
            sum += (from[pixel * channels + c]! - 128) * across.weights[x * taps + tap]!;
          }
          row[at] = sum >> 4;
        }
      }
      return row;
    });
    const to = new Uint8ClampedArray(count * out.height);
    for (let y = 0, at = 0; y < out.height; y++) {
      for (let i = 0; i < count; i++, at++) {
        let sum = (128 << 18) + (1 << 17);
        for (let tap = 0; tap < taps; tap++) {
          sum += rows[within(down.first[y]! + tap, info.height)]![i]! * down.weights[y * taps + tap]!;
        }
        to[at] = sum >> 18;
      }
    }
    return { ...out, data: new Uint8Array(to.buffer) };
  };
}
