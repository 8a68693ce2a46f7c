import { TransformError } from "../core/errors.js";
import { blankImage, type Image, type ImageInfo } from "../core/image.js";
import { type ColorValue, color, samplesOfColor } from "./color-option.js";
import { fillPicture } from "./kernels/fill-picture.js";
import { areaResizer } from "./kernels/resize-area.js";
import { linearBytesResizer } from "./kernels/resize-linear-bytes.js";
import { nearestResizer } from "./kernels/resize-nearest.js";
import { tapsResizer } from "./kernels/resize-taps.js";
import { tapsBytesResizer } from "./kernels/resize-taps-bytes.js";
import { needPicture, needRoom } from "./need-picture.js";
import { choice, real, whole } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { sampleRange } from "./sample-range.js";
import { paste } from "./tiles.js";
import { numberDTypes } from "./value-limits.js";

export interface ResizeOptions {
  /** Both sides times this, rounded; instead of width and height. */
  readonly factor?: number;
  /** Pixels. @default what keeps the aspect */
  readonly width?: number;
  /** Pixels. @default what keeps the aspect */
  readonly height?: number;
  /**
   * Where width and height do not have the picture's aspect. `stretch` changes it. `contain` shows all, with `background`
   * on two sides. `cover` fills all and cuts two sides off. @default "stretch"
   */
  readonly fit?: "stretch" | "contain" | "cover";
  /** What a new pixel is made of. `auto` is area for a side that shrinks, cubic for one that grows. @default "auto" */
  readonly method?: "auto" | ResizeMethod;
  /** On the sides, for `contain`. @default "black" */
  readonly background?: ColorValue;
}

type ResizeMethod = "area" | "nearest" | "linear" | "cubic" | "lanczos";

/**
 * Another size, as OpenCV's `resize` makes it with `INTER_AREA`, `INTER_NEAREST`, `INTER_LINEAR`, `INTER_CUBIC` and
 * `INTER_LANCZOS4`. Only `area` is smoothed when it shrinks: every pixel counts by how much of it lies under the new one.
 * The others look at 1, 2, 4 or 8 pixels a side however small the picture gets, and show false patterns (aliases) then.
 *
 * uint8 `linear` and `nearest` equal OpenCV's to the bit, `area` within 1 (its sums are in single precision); `cubic` and
 * `lanczos` within 1 of OpenCV's fixed point. They overshoot at edges and are limited to the range. Alpha is resized like
 * any channel.
 * @throws {TransformError} if what comes out is too large for memory.
 */
export const resize = pictureTransform<ResizeOptions>(
  {
    name: "resize",
    summary: "makes the picture larger or smaller",
    options: {
      factor: real("both sides times this", { above: 0 }),
      width: whole("columns", { least: 1, usual: "what keeps the aspect" }),
      height: whole("rows", { least: 1, usual: "what keeps the aspect" }),
      fit: choice(
        "where the aspect differs: stretch it, show all, or fill all",
        ["stretch", "contain", "cover"],
        {
          usual: "stretch",
        },
      ),
      method: choice(
        "what a pixel is made of; auto is area for a side that shrinks, cubic for one that grows",
        ["auto", "area", "nearest", "linear", "cubic", "lanczos"],
        { usual: "auto" },
      ),
      background: color("on the sides, where fit is contain", { usual: "black" }),
    },
    main: "factor",
  },
  (options, info) => {
    const { fit = "stretch", method = "auto", background = "black" } = options;
    needPicture("resize", info, undefined, method === "nearest" ? numberDTypes : undefined);
    const { width, height } = askedSize(options, info);
    const out: ImageInfo = { ...info, width, height };
    needRoom("resize", out);
    if (fit === "stretch") return { info: out, apply: resizer(info, out, method) };
    const choose = fit === "contain" ? Math.min : Math.max;
    const factor = choose(width / info.width, height / info.height);
    const inner = { ...info, width: scaled(info.width, factor), height: scaled(info.height, factor) };
    needRoom("resize", inner);
    const bend = resizer(info, inner, method);
    const fill = fit === "contain" ? samplesOfColor("resize", background, info) : [];
    return { info: out, apply: (image) => centered(bend(image), out, fill) };
  },
);

function scaled(length: number, factor: number): number {
  return Math.max(1, Math.round(length * factor));
}

function askedSize(
  { factor, width, height }: ResizeOptions,
  info: ImageInfo,
): { readonly width: number; readonly height: number } {
  if (factor !== undefined) {
    if (width !== undefined || height !== undefined) {
      throw new TransformError("resize", "factor and a size say the same; give one");
    }
    return { width: scaled(info.width, factor), height: scaled(info.height, factor) };
  }
  if (width === undefined && height === undefined) {
    throw new TransformError("resize", "say a factor, a width or a height");
  }
  return {
    width: width ?? scaled(info.width, height! / info.height),
    height: height ?? scaled(info.height, width! / info.width),
  };
}

/** Sides that are resized in different ways are resized one after the other, the shrinking one first. */
function resizer(info: ImageInfo, out: ImageInfo, method: "auto" | ResizeMethod): (image: Image) => Image {
  const [across, down] = [sideOf(info.width, out.width), sideOf(info.height, out.height)];
  if (across === "same" && down === "same") return (image) => image;
  const isMixed = across !== "same" && down !== "same" && across !== down;
  if (isMixed && (method === "auto" || method === "area")) {
    const between: ImageInfo =
      across === "shrinks" ? { ...info, width: out.width } : { ...info, height: out.height };
    const [first, second] = [resizer(info, between, method), resizer(between, out, method)];
    return (image) => second(first(image));
  }
  const shrinks = across === "shrinks" || down === "shrinks";
  const isHalf = info.width === 2 * out.width && info.height === 2 * out.height;
  if (method === "nearest") return nearestResizer(info, out);
  // At half the size the bilinear mean is that of four whole pixels.
  if (method === "linear" && isHalf) return areaResizer(info, out);
  if (method === "linear" && info.dtype === "uint8") return linearBytesResizer(info, out);
  if (shrinks && (method === "auto" || method === "area")) return areaResizer(info, out);
  const kind = method === "auto" ? "cubic" : method;
  const isBytes = info.dtype === "uint8" && sampleRange(info).white === 255;
  if (isBytes && (kind === "cubic" || kind === "lanczos")) return tapsBytesResizer(info, out, kind);
  return tapsResizer(info, out, kind);
}

function sideOf(from: number, to: number): "same" | "shrinks" | "grows" {
  return from === to ? "same" : to < from ? "shrinks" : "grows";
}

/** Puts the picture into the middle of another size: what is too large is cut off, what is missing is filled. */
function centered(image: Image, info: ImageInfo, fill: readonly number[]): Image {
  if (image.width === info.width && image.height === info.height) return image;
  const out = blankImage(info);
  if (fill.some((sample) => sample !== 0)) fillPicture(out, fill);
  paste(out, image, {
    left: Math.floor((info.width - image.width) / 2),
    top: Math.floor((info.height - image.height) / 2),
  });
  return out;
}
