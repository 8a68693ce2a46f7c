import { type PixelDecoder, pixelDecoder } from "./pixel-decoder.js";
import { roundHalfEven } from "./rounding.js";

// Hue is an angle: the circle has six sectors, and in each of them one of blue, green and red is the largest, one the
// smallest, and one lies between. All arithmetic is that of single precision, in OpenCV's order of operations; where
// it multiplies and adds in one step, one `fround` does so here, for a product of singles is exact in a double.
//
// OpenCV converts as many pixels of a row as fill its vector registers in one way, and those that are left over in
// another, which rounds differently. So does this, for registers of eight singles.
const single = Math.fround;
const lanes = 8;
/** Pixels of 8 bits that are converted at once. */
const byteBlock = 4 * lanes;

/** One pixel, hue in sectors; writes blue, green and red to `bgr`. */
type Pixel = (sectors: number, a: number, b: number, bgr: Float32Array) => void;

interface HueDecoding {
  /** As in the full registers, and as in the rest of a row. */
  readonly block: Pixel;
  readonly rest: Pixel;
  /** Full registers cut 8-bit samples, where the rest of a row rounds them. */
  readonly blockCuts: boolean;
}

/** @param turn the hue of a full circle in 8 bits; of floats it is 360. */
function hueDecoder({ block, rest, blockCuts }: HueDecoding, turn: number): PixelDecoder {
  return pixelDecoder({
    takes: ["3 channels of uint8 or float32"],
    channels: [3],
    dtypes: ["uint8", "float32"],
    fill: ({ data, dtype, width, height }, out) => {
      const isByte = dtype === "uint8";
      const sectorsOf = single(6 / single(isByte ? turn : 360));
      const scale = isByte ? single(1 / 255) : 1;
      const source = data as Float32Array;
      const target = out as Float32Array;
      const bgr = new Float32Array(3);
      const inBlocks = width - (width % (isByte && blockCuts ? byteBlock : lanes));
      for (let row = 0, i = 0; row < height; row++) {
        for (let column = 0; column < width; column++, i += 3) {
          const isBlock = column < inBlocks;
          const sectors = single(source[i]! * sectorsOf);
          const a = single(source[i + 1]! * scale);
          const b = single(source[i + 2]! * scale);
          (isBlock ? block : rest)(sectors, a, b, bgr);
          for (let channel = 0; channel < 3; channel++) {
            const value = bgr[channel]!;
            if (!isByte) target[i + channel] = value;
            else target[i + channel] = toByte(single(value * 255), blockCuts && isBlock);
          }
        }
      }
    },
  });
}

function toByte(value: number, cut: boolean): number {
  const whole = cut ? Math.trunc(value) : roundHalfEven(value);
  return whole < 0 ? 0 : whole > 255 ? 255 : whole;
}

/** Blue, green and red in each sector, of: the largest, the smallest, the one that falls, the one that rises. */
const sectorOrder = Uint8Array.from([1, 3, 0, 1, 0, 2, 3, 0, 1, 0, 2, 1, 0, 1, 3, 2, 1, 0]);

function writeSector(
  sector: number,
  largest: number,
  smallest: number,
  falling: number,
  rising: number,
  bgr: Float32Array,
): void {
  for (let channel = 0; channel < 3; channel++) {
    const which = sectorOrder[sector * 3 + channel]!;
    bgr[channel] = which === 0 ? largest : which === 1 ? smallest : which === 2 ? falling : rising;
  }
}

/** The sector that a hue lies in, for hues within some turns of the first circle. */
function wrapped(whole: number): number {
  const sector = whole - Math.trunc(single(whole * single(1 / 6))) * 6;
  return sector < 0 ? 0 : sector > 5 ? 5 : sector;
}

const hsvPixels: HueDecoding = {
  blockCuts: true,
  block(sectors, saturation, value, bgr) {
    const whole = Math.trunc(sectors);
    const part = single(sectors - whole);
    const smallest = single(value * single(1 - saturation));
    const falling = single(value * single(1 - saturation * part));
    const rising = single(value * single(1 - saturation * single(1 - part)));
    writeSector(wrapped(whole), value, smallest, falling, rising, bgr);
  },
  rest(sectors, saturation, value, bgr) {
    if (saturation === 0) {
      bgr.fill(value);
      return;
    }
    const within = sectors % 6;
    const turn = within < 0 ? single(within + 6) : within;
    const sector = turn >= 6 ? 0 : Math.floor(turn);
    const part = turn >= 6 ? 0 : single(turn - sector);
    const smallest = single(value * single(1 - saturation));
    const falling = single(value * single(1 - saturation * part));
    const rising = single(value * single(1 - single(saturation * single(1 - part))));
    writeSector(sector, value, smallest, falling, rising, bgr);
  },
};

const hlsPixels: HueDecoding = {
  blockCuts: false,
  block(sectors, lightness, saturation, bgr) {
    const whole = Math.trunc(sectors);
    const part = single(sectors - whole);
    const turns = Math.trunc(single(sectors * single(1 / 6)));
    const product = single(lightness * saturation);
    const reach = lightness <= 0.5 ? product : single(saturation - product);
    const largest = single(lightness + reach);
    const smallest = single(lightness - reach);
    const twice = single(part + part);
    const falling = single(largest - reach * twice);
    const rising = single(smallest + reach * twice);
    const sector = whole - turns * 6;
    writeSector(sector < 0 ? 0 : sector > 5 ? 5 : sector, largest, smallest, falling, rising, bgr);
  },
  rest(sectors, lightness, saturation, bgr) {
    if (saturation === 0) {
      bgr.fill(lightness);
      return;
    }
    const largest =
      lightness <= 0.5
        ? single(lightness * single(1 + saturation))
        : single(single(lightness + saturation) - lightness * saturation);
    const smallest = single(lightness * 2 - largest);
    const within = sectors % 6;
    const turn = within < 0 ? single(within + 6) : within;
    const sector = turn >= 6 ? 0 : Math.floor(turn);
    const part = single(turn - sector);
    const span = single(largest - smallest);
    const falling = single(smallest + span * single(1 - part));
    const rising = single(smallest + span * part);
    writeSector(sector, largest, smallest, falling, rising, bgr);
  },
};

/** Hue 0 to 179 in 8 bits: two degrees a step. */
export const hsv = hueDecoder(hsvPixels, 180);
/** Hue 0 to 254 in 8 bits; 255 is a full circle. */
export const hsvFull = hueDecoder(hsvPixels, 255);
/** Hue 0 to 179 in 8 bits, then lightness and saturation. */
export const hls = hueDecoder(hlsPixels, 180);
/** Hue 0 to 254 in 8 bits, then lightness and saturation. */
export const hlsFull = hueDecoder(hlsPixels, 255);
