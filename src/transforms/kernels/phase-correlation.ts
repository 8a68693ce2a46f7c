import { FourierTransform } from "./fft.js";

/** How far a picture has moved against another. */
export interface Shift {
  /** Pixels to the right. */
  readonly dx: number;
  /** Pixels down. */
  readonly dy: number;
  /** 0 – 1: how much of the correlation lies around its peak. Near 0 the pictures have nothing in common. */
  readonly response: number;
}

/** What is kept of a picture that others are compared with: its spectrum. */
export interface Spectrum {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

/** Pixels around the peak that tell whether it is one, to each side. */
const peakReach = 2;

/** Steps of a pixel in which the correlation is looked at around its peak, and how far to each side. */
const fine = { step: 0.1, reach: 10 };

/**
 * Finds how far pictures of one size have moved: the peak of their phase correlation (Kuglin and Hines 1975) under a Hann
 * window tells it to a pixel; around it, the cross-correlation is computed in steps of a tenth of a pixel by a matrix
 * Fourier transform (Guizar-Sicairos, Thurman and Fienup 2008), and a parabola through its peak gives the rest.
 */
export class PhaseCorrelation {
  readonly #width: number;
  readonly #height: number;
  readonly #across: FourierTransform;
  readonly #down: FourierTransform;
  readonly #windowX: Float64Array;
  readonly #windowY: Float64Array;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#across = new FourierTransform(powerOfTwo(width));
    this.#down = new FourierTransform(powerOfTwo(height));
    this.#windowX = hann(width);
    this.#windowY = hann(height);
  }

  /** @param gray one sample a pixel. */
  spectrum(gray: Float64Array): Spectrum {
    const [across, down] = [this.#across.length, this.#down.length];
    const real = new Float64Array(across * down);
    const imaginary = new Float64Array(across * down);
    const mean = gray.reduce((sum, sample) => sum + sample, 0) / gray.length;
    for (let y = 0; y < this.#height; y++) {
      for (let x = 0; x < this.#width; x++) {
        const weight = this.#windowX[x]! * this.#windowY[y]!;
        real[y * across + x] = (gray[y * this.#width + x]! - mean) * weight;
      }
    }
    this.#transform(real, imaginary, false);
    return { real, imaginary };
  }

  /** How far `moved` has moved against `reference`. */
  shift(reference: Spectrum, moved: Spectrum): Shift {
    const size = reference.real.length;
    const real = new Float64Array(size);
    const imaginary = new Float64Array(size);
    const cross = { real: new Float64Array(size), imaginary: new Float64Array(size) };
    for (let i = 0; i < size; i++) {
      const [a, b] = [reference.real[i]!, reference.imaginary[i]!];
      const [c, d] = [moved.real[i]!, moved.imaginary[i]!];
      const [re, im] = [c * a + d * b, d * a - c * b];
      cross.real[i] = re;
      cross.imaginary[i] = im;
      const length = Math.hypot(re, im);
      if (length < 1e-9) continue;
      real[i] = re / length;
      imaginary[i] = im / length;
    }
    this.#transform(real, imaginary, true);
    const { dx, dy, response } = this.#peak(real);
    return { ...this.#refined(cross, dx, dy), response };
  }

  #transform(real: Float64Array, imaginary: Float64Array, inverse: boolean): void {
    const [across, down] = [this.#across.length, this.#down.length];
    for (let y = 0; y < down; y++) this.#across.run(real, imaginary, y * across, 1, inverse);
    for (let x = 0; x < across; x++) this.#down.run(real, imaginary, x, across, inverse);
  }

  #peak(correlation: Float64Array): Shift {
    const [across, down] = [this.#across.length, this.#down.length];
    let best = 0;
    for (let i = 1; i < correlation.length; i++) if (correlation[i]! > correlation[best]!) best = i;
    const [peakX, peakY] = [best % across, Math.floor(best / across)];
    let sum = 0;
    for (let y = -peakReach; y <= peakReach; y++) {
      for (let x = -peakReach; x <= peakReach; x++) {
        const at = ((peakY + y + down) % down) * across + ((peakX + x + across) % across);
        sum += Math.max(0, correlation[at]!);
      }
    }
    // What has moved far to one side seems to have come in at the other.
    const signed = (at: number, length: number): number => (at > length / 2 ? at - length : at);
    return { dx: signed(peakX, across), dy: signed(peakY, down), response: sum / correlation.length };
  }

  /** The peak of the cross-correlation near a place. */
  #refined({ real, imaginary }: Spectrum, dx: number, dy: number): { dx: number; dy: number } {
    const [across, down] = [this.#across.length, this.#down.length];
    const count = 2 * fine.reach + 1;
    const placeOf = (at: number, center: number): number => center + (at - fine.reach) * fine.step;
    // Along the rows first: one column of sums for each place.
    const sums = { real: new Float64Array(count * down), imaginary: new Float64Array(count * down) };
    for (let at = 0; at < count; at++) {
      const { cosines, sines } = waves(across, placeOf(at, dx));
      for (let y = 0; y < down; y++) {
        let [re, im] = [0, 0];
        for (let x = 0, i = y * across; x < across; x++, i++) {
          re += real[i]! * cosines[x]! - imaginary[i]! * sines[x]!;
          im += real[i]! * sines[x]! + imaginary[i]! * cosines[x]!;
        }
        sums.real[at * down + y] = re;
        sums.imaginary[at * down + y] = im;
      }
    }
    const values = new Float64Array(count * count);
    let best = 0;
    for (let row = 0; row < count; row++) {
      const { cosines, sines } = waves(down, placeOf(row, dy));
      for (let at = 0; at < count; at++) {
        let re = 0;
        for (let y = 0, i = at * down; y < down; y++, i++) {
          re += sums.real[i]! * cosines[y]! - sums.imaginary[i]! * sines[y]!;
        }
        values[row * count + at] = re;
        if (re > values[best]!) best = row * count + at;
      }
    }
    const [x, y] = [best % count, Math.floor(best / count)];
    const vertex = (before: number | undefined, now: number, after: number | undefined): number => {
      if (before === undefined || after === undefined) return 0;
      const bend = before - 2 * now + after;
      return bend < 0 ? (before - after) / (2 * bend) : 0;
    };
    const left = x > 0 && x < count - 1 ? vertex(values[best - 1], values[best]!, values[best + 1]) : 0;
    const up = y > 0 && y < count - 1 ? vertex(values[best - count], values[best]!, values[best + count]) : 0;
    return { dx: placeOf(x + left, dx), dy: placeOf(y + up, dy) };
  }
}

/** Of each frequency, the wave of the inverse transform at that place. */
function waves(length: number, place: number): { cosines: Float64Array; sines: Float64Array } {
  const angle = (k: number): number => (2 * Math.PI * (k > length / 2 ? k - length : k) * place) / length;
  return {
    cosines: Float64Array.from({ length }, (_, k) => Math.cos(angle(k))),
    sines: Float64Array.from({ length }, (_, k) => Math.sin(angle(k))),
  };
}

function powerOfTwo(length: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, length)));
}

function hann(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) =>
    length === 1 ? 1 : 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (length - 1)),
  );
}
