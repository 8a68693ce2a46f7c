import { blankImage, type Image, type ImageInfo } from "../core/image.js";
import { choice, whole } from "./option-kind.js";
import { limiter, needPlainSamples, type PlainArray } from "./plain-samples.js";
import { isFloat, sampleRange } from "./sample-range.js";
import { windowTransform } from "./window-transform.js";

export interface DifferenceOptions {
  /** How many frames back the other one lies. @default 1 */
  readonly lag?: number;
  /** `absolute`: how much it changed. `signed`: the change, with grey in the middle of the range for none. @default "absolute" */
  readonly mode?: "absolute" | "signed";
}

/**
 * What changed since the frame before: `|now - before|` (OpenCV's `absdiff`), or `middle + (now - before) / 2`, of floats
 * `now - before`. The first frames, which have none before them, show no change.
 */
export const difference = windowTransform<DifferenceOptions>(
  {
    name: "difference",
    summary: "shows what changed since the frame before",
    options: {
      lag: whole("how many frames back the other one lies", { least: 1, most: 1000, usual: "1" }),
      mode: choice("how much it changed, or which way, with grey for no change", ["absolute", "signed"], {
        usual: "absolute",
      }),
    },
    main: "lag",
  },
  ({ lag = 1, mode = "absolute" }) => ({
    before: lag,
    after: 0,
    prepare: (info) => {
      needPlainSamples("difference", info);
      const change = mode === "absolute" ? absolute : signed(info);
      return {
        info,
        apply: (images, at) => change(images[at]!, images[at < lag ? at : at - lag]!, info),
      };
    },
  }),
);

function absolute(now: Image, before: Image, info: ImageInfo): Image {
  const out = blankImage(info);
  const [to, a, b] = [out.data as PlainArray, now.data as PlainArray, before.data as PlainArray];
  const { white: high } = sampleRange(info);
  const most = isFloat(info.dtype) ? Number.POSITIVE_INFINITY : high;
  for (let i = 0; i < to.length; i++) to[i] = Math.min(most, Math.abs(a[i]! - b[i]!));
  return out;
}

function signed(info: ImageInfo): (now: Image, before: Image) => Image {
  const { black: low, white: high } = sampleRange(info);
  const [middle, scale] = isFloat(info.dtype) ? [0, 1] : [Math.ceil((low + high) / 2), 0.5];
  const limit = limiter(info);
  return (now, before) => {
    const out = blankImage(info);
    const [to, a, b] = [out.data as PlainArray, now.data as PlainArray, before.data as PlainArray];
    for (let i = 0; i < to.length; i++) to[i] = limit(middle + (a[i]! - b[i]!) * scale);
    return out;
  };
}
