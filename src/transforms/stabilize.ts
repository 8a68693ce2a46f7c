import { TransformError } from "../core/errors.js";
import { describeImage, type Image, type ImageInfo } from "../core/image.js";
import { bendWith } from "./bend-with.js";
import { type ColorValue, color, samplesOfColor } from "./color-option.js";
import { grayPicture } from "./kernels/gray-picture.js";
import { type Interpolation, interpolations } from "./kernels/interpolation.js";
import { PhaseCorrelation, type Shift, type Spectrum } from "./kernels/phase-correlation.js";
import { affineWarper } from "./kernels/warp-affine.js";
import { needPicture, plainColors } from "./need-picture.js";
import { choice, real, whole } from "./option-kind.js";
import type { PlainArray } from "./plain-samples.js";
import { sequenceTransform } from "./sequence-transform.js";

export interface StabilizeOptions {
  /** The frame that all others are laid on, by index. @default 0 */
  readonly reference?: number;
  /** Farther than this no frame is moved: what seems to be is taken for a mistake, and the frame stays. In pixels. @default a quarter of the shorter side */
  readonly most?: number;
  /** Pictures are compared at this many pixels on the longer side at most; more is slower and finer. @default 512 */
  readonly detail?: number;
  /** How a value between pixels is found. @default "linear" */
  readonly interpolation?: Interpolation;
  /** Where there is no picture any more. @default "black" */
  readonly background?: ColorValue;
}

/**
 * Holds the picture still: moves each frame so that it lies on the reference, to a fraction of a pixel. It finds movements
 * to the sides, not turns, by phase correlation of the gray pictures; see `PhaseCorrelation`. A frame that has nothing in
 * common with the reference stays where it is. Needs a source whose frames can be asked for.
 */
export const stabilize = sequenceTransform<StabilizeOptions>(
  {
    name: "stabilize",
    summary: "holds the picture still: lays every frame on the first, or another one",
    options: {
      reference: whole("the frame that all others are laid on, by index", { least: 0, usual: "0" }),
      most: real("pixels that a frame is moved at most", {
        least: 0,
        usual: "a quarter of the shorter side",
      }),
      detail: whole("pixels of the longer side that are compared", { least: 16, most: 4096, usual: "512" }),
      interpolation: choice("how a value between pixels is found", interpolations, { usual: "linear" }),
      background: color("where there is no picture any more", { usual: "black" }),
    },
    main: "reference",
  },
  ({ reference = 0, most, detail = 512, interpolation = "linear", background = "black" }) => ({
    seek: (source) => {
      const { info } = source;
      needPicture("stabilize", info, plainColors);
      const border = samplesOfColor("stabilize", background, info);
      const limit = most ?? Math.min(info.width, info.height) / 4;
      const finder = new ShiftFinder(info, detail);
      const find = async (): Promise<Spectrum> => {
        const frame = await source.frame({ index: reference });
        return finder.spectrum(frame.image);
      };
      return bendWith(source, find, (image, spectrum) => {
        const { dx, dy } = finder.shift(spectrum, image);
        if (Math.hypot(dx, dy) > limit || (dx === 0 && dy === 0)) return image;
        return affineWarper(info, info, [1, 0, -dx, 0, 1, -dy], interpolation, border)(image);
      });
    },
  }),
);

/** Less of the correlation than this around its peak is chance. */
const leastResponse = 0.02;

/** Finds how far pictures of one kind have moved, in their own pixels. */
class ShiftFinder {
  readonly #info: ImageInfo;
  /** Pixels that become one, on each side. */
  readonly #block: number;
  readonly #width: number;
  readonly #height: number;
  readonly #correlation: PhaseCorrelation;

  constructor(info: ImageInfo, detail: number) {
    this.#info = info;
    this.#block = Math.ceil(Math.max(info.width, info.height) / detail);
    this.#width = Math.max(1, Math.floor(info.width / this.#block));
    this.#height = Math.max(1, Math.floor(info.height / this.#block));
    this.#correlation = new PhaseCorrelation(this.#width, this.#height);
  }

  spectrum(image: Image): Spectrum {
    return this.#correlation.spectrum(this.#shrunken(image));
  }

  shift(reference: Spectrum, image: Image): Pick<Shift, "dx" | "dy"> {
    const { dx, dy, response } = this.#correlation.shift(reference, this.spectrum(image));
    if (response < leastResponse) return { dx: 0, dy: 0 };
    return { dx: dx * this.#block, dy: dy * this.#block };
  }

  /** Gray, the mean of each block of pixels. */
  #shrunken(image: Image): Float64Array {
    const { width, height } = this.#info;
    if (image.width !== width || image.height !== height) {
      throw new TransformError(
        "stabilize",
        `${describeImage(image)} does not fit ${describeImage(this.#info)}`,
      );
    }
    const gray = grayPicture(image).data as PlainArray;
    const [block, across] = [this.#block, this.#width];
    const means = new Float64Array(across * this.#height);
    for (let y = 0; y < this.#height * block; y++) {
      const to = Math.floor(y / block) * across;
      for (let x = 0; x < across * block; x++) means[to + Math.floor(x / block)]! += gray[y * width + x]!;
    }
    return means;
  }
}
