import type { Image } from "../../core/image.js";

/** Makes all pixels of a new picture the same. @param samples one a channel. */
export function fillPicture({ data, channels }: Image, samples: readonly number[]): void {
  const to = data as Uint8Array;
  if (samples.every((sample) => sample === samples[0])) {
    to.fill(samples[0]!);
    return;
  }
  for (let i = 0; i < to.length; i++) to[i] = samples[i % channels]!;
}
