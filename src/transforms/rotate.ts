import type { ImageInfo } from "../core/image.js";
import { type ColorValue, color, samplesOfColor } from "./color-option.js";
import { type Interpolation, interpolations } from "./kernels/interpolation.js";
import { turned } from "./kernels/turn.js";
import { affineWarper, turnMatrix } from "./kernels/warp-affine.js";
import { needPicture, needRoom } from "./need-picture.js";
import { choice, flag, real } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { numberDTypes } from "./value-limits.js";

export interface RotateOptions {
  /** Degrees, counter-clockwise. */
  readonly angle: number;
  /** The picture becomes as large as it has to be to show all; otherwise it keeps its size. @default true */
  readonly expand?: boolean;
  /** In the corners. @default "black" */
  readonly background?: ColorValue;
  /** For other angles than multiples of 90. @default "linear" */
  readonly interpolation?: Interpolation;
}

/**
 * Turns the picture about its centre, counter-clockwise. Multiples of 90 degrees move pixels and change none, in any dtype:
 * NumPy's `rot90(image, angle / 90)`. Other angles are interpolated as OpenCV's `warpAffine` does; the size is then
 * `width |cos| + height |sin|` by `width |sin| + height |cos|`, rounded.
 */
export const rotate = pictureTransform<RotateOptions>(
  {
    name: "rotate",
    summary: "turns the picture about its centre, counter-clockwise",
    options: {
      angle: real("degrees, counter-clockwise", { looks: "degrees" }),
      expand: flag("become as large as it takes to show all", { usual: "true" }),
      background: color("in the corners", { usual: "black" }),
      interpolation: choice("for other angles than multiples of 90", interpolations, { usual: "linear" }),
    },
    required: ["angle"],
    main: "angle",
  },
  ({ angle, expand = true, background = "black", interpolation = "linear" }, info) => {
    const { width, height } = info;
    const turn = ((angle % 360) + 360) % 360;
    const isExact = turn % 90 === 0 && (expand || turn % 180 === 0 || width === height);
    needPicture("rotate", info, undefined, isExact ? numberDTypes : undefined);
    if (isExact) {
      const isUpright = turn % 180 === 0;
      const out: ImageInfo = isUpright ? info : { ...info, width: height, height: width };
      return {
        info: out,
        apply: (image) => (turn === 0 ? image : turned(image, turn as 90 | 180 | 270)),
      };
    }
    const [cos, sin] = [Math.cos, Math.sin].map((of) => Math.abs(of((angle * Math.PI) / 180)));
    const out: ImageInfo = expand
      ? {
          ...info,
          width: Math.max(1, Math.round(width * cos! + height * sin!)),
          height: Math.max(1, Math.round(width * sin! + height * cos!)),
        }
      : info;
    needRoom("rotate", out);
    const matrix = turnMatrix(
      turn,
      1,
      [(width - 1) / 2, (height - 1) / 2],
      [(out.width - 1) / 2, (out.height - 1) / 2],
    );
    const border = samplesOfColor("rotate", background, info);
    return { info: out, apply: affineWarper(info, out, matrix, interpolation, border) };
  },
);
