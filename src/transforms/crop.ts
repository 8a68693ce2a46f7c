import { TransformError } from "../core/errors.js";
import { blankImage, describeImage, type Image, type ImageInfo } from "../core/image.js";
import { whole } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";

export interface CropOptions {
  /** Columns left of what is kept. @default 0 */
  readonly left?: number;
  /** Rows above what is kept. @default 0 */
  readonly top?: number;
  /** Columns that are kept. @default all that `left` and `right` leave */
  readonly width?: number;
  /** Rows that are kept. @default all that `top` and `bottom` leave */
  readonly height?: number;
  /** Columns cut away on the right, instead of `width`. @default 0 */
  readonly right?: number;
  /** Rows cut away at the bottom, instead of `height`. @default 0 */
  readonly bottom?: number;
}

/**
 * Cuts out a rectangle: NumPy's `image[top:top+height, left:left+width]`. Any dtype and number of channels; a Bayer mosaic
 * keeps its meaning if it is cut at other places than its pairs, for its pattern moves along.
 * @throws {TransformError} if the rectangle does not lie inside the picture.
 */
export const crop = pictureTransform<CropOptions>(
  {
    name: "crop",
    summary: "cuts out a rectangle",
    options: {
      left: whole("columns left of what is kept", { least: 0, usual: "0" }),
      top: whole("rows above what is kept", { least: 0, usual: "0" }),
      width: whole("columns that are kept", { least: 1, usual: "the rest" }),
      height: whole("rows that are kept", { least: 1, usual: "the rest" }),
      right: whole("columns cut away on the right, instead of width", { least: 0, usual: "0" }),
      bottom: whole("rows cut away at the bottom, instead of height", { least: 0, usual: "0" }),
    },
  },
  ({ left = 0, top = 0, width, height, right, bottom }, info) => {
    const across = extent("width", left, width, right, info.width, info);
    const down = extent("height", top, height, bottom, info.height, info);
    const cut: ImageInfo = { ...info, width: across, height: down, color: movedColor(info, left, top) };
    return { info: cut, apply: (image) => cutOut(image, cut, left, top) };
  },
);

function extent(
  name: "width" | "height",
  before: number,
  kept: number | undefined,
  after: number | undefined,
  whole: number,
  info: ImageInfo,
): number {
  const [start, end] = name === "width" ? ["left", "right"] : ["top", "bottom"];
  if (kept !== undefined && after !== undefined) {
    throw new TypeError(`crop: ${name} and ${end} say the same; give one`);
  }
  const found = kept ?? whole - before - (after ?? 0);
  if (found >= 1 && before + found <= whole) return found;
  const asked = kept !== undefined ? `${name} ${kept}` : `${end} ${after ?? 0}`;
  throw new TransformError(
    "crop",
    `${start} ${before} with ${asked} does not fit into ${describeImage(info)}`,
  );
}

function cutOut(image: Image, info: ImageInfo, left: number, top: number): Image {
  const out = blankImage(info);
  const perSample = image.data.length / (image.width * image.height * image.channels);
  const pixel = image.channels * perSample;
  const [from, to] = [image.data, out.data];
  for (let y = 0; y < info.height; y++) {
    const start = ((top + y) * image.width + left) * pixel;
    to.set(from.subarray(start, start + info.width * pixel) as never, y * info.width * pixel);
  }
  return out;
}

/** A mosaic that begins at an odd column or row begins with another colour. */
function movedColor({ color }: ImageInfo, left: number, top: number): ImageInfo["color"] {
  const patterns = ["bayer-rg", "bayer-gr", "bayer-gb", "bayer-bg"] as const;
  const at = patterns.indexOf(color as (typeof patterns)[number]);
  if (at < 0) return color;
  // By columns rg and gr change places, and gb and bg; by rows rg and gb, and gr and bg.
  const byColumn = left % 2 === 0 ? at : [1, 0, 3, 2][at]!;
  return patterns[top % 2 === 0 ? byColumn : [2, 3, 0, 1][byColumn]!]!;
}
