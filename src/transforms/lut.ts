import { TransformError } from "../core/errors.js";
import { sampleMapper } from "./kernels/map-samples.js";
import { needPicture } from "./need-picture.js";
import { real, several } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { isFloat, sampleRange } from "./sample-range.js";

export interface LutOptions {
  /** A curve through points, as in, out, in, out …, "in" rising; straight between them, level beyond them. */
  readonly points?: readonly number[];
  /** What each value becomes: 256 of them at 8 bits, 4096 at 12. */
  readonly values?: readonly number[];
}

/**
 * Looks every sample up: NumPy's `take(values, image)`, or `interp(image, points[::2], points[1::2])`. In and out are in the
 * picture's own scale; integers are rounded, halves up, and limited to their range.
 * @throws {TransformError} if there are not as many values as the samples can have, or they are floats.
 */
export const lut = pictureTransform<LutOptions>(
  {
    name: "lut",
    summary: "looks every sample up in a table, or on a curve through points",
    options: {
      points: several(real("in,out,in,out: a curve through points, straight between them"), { least: 2 }),
      values: several(real("what each value becomes: 256 numbers at 8 bits"), { least: 2 }),
    },
    main: "points",
  },
  ({ points, values }, info) => {
    needPicture("lut", info);
    if ((points === undefined) === (values === undefined)) {
      throw new TransformError("lut", "give points or values, one of the two");
    }
    if (points) return { info, apply: sampleMapper(info, curveThrough(points)) };
    const count = sampleRange(info).white + 1;
    if (isFloat(info.dtype) || values!.length !== count) {
      const needed = isFloat(info.dtype) ? "floats need points" : `${count} are needed`;
      throw new TransformError("lut", `${values!.length} values for ${info.dtype} samples: ${needed}`);
    }
    return { info, apply: sampleMapper(info, (sample) => values![Math.min(sample, count - 1)]!) };
  },
);

function curveThrough(points: readonly number[]): (sample: number) => number {
  const ins = points.filter((_, at) => at % 2 === 0);
  const outs = points.filter((_, at) => at % 2 === 1);
  if (ins.length !== outs.length || ins.some((value, at) => at > 0 && value <= ins[at - 1]!)) {
    throw new TransformError("lut", `points must be pairs of in and out, in rising, got ${points.join(",")}`);
  }
  const last = ins.length - 1;
  return (sample) => {
    if (Number.isNaN(sample)) return sample;
    if (sample <= ins[0]!) return outs[0]!;
    if (sample >= ins[last]!) return outs[last]!;
    let at = 1;
    while (sample > ins[at]!) at++;
    const share = (sample - ins[at - 1]!) / (ins[at]! - ins[at - 1]!);
    return outs[at - 1]! + share * (outs[at]! - outs[at - 1]!);
  };
}
