import { TransformError } from "../core/errors.js";
import type { Image, ImageInfo } from "../core/image.js";
import { type ColorMapName, colorMap, colorMapNames } from "./color-maps.js";
import { type ColorValue, color, colorList, rgbaOfColor } from "./color-option.js";
import { levelPainter } from "./kernels/paint-levels.js";
import type { Numbers } from "./kernels/percentiles.js";
import { sampleNumbers } from "./kernels/sample-numbers.js";
import { scaleToBytes } from "./kernels/scale-to-bytes.js";
import { needPicture } from "./need-picture.js";
import { choice, flag } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";
import { isFloat } from "./sample-range.js";
import {
  type LimitOptions,
  type Limits,
  limitOptions,
  limitsOf,
  numberDTypes,
  usualRange,
} from "./value-limits.js";

export interface ColorMapOptions extends LimitOptions {
  /** @default "viridis" */
  readonly map?: ColorMapName;
  /** Instead of `map`: colours at equal distances, straight between them. */
  readonly colors?: readonly string[];
  /** The map the other way round. @default false */
  readonly reverse?: boolean;
  /** Colour of samples that are no number. @default "black" */
  readonly nan?: ColorValue;
  /** Colour of samples below the limits. @default the first of the map */
  readonly below?: ColorValue;
  /** Colour of samples above the limits. @default the last of the map */
  readonly above?: ColorValue;
}

/**
 * Gray of any dtype in false colours, as BGR: OpenCV's `applyColorMap`, to the bit for uint8. The limits are the dtype's
 * range unless said otherwise, so that a colour means the same in all pictures; for floats those of each picture.
 */
export const colormap = pictureTransform<ColorMapOptions>(
  {
    name: "colormap",
    summary: "shows gray in false colours",
    options: {
      map: choice("which map", colorMapNames, { usual: "viridis" }),
      colors: colorList("instead of a map: colours at equal distances", { least: 2 }),
      reverse: flag("the map the other way round"),
      ...limitOptions("dtype; picture for floats"),
      nan: color("colour of samples that are no number", { usual: "black" }),
      below: color("colour of samples below the limits", { usual: "the first of the map" }),
      above: color("colour of samples above the limits", { usual: "the last of the map" }),
    },
    main: "map",
  },
  ({ map, colors, reverse = false, nan = "black", below, above, ...options }, info) => {
    needPicture("colormap", info, ["gray"], numberDTypes);
    if (map !== undefined && colors !== undefined) {
      throw new TransformError("colormap", "map and colors say the same; give one");
    }
    const rgb = colors ? blendedColors(colors) : colorMap(map ?? "viridis");
    const paint = levelPainter(bgrTable(rgb, reverse));
    const limits = limitsOf("colormap", options, info, usualRange(info));
    const beyond = { below: bgr(below), above: bgr(above), nan: isFloat(info.dtype) ? bgr(nan) : undefined };
    const out: ImageInfo = {
      ...{ width: info.width, height: info.height, channels: 3, dtype: "uint8", color: "bgr" },
    };
    return {
      info: out,
      apply: (image): Image => {
        const numbers = sampleNumbers(image);
        const found = typeof limits === "function" ? limits(image) : limits;
        const isWhole = numbers instanceof Uint8Array && found[0] === 0 && found[1] === 255;
        const data = paint(isWhole ? numbers : scaleToBytes(numbers, found));
        if (Object.values(beyond).some((color) => color !== undefined)) mark(numbers, found, beyond, data);
        return { ...out, data };
      },
    };
  },
);

/** 0x00rrggbb, whose bytes are b, g, r from the lowest. */
function bgrTable(rgb: Uint8Array, reverse: boolean): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, level) => {
    const at = 3 * (reverse ? 255 - level : level);
    return (rgb[at]! << 16) | (rgb[at + 1]! << 8) | rgb[at + 2]!;
  });
}

function blendedColors(colors: readonly string[]): Uint8Array {
  const stops = colors.map((one) => rgbaOfColor("colormap", one));
  return Uint8Array.from({ length: 768 }, (_, at) => {
    const place = (Math.floor(at / 3) / 255) * (stops.length - 1);
    const stop = Math.min(Math.floor(place), stops.length - 2);
    const [from, to] = [stops[stop]![at % 3]!, stops[stop + 1]![at % 3]!];
    return Math.round(from + (place - stop) * (to - from));
  });
}

function put(out: Uint8Array, pixel: number, color: number): void {
  out[pixel * 3] = color;
  out[pixel * 3 + 1] = color >>> 8;
  out[pixel * 3 + 2] = color >>> 16;
}

interface Beyond {
  readonly below: number | undefined;
  readonly above: number | undefined;
  readonly nan: number | undefined;
}

function bgr(value: ColorValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number") {
    const level = Math.round(Math.min(255, Math.max(0, value)));
    return level * 0x010101;
  }
  const [red, green, blue] = rgbaOfColor("colormap", value);
  return (red << 16) | (green << 8) | blue;
}

function mark(numbers: Numbers, [least, most]: Limits, { below, above, nan }: Beyond, out: Uint8Array): void {
  for (let i = 0; i < numbers.length; i++) {
    const sample = numbers[i]!;
    if (sample < least) below !== undefined && put(out, i, below);
    else if (sample > most) above !== undefined && put(out, i, above);
    else if (nan !== undefined && Number.isNaN(sample)) put(out, i, nan);
  }
}
