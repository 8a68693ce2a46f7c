import { TransformError } from "../core/errors.js";
import { blankImage, type Image, type ImageInfo } from "../core/image.js";
import { bytesMixer, type MixRow } from "./kernels/mix-bytes.js";
import { channelOrder, needPicture, plainColors } from "./need-picture.js";
import { real, several } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { sampleRange } from "./sample-range.js";

export interface MixOptions {
  /**
   * Nine numbers, row by row: new red from red, green, blue; new green from them; new blue from them. Or twelve, each row with
   * a fourth that is added, in the picture's own scale.
   */
  readonly matrix: readonly number[];
}

/**
 * Mixes the colours of each pixel anew, for false colours, unmixing and white balance: OpenCV's `transform`, with the rows
 * and columns in the order red, green, blue whatever the picture's own is. Gray counts as equal red, green and blue and
 * becomes BGR. Integers are rounded (bytes with halves to
 * even, others up) and limited to their range; alpha is kept.
 */
export const mix = pictureTransform<MixOptions>(
  {
    name: "mix",
    summary: "mixes red, green and blue anew with a matrix",
    options: {
      matrix: several(real("9 numbers, row by row: new red, green, blue from red, green, blue; or 12"), {
        least: 9,
        most: 12,
      }),
    },
    required: ["matrix"],
    main: "matrix",
  },
  ({ matrix }, info) => {
    needPicture("mix", info, plainColors);
    if (matrix.length !== 9 && matrix.length !== 12) {
      throw new TransformError("mix", `the matrix needs 9 or 12 numbers, got ${matrix.length}`);
    }
    const { pixelFormat: _, ...rest } = info;
    const out: ImageInfo = info.color === "gray" ? { ...rest, channels: 3, color: "bgr" } : info;
    // Bytes are rounded and limited by the array that they are written into.
    const half = info.dtype === "uint16" ? 0.5 : 0;
    const columns = matrix.length / 3;
    const rows = [0, 1, 2].map((row) => {
      const [red, green, blue, offset = 0] = matrix.slice(row * columns, (row + 1) * columns);
      return [red!, green!, blue!, offset + half] as const;
    });
    const { white } = sampleRange(info);
    if (info.dtype === "uint8" && white === 255 && info.channels >= 3) {
      return { info, apply: bytesMixer(info, rowsInOrder(matrix, channelOrder(info)[0] === 0)) };
    }
    const isLimited = info.dtype === "uint16" || (info.dtype === "uint8" && white !== 255);
    return { info: out, apply: (image) => mixed(image, out, rows, isLimited ? white : undefined) };
  },
);

/** The rows in the order of the pixel, which begins with blue or with red, and so are their weights. */
function rowsInOrder(matrix: readonly number[], isBlueFirst: boolean): MixRow[] {
  const columns = matrix.length / 3;
  const rows = [0, 1, 2].map((row): MixRow => {
    const [red, green, blue, offset = 0] = matrix.slice(row * columns, (row + 1) * columns);
    return isBlueFirst ? [blue!, green!, red!, offset] : [red!, green!, blue!, offset];
  });
  return isBlueFirst ? rows.reverse() : rows;
}

type Row = readonly [red: number, green: number, blue: number, offset: number];

function mixed(image: Image, info: ImageInfo, rows: readonly Row[], limit: number | undefined): Image {
  const out = blankImage(info);
  const from = image.data as Uint8Array;
  const to =
    out.data instanceof Uint8Array ? new Uint8ClampedArray(out.data.buffer) : (out.data as Uint16Array);
  const [b, g, r] = channelOrder(image);
  const [toB, toG, toR] = channelOrder(info);
  const step = image.channels;
  const [[rr, rg, rb, ro], [gr, gg, gb, go], [br, bg, bb, bo]] = rows as readonly [Row, Row, Row];
  for (let i = 0, k = 0; i < from.length; i += step, k += info.channels) {
    const red = from[i + r]!;
    const green = from[i + g]!;
    const blue = from[i + b]!;
    const newRed = red * rr + green * rg + blue * rb + ro;
    const newGreen = red * gr + green * gg + blue * gb + go;
    const newBlue = red * br + green * bg + blue * bb + bo;
    to[k + toR] = limit === undefined ? newRed : limited(newRed, limit);
    to[k + toG] = limit === undefined ? newGreen : limited(newGreen, limit);
    to[k + toB] = limit === undefined ? newBlue : limited(newBlue, limit);
    if (step === 4) to[k + 3] = from[i + 3]!;
  }
  return out;
}

function limited(sample: number, white: number): number {
  return sample > white ? white : sample > 0 ? sample : 0;
}
