import { sampleMapper } from "./kernels/map-samples.js";
import { needPicture } from "./need-picture.js";
import { choice, real } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { sampleRange } from "./sample-range.js";

export interface BrightnessContrastOptions {
  /** Added to every sample, in the picture's own scale: 20 of 255 at 8 bits, 20 of 4095 at 12, 0.1 of floats. @default 0 */
  readonly brightness?: number;
  /** Every sample is multiplied with it. @default 1 */
  readonly contrast?: number;
  /** What the contrast leaves as it is: black, or the middle gray of the range (127.5 at 8 bits). @default "black" */
  readonly about?: "black" | "middle";
}

/**
 * `contrast * sample + brightness`, as OpenCV's `convertTo` with alpha and beta; about the middle gray
 * `contrast * (sample - middle) + middle + brightness`. Integers are rounded, halves up, and limited to their range.
 */
export const brightnessContrast = pictureTransform<BrightnessContrastOptions>(
  {
    name: "brightness-contrast",
    summary: "multiplies the samples with a contrast and adds a brightness",
    options: {
      brightness: real("added to every sample, in the picture's own scale", { usual: "0" }),
      contrast: real("what every sample is multiplied with", { usual: "1" }),
      about: choice("what the contrast leaves as it is", ["black", "middle"], { usual: "black" }),
    },
    main: "brightness",
  },
  ({ brightness = 0, contrast = 1, about = "black" }, info) => {
    needPicture("brightness-contrast", info);
    const { white } = sampleRange(info);
    const offset = brightness + (about === "middle" ? ((1 - contrast) * white) / 2 : 0);
    const line = { slope: contrast, offset };
    return { info, apply: sampleMapper(info, (sample) => contrast * sample + offset, line) };
  },
);
