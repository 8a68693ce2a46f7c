import type { ImageInfo } from "../core/image.js";
import { turned } from "./kernels/turn.js";
import { needPicture } from "./need-picture.js";
import { pictureTransform } from "./picture-transform.js";
import { numberDTypes } from "./value-limits.js";

/** Rows become columns: NumPy's `image.transpose(1, 0, 2)`, OpenCV's `transpose`. Any dtype. */
export const transpose = pictureTransform<Record<never, never>>(
  { name: "transpose", summary: "rows become columns", options: {} },
  (_, info) => {
    needPicture("transpose", info, undefined, numberDTypes);
    const out: ImageInfo = { ...info, width: info.height, height: info.width };
    return { info: out, apply: (image) => turned(image, "transpose") };
  },
);
