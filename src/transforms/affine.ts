import { type ColorValue, color, samplesOfColor } from "./color-option.js";
import { type Interpolation, interpolations } from "./kernels/interpolation.js";
import { type AffineMatrix, affineWarper, turnMatrix } from "./kernels/warp-affine.js";
import { needPicture } from "./need-picture.js";
import { choice, real } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";

export interface AffineOptions {
  /** Pixels to the right. @default 0 */
  readonly dx?: number;
  /** Pixels down. @default 0 */
  readonly dy?: number;
  /** Degrees about the centre, counter-clockwise. @default 0 */
  readonly angle?: number;
  /** About the centre. @default 1 */
  readonly scale?: number;
  /** What is done first: turning and scaling, or moving. @default "turn" */
  readonly first?: "turn" | "move";
  /** @default "linear" */
  readonly interpolation?: Interpolation;
  /** Where there is no picture; "nan" for floats. @default "black" */
  readonly background?: ColorValue;
}

/**
 * Turns and scales the picture about its centre, `((width - 1) / 2, (height - 1) / 2)`, and moves it; its size stays. As
 * OpenCV's `warpAffine` with the matrix of `getRotationMatrix2D` and `dx`, `dy` added; places are rounded to 1/32 of a pixel
 * as there. Integers are rounded and limited to their range.
 */
export const affine = pictureTransform<AffineOptions>(
  {
    name: "affine",
    summary: "moves, turns and scales the picture within its frame",
    options: {
      dx: real("pixels to the right", { usual: "0" }),
      dy: real("pixels down", { usual: "0" }),
      angle: real("degrees about the centre, counter-clockwise", { usual: "0" }),
      scale: real("about the centre", { above: 0, usual: "1" }),
      first: choice("what is done first", ["turn", "move"], { usual: "turn" }),
      interpolation: choice("how a value between pixels is found", interpolations, { usual: "linear" }),
      background: color("where there is no picture", { usual: "black" }),
    },
  },
  (options, info) => {
    const { dx = 0, dy = 0, angle = 0, scale = 1, first = "turn" } = options;
    needPicture("affine", info);
    const center = [(info.width - 1) / 2, (info.height - 1) / 2] as const;
    const [a, b, c, d, e, f] = turnMatrix(angle, scale, center, center);
    const matrix: AffineMatrix =
      first === "turn"
        ? [a, b, c + dx, d, e, f + dy]
        : [a, b, a * dx + b * dy + c, d, e, d * dx + e * dy + f];
    const border = samplesOfColor("affine", options.background ?? "black", info);
    return { info, apply: affineWarper(info, info, matrix, options.interpolation ?? "linear", border) };
  },
);
