import { sampleMapper } from "./kernels/map-samples.js";
import { needPicture } from "./need-picture.js";
import { pictureTransform } from "./picture-transform.js";
import { sampleRange } from "./sample-range.js";

/** Makes a negative: `white - sample`, with 1 as the white of floats. Alpha is kept. */
export const invert = pictureTransform<Record<never, never>>(
  { name: "invert", summary: "makes a negative", options: {} },
  (_, info) => {
    needPicture("invert", info);
    const { white } = sampleRange(info);
    return { info, apply: sampleMapper(info, (sample) => white - sample) };
  },
);
