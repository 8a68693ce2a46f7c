import { TransformError } from "../core/errors.js";
import { blankImage, type ImageInfo } from "../core/image.js";
import { type ColorValue, color, samplesOfColor } from "./color-option.js";
import { fillPicture } from "./kernels/fill-picture.js";
import { needPicture, needRoom } from "./need-picture.js";
import { choice, whole } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { numberDTypes } from "./value-limits.js";

export interface PadOptions {
  /** Pixels added on each side that is not named. @default 0 */
  readonly all?: number;
  /** Columns added on the left. @default what `all` says */
  readonly left?: number;
  /** Columns added on the right. @default what `all` says */
  readonly right?: number;
  /** Rows added at the top. @default what `all` says */
  readonly top?: number;
  /** Rows added at the bottom. @default what `all` says */
  readonly bottom?: number;
  /**
   * `constant`: of one colour. `edge`: the outermost pixels again. `reflect`: mirrored about the outermost pixel, which is not
   * repeated. NumPy's names; OpenCV's `BORDER_CONSTANT`, `BORDER_REPLICATE` and `BORDER_REFLECT_101`. @default "constant"
   */
  readonly mode?: "constant" | "edge" | "reflect";
  /** Of the border, for `constant`. @default "black" */
  readonly color?: ColorValue;
}

/** Adds a border: NumPy's `pad`, OpenCV's `copyMakeBorder`. Any dtype. */
export const pad = pictureTransform<PadOptions>(
  {
    name: "pad",
    summary: "adds a border",
    options: {
      all: whole("pixels added on each side that is not named", { least: 0, usual: "0" }),
      left: whole("columns added on the left", { least: 0, usual: "all" }),
      right: whole("columns added on the right", { least: 0, usual: "all" }),
      top: whole("rows added at the top", { least: 0, usual: "all" }),
      bottom: whole("rows added at the bottom", { least: 0, usual: "all" }),
      mode: choice("one colour, the edge again, or mirrored", ["constant", "edge", "reflect"], {
        usual: "constant",
      }),
      color: color("of the border, for constant", { usual: "black" }),
    },
    main: "all",
  },
  ({ all = 0, left = all, right = all, top = all, bottom = all, mode = "constant", color }, info) => {
    needPicture("pad", info, undefined, numberDTypes);
    if (color !== undefined && mode !== "constant") {
      throw new TransformError("pad", `mode ${mode} has no colour`);
    }
    const out: ImageInfo = { ...info, width: left + info.width + right, height: top + info.height + bottom };
    needRoom("pad", out);
    const fill = mode === "constant" ? fillOf(color, info) : undefined;
    const columns = sourcesOf(left, info.width, right, mode);
    const rows = sourcesOf(top, info.height, bottom, mode);
    return {
      info: out,
      apply: (image) => {
        const padded = blankImage(out);
        if (fill) fillPicture(padded, fill);
        const from = image.data as Uint8Array;
        const to = padded.data as Uint8Array;
        const { channels, width } = info;
        for (let y = 0; y < out.height; y++) {
          const row = rows[y]!;
          if (row < 0) continue;
          const start = y * out.width * channels;
          // A border row is a copy of one that is done, or will be done by itself.
          const source = row * width * channels;
          to.set(from.subarray(source, source + width * channels), start + left * channels);
          if (mode === "constant") continue;
          for (let x = 0; x < out.width; x++) {
            if (x === left) x += width;
            if (x >= out.width) break;
            for (let c = 0; c < channels; c++) {
              to[start + x * channels + c] = from[source + columns[x]! * channels + c]!;
            }
          }
        }
        return padded;
      },
    };
  },
);

/** Undefined for black, which new pictures are. */
function fillOf(color: ColorValue | undefined, info: ImageInfo): readonly number[] | undefined {
  if (color === undefined && info.color !== "bgra" && info.color !== "rgba") return undefined;
  return samplesOfColor("pad", color ?? "black", info);
}

/** For each column (or row) that comes out the one it is taken from; -1 for none. */
function sourcesOf(before: number, length: number, after: number, mode: PadOptions["mode"]): Int32Array {
  return Int32Array.from({ length: before + length + after }, (_, place) => {
    const at = place - before;
    if (at >= 0 && at < length) return at;
    if (mode === "constant") return -1;
    if (mode === "edge" || length === 1) return at < 0 ? 0 : length - 1;
    const period = 2 * (length - 1);
    const phase = ((at % period) + period) % period;
    return phase < length ? phase : period - phase;
  });
}
