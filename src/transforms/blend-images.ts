import { toColor } from "../core/color.js";
import { TransformError } from "../core/errors.js";
import { blankImage, describeImage, type Image, type ImageInfo } from "../core/image.js";
import { type BlendFormula, type BlendMode, blendFormulas, blendModes } from "./blend-modes.js";
import { colorChannels, needPicture, plainColors } from "./need-picture.js";
import { isFloat, sampleRange } from "./sample-range.js";

/**
 * Lays one picture over another of the same size and dtype. `ratio` of the mode's formula and the rest of `base`:
 *
 *     ratio = alpha / (baseAlpha + (1 - baseAlpha) * alpha),  alpha = min(baseAlpha, overAlpha) * opacity
 *
 * as pImage (blend_modes) and GIMP 2.8 mix, where the formula's result is limited to the range first. The alpha of `base` is
 * kept; with `normal` colours and alpha are those of Porter and Duff's "over". Without alpha a picture is opaque. Integers
 * are rounded, halves up; floats count from 0 to 1, and what lies beyond is limited.
 * @param over may have another order of channels, or be gray over colours; colours over gray are taken as gray.
 * @param opacity of `over`, 0 to 1.
 * @throws {TransformError} if the sizes or dtypes differ, or they are no pictures with plain colours.
 */
export function blendImages(base: Image, over: Image, mode: BlendMode = "normal", opacity = 1): Image {
  return imageBlender(base, over, mode, opacity)(base, over);
}

/** As `blendImages`, with all that can be reckoned beforehand reckoned once. */
export function imageBlender(
  base: ImageInfo,
  over: ImageInfo,
  mode: BlendMode,
  opacity: number,
): (base: Image, over: Image) => Image {
  if (!blendModes.includes(mode)) throw new RangeError(`blend: mode must be one of ${blendModes.join(", ")}`);
  if (!(opacity >= 0 && opacity <= 1)) {
    throw new RangeError(`blend: opacity must be a number from 0 up to 1, got ${opacity}`);
  }
  needPicture("blend", base, plainColors);
  needPicture("blend", over, plainColors);
  const { white } = sampleRange(base);
  const isAlike = base.width === over.width && base.height === over.height && base.dtype === over.dtype;
  if (!isAlike || white !== sampleRange(over).white) {
    throw new TransformError("blend", `${describeImage(over)} does not fit over ${describeImage(base)}`);
  }
  const hasAlpha = [base, over].some((info) => colorChannels(info) !== info.channels);
  const formula = blendFormulas[mode];
  if (base.dtype === "uint8" && !hasAlpha) {
    const table = byteTable(formula, opacity);
    return (below, above) => throughTable(below, inOrderOf(below, above).data as Uint8Array, table);
  }
  return (below, above) => mixed(below, inOrderOf(below, above), formula, mode === "normal", opacity, white);
}

/** The picture in the order of channels of another; its alpha, if it has one, is last all the same. */
function inOrderOf(base: Image, over: Image): Image {
  const color = base.color === "gray" ? "gray" : base.color.startsWith("rgb") ? "rgb" : "bgr";
  const plain = toColor(over, color);
  if (colorChannels(over) === over.channels || plain === over) return plain;
  // Its alpha goes along, after the colours.
  const channels = plain.channels + 1;
  const info: ImageInfo = {
    ...plain,
    channels,
    color: channels === 4 ? (color === "rgb" ? "rgba" : "bgra") : "none",
  };
  const joined = blankImage(info);
  const [to, from, alpha] = [joined.data as Uint8Array, plain.data as Uint8Array, over.data as Uint8Array];
  for (let pixel = 0; pixel < alpha.length / 4; pixel++) {
    for (let c = 0; c < plain.channels; c++) to[pixel * channels + c] = from[pixel * plain.channels + c]!;
    to[(pixel + 1) * channels - 1] = alpha[pixel * 4 + 3]!;
  }
  return joined;
}

/** A half goes up even where the doubles have lost a little; grain-extract gives nothing but halves. */
const halfUp = 0.5 + 1e-6;

/** For every byte below (high) and above (low) what comes out, where nothing is transparent. */
function byteTable(formula: BlendFormula, opacity: number): Uint8Array {
  const table = new Uint8Array(65_536);
  for (let below = 0, at = 0; below < 256; below++) {
    for (let above = 0; above < 256; above++) {
      const made = 255 * formula(below / 255, above / 255);
      table[at++] = below + (made - below) * opacity + halfUp;
    }
  }
  return table;
}

function throughTable(base: Image, over: Uint8Array, table: Uint8Array): Image {
  const from = base.data as Uint8Array;
  const to = new Uint8Array(from.length);
  for (let i = 0; i < from.length; i++) to[i] = table[(from[i]! << 8) | over[i]!]!;
  return { ...base, data: to };
}

function mixed(
  base: Image,
  over: Image,
  formula: BlendFormula,
  isNormal: boolean,
  opacity: number,
  white: number,
): Image {
  const out = blankImage(base);
  const [from, above, to] = [base.data, over.data, out.data] as [Uint8Array, Uint8Array, Uint8Array];
  const colors = colorChannels(base);
  const [step, overStep] = [base.channels, over.channels];
  const half = isFloat(base.dtype) ? 0 : halfUp;
  const unit = (sample: number): number => Math.min(1, Math.max(0, sample / white));
  for (let i = 0, k = 0; i < from.length; i += step, k += overStep) {
    const alphaBelow = step > colors ? unit(from[i + colors]!) : 1;
    const alphaAbove = overStep > colors ? unit(above[k + colors]!) : 1;
    const alpha = (isNormal ? alphaAbove : Math.min(alphaBelow, alphaAbove)) * opacity;
    const union = alphaBelow + (1 - alphaBelow) * alpha;
    const ratio = union === 0 ? 0 : alpha / union;
    for (let c = 0; c < colors; c++) {
      const below = unit(from[i + c]!);
      const made = formula(below, unit(above[k + c]!));
      to[i + c] = (below + (made - below) * ratio) * white + half;
    }
    if (step > colors) to[i + colors] = isNormal ? union * white + half : from[i + colors]!;
  }
  return out;
}
