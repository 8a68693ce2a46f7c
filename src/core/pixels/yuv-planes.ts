import { type PixelDecoder, pixelDecoder } from "./pixel-decoder.js";

// BT.601, limited range, in 20-bit fixed point as OpenCV rounds it.
const shift = 20;
const half = 1 << (shift - 1);
const lumaGain = 1_220_542;
const uToBlue = 2_116_026;
const uToGreen = -409_993;
const vToGreen = -852_492;
const vToRed = 1_673_527;

/** Two neighbours that share their chroma, from the pixel at `to` on; the array limits what is out of range. */
function writePair(
  y0: number,
  y1: number,
  u: number,
  v: number,
  target: Uint8ClampedArray,
  to: number,
): void {
  const blue = half + uToBlue * (u - 128);
  const green = half + uToGreen * (u - 128) + vToGreen * (v - 128);
  const red = half + vToRed * (v - 128);
  const luma0 = y0 > 16 ? (y0 - 16) * lumaGain : 0;
  const luma1 = y1 > 16 ? (y1 - 16) * lumaGain : 0;
  target[to] = (luma0 + blue) >> shift;
  target[to + 1] = (luma0 + green) >> shift;
  target[to + 2] = (luma0 + red) >> shift;
  target[to + 3] = (luma1 + blue) >> shift;
  target[to + 4] = (luma1 + green) >> shift;
  target[to + 5] = (luma1 + red) >> shift;
}

/** Where the first samples of chroma stand behind the luma, in units of their plane, and how far apart they are. */
interface ChromaLayout {
  /** True: a plane of each. False: one plane of pairs. */
  readonly planar: boolean;
  /** True: U comes first. */
  readonly uFirst: boolean;
}

/** A plane of luma, and chroma of half its size below it: as many rows as half of the picture's in all. */
export function yuv420({ planar, uFirst }: ChromaLayout): PixelDecoder {
  return pixelDecoder({
    takes: ["1 channel of uint8, its width even, its height a multiple of 3"],
    channels: [1],
    dtypes: ["uint8"],
    rows: (width, height) => (width % 2 === 0 && height % 3 === 0 ? (height / 3) * 2 : undefined),
    fill: ({ data, width, height: allRows }, out) => {
      const source = data as Uint8Array;
      const target = new Uint8ClampedArray(out.buffer);
      const height = (allRows / 3) * 2;
      const luma = width * height;
      const step = planar ? 1 : 2;
      const second = planar ? luma / 4 : 1;
      const u = luma + (uFirst ? 0 : second);
      const v = luma + (uFirst ? second : 0);
      for (let row = 0; row < height; row++) {
        let chroma = (row >> 1) * (width >> 1) * step;
        const end = (row + 1) * width;
        for (let at = row * width; at < end; at += 2, chroma += step) {
          writePair(source[at]!, source[at + 1]!, source[u + chroma]!, source[v + chroma]!, target, at * 3);
        }
      }
    },
  });
}

/** Two bytes a pixel; two neighbours share their chroma. The positions are those in the four bytes of such a pair. */
export function yuv422({
  y,
  u,
  v,
}: {
  readonly y: number;
  readonly u: number;
  readonly v: number;
}): PixelDecoder {
  return pixelDecoder({
    takes: ["2 channels of uint8, the width even"],
    channels: [2],
    dtypes: ["uint8"],
    rows: (width, height) => (width % 2 === 0 ? height : undefined),
    fill: ({ data, width, height }, out) => {
      const source = data as Uint8Array;
      const target = new Uint8ClampedArray(out.buffer);
      const end = width * height * 2;
      for (let at = 0, to = 0; at < end; at += 4, to += 6) {
        writePair(source[at + y]!, source[at + y + 2]!, source[at + u]!, source[at + v]!, target, to);
      }
    },
  });
}

/** Three bytes a pixel, each with chroma of its own. The positions are those in the bytes of a pixel. */
export function yuv444({
  y,
  u,
  v,
}: {
  readonly y: number;
  readonly u: number;
  readonly v: number;
}): PixelDecoder {
  return pixelDecoder({
    takes: ["3 channels of uint8"],
    channels: [3],
    dtypes: ["uint8"],
    fill: ({ data }, out) => {
      const source = data as Uint8Array;
      const target = new Uint8ClampedArray(out.buffer);
      for (let at = 0; at < source.length; at += 3) {
        writePixel(source[at + y]!, source[at + u]!, source[at + v]!, target, at);
      }
    },
  });
}

/** Six bytes for four neighbours that share their chroma: U Y Y V Y Y (IIDC's 4:1:1). */
export const uyyvyy = pixelDecoder({
  takes: ["1 channel of uint8, its width 1.5 times that of the picture, a multiple of 6"],
  channels: [1],
  dtypes: ["uint8"],
  columns: (width) => (width % 6 === 0 ? (width / 6) * 4 : undefined),
  fill: ({ data }, out) => {
    const source = data as Uint8Array;
    const target = new Uint8ClampedArray(out.buffer);
    for (let at = 0, to = 0; at + 5 < source.length; at += 6, to += 12) {
      const [u, v] = [source[at]!, source[at + 3]!];
      writePair(source[at + 1]!, source[at + 2]!, u, v, target, to);
      writePair(source[at + 4]!, source[at + 5]!, u, v, target, to + 6);
    }
  },
});

function writePixel(y: number, u: number, v: number, target: Uint8ClampedArray, to: number): void {
  const luma = half + (y > 16 ? (y - 16) * lumaGain : 0);
  target[to] = (luma + uToBlue * (u - 128)) >> shift;
  target[to + 1] = (luma + uToGreen * (u - 128) + vToGreen * (v - 128)) >> shift;
  target[to + 2] = (luma + vToRed * (v - 128)) >> shift;
}
