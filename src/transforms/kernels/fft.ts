/**
 * The discrete Fourier transform of numbers whose count is a power of two, in place: radix 2, decimation in time (Cooley and
 * Tukey 1965). The inverse is not divided by the count.
 */
export class FourierTransform {
  readonly length: number;
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;
  readonly #swapped: Uint32Array;

  /** @param length a power of two. */
  constructor(length: number) {
    this.length = length;
    const half = length / 2;
    this.#cosines = Float64Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / length));
    this.#sines = Float64Array.from({ length: half }, (_, k) => Math.sin((2 * Math.PI * k) / length));
    const bits = Math.log2(length);
    this.#swapped = Uint32Array.from({ length }, (_, value) => {
      let turned = 0;
      for (let bit = 0; bit < bits; bit++) turned |= ((value >> bit) & 1) << (bits - 1 - bit);
      return turned;
    });
  }

  /** Transforms `length` numbers from `start` on, every `stride`. */
  run(real: Float64Array, imaginary: Float64Array, start: number, stride: number, inverse: boolean): void {
    const { length } = this;
    for (let i = 0; i < length; i++) {
      const other = this.#swapped[i]!;
      if (other <= i) continue;
      const [a, b] = [start + i * stride, start + other * stride];
      const [re, im] = [real[a]!, imaginary[a]!];
      real[a] = real[b]!;
      imaginary[a] = imaginary[b]!;
      real[b] = re;
      imaginary[b] = im;
    }
    const sign = inverse ? 1 : -1;
    for (let size = 2; size <= length; size *= 2) {
      const [half, step] = [size / 2, length / size];
      for (let block = 0; block < length; block += size) {
        for (let k = 0; k < half; k++) {
          const cosine = this.#cosines[k * step]!;
          const sine = sign * this.#sines[k * step]!;
          const a = start + (block + k) * stride;
          const b = a + half * stride;
          const re = real[b]! * cosine - imaginary[b]! * sine;
          const im = real[b]! * sine + imaginary[b]! * cosine;
          real[b] = real[a]! - re;
          imaginary[b] = imaginary[a]! - im;
          real[a]! += re;
          imaginary[a]! += im;
        }
      }
    }
  }
}
