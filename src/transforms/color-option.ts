import { TransformError } from "../core/errors.js";
import { describeImage, type ImageInfo } from "../core/image.js";
import { colorNames } from "./color-names.js";
import type { OptionKind } from "./option-kind.js";
import { isFloat, sampleRange } from "./sample-range.js";

/**
 * A colour:
 * - a name of CSS ("white", "orange"), or "transparent"
 * - "#rgb", "#rrggbb" or "#rrggbbaa"
 * - red, green and blue (and alpha) from 0 to 255, as a list or as "r,g,b"
 * - one number: the sample of every channel, in the picture's own scale (2048 is a middle gray of 12 bits)
 * - "nan": no colour at all, for pictures of floats
 *
 * All but the single number mean the same whatever the picture is: 255 becomes the white of its range.
 */
export type ColorValue = string | number | readonly number[];

/** A colour as an option of a transform. */
export function color(summary: string, { usual }: { readonly usual?: string } = {}): OptionKind<ColorValue> {
  return {
    summary,
    looks: "white | #rrggbb | r,g,b | number",
    ...(usual !== undefined && { usual }),
    check: checkColor,
    parse: parseColor,
  };
}

/** Several colours. They are kept as names and "#rrggbb", so that commas can stand between them. */
export function colorList(
  summary: string,
  { least = 1, usual }: { readonly least?: number; readonly usual?: string } = {},
): OptionKind<readonly string[]> {
  return {
    summary,
    looks: "white,#rrggbb,…",
    ...(usual !== undefined && { usual }),
    check(value) {
      if (!Array.isArray(value) || value.length < least) {
        throw new RangeError(`must be a list of ${least} or more colours`);
      }
      return value.map((one) => {
        const found = checkColor(one);
        if (typeof found === "string" && found !== "nan") return found;
        if (!Array.isArray(found))
          throw new RangeError("must be colours by name, as #rrggbb or as [r, g, b]");
        return `#${found.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
      });
    },
    parse: (text) => text.split(",").map((one) => one.trim()),
  };
}

function parseColor(text: string): ColorValue {
  const trimmed = text.trim().toLowerCase();
  const parts = trimmed.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (parts.some(Number.isNaN)) return trimmed;
  return parts.length === 1 ? parts[0]! : parts;
}

/** @throws {RangeError} if it is no colour. */
function checkColor(value: unknown): ColorValue {
  const found = typeof value === "string" ? parseColor(value) : value;
  if (typeof found === "number" && Number.isFinite(found)) return found;
  if (typeof found === "string" && (found === "nan" || rgbaOf(found))) return found;
  if (Array.isArray(found) && (found.length === 3 || found.length === 4)) {
    if (found.every((part) => typeof part === "number" && part >= 0 && part <= 255)) return found;
  }
  throw new RangeError(
    'must be a colour: a name of CSS, "#rrggbb", red, green and blue from 0 to 255, or one number',
  );
}

type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

/** Red, green, blue and alpha, 0 to 255, of a colour by name or in hexadecimal. */
function rgbaOf(text: string): Rgba | undefined {
  if (text === "transparent") return [0, 0, 0, 0];
  const named = colorNames.get(text);
  if (named !== undefined) return [named >> 16, (named >> 8) & 255, named & 255, 255];
  if (!/^#([0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})$/.test(text)) return undefined;
  const hex = text.length === 4 ? text.slice(1).replace(/./g, "$&$&") : text.slice(1);
  const part = (at: number): number => Number.parseInt(hex.slice(at, at + 2) || "ff", 16);
  return [part(0), part(2), part(4), part(6)];
}

/**
 * Red, green, blue and alpha of a colour, each from 0 to 255.
 * @throws {TransformError} if it is a single number or "nan", which mean something in samples of a picture only.
 */
export function rgbaOfColor(transform: string, value: ColorValue): Rgba {
  if (typeof value === "string") {
    const found = rgbaOf(value);
    if (found) return found;
  } else if (typeof value !== "number") return [value[0]!, value[1]!, value[2]!, value[3] ?? 255];
  throw new TransformError(transform, `${JSON.stringify(value)} is no colour of its own here`);
}

/**
 * The samples of a colour, one a channel, in the order and the range of such pictures. Gray is its luma, rounded; alpha is
 * opaque unless the colour says otherwise. A single number is limited to what the dtype holds.
 * @throws {TransformError} for colours that such pictures cannot have.
 */
export function samplesOfColor(transform: string, value: ColorValue, info: ImageInfo): readonly number[] {
  const { black, white } = sampleRange(info);
  const refuse = (): TransformError =>
    new TransformError(transform, `${describeImage(info)} cannot have the colour ${JSON.stringify(value)}`);
  if (info.dtype.startsWith("complex") || info.dtype.endsWith("int64") || info.dtype === "float16") {
    throw refuse();
  }
  const limited = (sample: number): number =>
    isFloat(info.dtype) ? sample : Math.round(Math.min(white, Math.max(black, sample)));
  const alphaAt = info.color === "bgra" || info.color === "rgba" ? 3 : -1;
  if (value === "nan" && !isFloat(info.dtype)) throw refuse();
  if (typeof value === "number" || value === "nan") {
    const sample = limited(value === "nan" ? Number.NaN : value);
    return Array.from({ length: info.channels }, (_, at) => (at === alphaAt ? white : sample));
  }
  const [red, green, blue, alpha] = rgbaOfColor(transform, value);
  // Dark is 0 where samples have a sign, too.
  const scaled = (part: number): number => limited((part / 255) * white);
  switch (info.color) {
    case "gray":
      return [scaled((blue * 3735 + green * 19235 + red * 9798) / 32_768)];
    case "bgr":
      return [blue, green, red].map(scaled);
    case "rgb":
      return [red, green, blue].map(scaled);
    case "bgra":
      return [blue, green, red, alpha].map(scaled);
    case "rgba":
      return [red, green, blue, alpha].map(scaled);
    default:
      // Without a meaning of the channels black and white are those of all of them.
      if (red !== green || green !== blue) throw refuse();
      return new Array<number>(info.channels).fill(scaled(red));
  }
}
