import { erf } from "./kernels/erf.js";
import { sampleMapper } from "./kernels/map-samples.js";
import { needPicture } from "./need-picture.js";
import { real } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { sampleRange } from "./sample-range.js";

export interface CurveOptions {
  /** How steep, from 1 (nearly straight) on; 4 is a strong contrast. @default 4 */
  readonly slope?: number;
  /** Where it is steepest, as a share of the range: 0 black, 1 white. @default 0.5 */
  readonly inflexion?: number;
}

/**
 * An S-curve: `white * (erf(slope * (sample / white - inflexion)) + 1) / 2`, the curve of pImage. Integers are rounded,
 * halves up; floats have their white at 1.
 */
export const curve = pictureTransform<CurveOptions>(
  {
    name: "curve",
    summary: "an S-curve: more contrast in the middle tones, less in dark and bright ones",
    options: {
      slope: real("how steep, from 1 (nearly straight) on", { least: 1, usual: "4" }),
      inflexion: real("where it is steepest: 0 black, 1 white", { least: 0, most: 1, usual: "0.5" }),
    },
    main: "slope",
  },
  ({ slope = 4, inflexion = 0.5 }, info) => {
    needPicture("curve", info);
    const { white } = sampleRange(info);
    return {
      info,
      apply: sampleMapper(info, (sample) => (white * (erf(slope * (sample / white - inflexion)) + 1)) / 2),
    };
  },
);
