import { sampleMapper } from "./kernels/map-samples.js";
import { needPicture } from "./need-picture.js";
import { real } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { sampleRange } from "./sample-range.js";

export interface GammaOptions {
  /** Above 1 brightens, below 1 darkens; black and white stay. */
  readonly gamma: number;
}

/**
 * `white * (sample / white) ** (1 / gamma)`, as GIMP's and FFmpeg's (`eq`) gamma. Integers are rounded, halves up. Floats have
 * their white at 1; below 0 they become 0, above 1 they go on along the curve.
 */
export const gamma = pictureTransform<GammaOptions>(
  {
    name: "gamma",
    summary: "brightens or darkens the middle tones; black and white stay",
    options: { gamma: real("above 1 brightens, below 1 darkens", { above: 0 }) },
    required: ["gamma"],
    main: "gamma",
  },
  ({ gamma }, info) => {
    needPicture("gamma", info);
    const { white } = sampleRange(info);
    const exponent = 1 / gamma;
    return {
      info,
      apply: sampleMapper(info, (sample) => white * (sample > 0 ? sample / white : sample * 0) ** exponent),
    };
  },
);
