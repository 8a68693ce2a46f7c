import type { CameraMode, CameraOptions } from "../../capture/camera.js";
import { findPixelFormat, type PixelFormat } from "./pixel-format.js";

/** Sizes or rates: a list, or all between two limits. */
export interface SizeRange {
  readonly minWidth: number;
  readonly maxWidth: number;
  readonly stepWidth: number;
  readonly minHeight: number;
  readonly maxHeight: number;
  readonly stepHeight: number;
}

/** What a device can be set to, as its driver tells it. */
export interface DeviceMode extends CameraMode {
  /** Sizes in between can be had too, up to that of the mode. */
  readonly range?: SizeRange;
  /** Rates from that on can be had, up to the fastest. */
  readonly slowest?: number;
}

/** What a device is asked to be. */
export interface ChosenMode {
  readonly format: PixelFormat;
  readonly width: number;
  readonly height: number;
  readonly rate?: number;
  /** What becomes of its pixels. */
  readonly color: "gray" | "own";
}

type Asked = Pick<CameraOptions, "width" | "height" | "rate" | "dtype" | "color" | "pixelFormat">;

/**
 * The mode that is nearest to what is asked for: first of all the colour, then the depth, then the size, then the rate; of
 * those that are equal, what costs least.
 * @param current the size that the device has now, for what is not asked.
 * @returns why there is none, as text.
 */
export function chooseMode(
  modes: readonly DeviceMode[],
  asked: Asked,
  current: { readonly width: number; readonly height: number },
): ChosenMode | string {
  const { width = current.width, height = current.height, rate } = asked;
  const found: { readonly mode: ChosenMode; readonly badness: readonly number[] }[] = [];
  for (const mode of modes) {
    const format = findPixelFormat(mode.pixelFormat);
    if (!format || (asked.pixelFormat !== undefined && format !== findPixelFormat(asked.pixelFormat)))
      continue;
    const color = asked.color === "gray" && format.color === "bgr" ? "gray" : "own";
    const isRight = asked.color === undefined || asked.color === (color === "gray" ? "gray" : format.color);
    const size = mode.range ? within(mode.range, width, height) : mode;
    if (!isRight || !format.fits(size.width, size.height)) continue;
    const chosen = rate === undefined ? undefined : nearestRate(mode, rate);
    const isDeep = asked.dtype === "uint16";
    found.push({
      mode: {
        ...{ format, width: size.width, height: size.height, color },
        ...(chosen !== undefined && { rate: chosen }),
      },
      badness: [
        asked.dtype !== undefined && (format.dtype === "uint16") !== isDeep ? 1 : 0,
        Math.abs(size.width - width) + Math.abs(size.height - height),
        rate === undefined || chosen === undefined ? 0 : Math.abs(chosen - rate) / rate,
        // Bits that nobody asked for cost, too.
        (color === "gray" ? format.cost.gray! : format.cost.own) +
          (isDeep || format.dtype === "uint8" ? 0 : 0.5),
        isDeep ? -(format.bits ?? 16) : 0,
      ],
    });
  }
  found.sort((a, b) => compare(a.badness, b.badness));
  return found[0]?.mode ?? describeLack(modes, asked);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) {
    const difference = value - b[at]!;
    if (Math.abs(difference) > 1e-6) return difference;
  }
  return 0;
}

function within(range: SizeRange, width: number, height: number): { width: number; height: number } {
  const nearest = (value: number, least: number, most: number, step: number): number =>
    Math.min(most, least + Math.round(Math.max(0, value - least) / Math.max(1, step)) * Math.max(1, step));
  return {
    width: nearest(width, range.minWidth, range.maxWidth, range.stepWidth),
    height: nearest(height, range.minHeight, range.maxHeight, range.stepHeight),
  };
}

/** The rate that the device has next to what is asked for; of two that are as near, the faster. */
export function nearestRate({ rates, slowest }: DeviceMode, asked: number): number | undefined {
  const [fastest] = rates;
  if (fastest === undefined) return undefined;
  if (slowest !== undefined) return Math.min(fastest, Math.max(slowest, asked));
  return rates.reduce((best, rate) => (Math.abs(rate - asked) < Math.abs(best - asked) - 1e-9 ? rate : best));
}

function describeLack(modes: readonly DeviceMode[], asked: Asked): string {
  const names = [...new Set(modes.map(({ pixelFormat }) => pixelFormat))];
  const known = names.filter((name) => findPixelFormat(name));
  if (known.length === 0)
    return `none of its pixel formats is read here (it has: ${names.join(", ") || "none"})`;
  const what = asked.pixelFormat ?? asked.color ?? "such pictures";
  const colors = new Set(known.map((name) => findPixelFormat(name)!.color));
  return `it does not give ${what} (it has: ${known.join(", ")}; colours: ${[...colors].join(", ")})`;
}
