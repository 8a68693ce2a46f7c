import { asDecimal, niceBelow } from "../drawing/nice-number.js";
import { compileTime } from "../drawing/strftime.js";
import { zoneOffset } from "../drawing/zone-offset.js";
import type { Range } from "./series.js";

export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** How times are written on an axis. */
export interface TimeScale {
  /** `seconds` as they are, `elapsed` since `start`, `clock` as time of day in `zone`. */
  readonly style: "seconds" | "elapsed" | "clock";
  readonly start: number;
  readonly zone: string;
}

/** Round numbers: steps of 1, 2 or 5 times a power of ten, about `count` of them or fewer. */
export function numberTicks({ min, max }: Range, count: number): Tick[] {
  const step = stepFor(max - min, count);
  const values = multiples(min, max, step);
  const label = numberLabel(step, Math.max(Math.abs(min), Math.abs(max)));
  return values.map((value) => ({ value, label: label(value) }));
}

function stepFor(span: number, count: number): number {
  const least = span / Math.max(1, count);
  const below = niceBelow(least);
  return [1, 2, 2.5, 5, 10]
    .map((factor) => asDecimal(below * factor))
    .find((step) => step >= least * (1 - 1e-9) && isNice(step))!;
}

function isNice(step: number): boolean {
  return Math.abs(niceBelow(step) / step - 1) < 1e-9;
}

function multiples(min: number, max: number, step: number): number[] {
  const slack = 1e-9 * step;
  const first = Math.ceil((min - slack) / step);
  const count = Math.max(0, Math.floor((max + slack) / step) - first + 1);
  return Array.from({ length: count }, (_, i) => asDecimal((first + i) * step));
}

/** All numbers of an axis with the same digits; very large and very small ones with a power of ten. */
function numberLabel(step: number, largest: number): (value: number) => string {
  const signed = (text: string): string => text.replace(/^-/, "−").replace(/^−(0(\.0*)?)$/, "$1");
  const power = Math.floor(Math.log10(largest) + 1e-12);
  if (largest >= 1e6 || largest < 1e-3) {
    const digits = Math.max(0, power - Math.floor(Math.log10(step) + 1e-9));
    return (value) =>
      value === 0 ? "0" : `${signed((value / 10 ** power).toFixed(digits))}×10${raised(power)}`;
  }
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return (value) => signed(value.toFixed(digits));
}

function raised(power: number): string {
  return [...String(power)].map((sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)])).join("");
}

const clockSteps = [
  ...[1, 2, 5, 10, 15, 30],
  ...[60, 120, 300, 600, 900, 1800],
  ...[3600, 7200, 10_800, 21_600, 43_200, 86_400],
];

/** Ticks of a time axis. */
export function timeTicks({ min, max }: Range, count: number, scale: TimeScale): Tick[] {
  if (scale.style !== "clock") {
    const zero = scale.style === "elapsed" ? scale.start : 0;
    return numberTicks({ min: min - zero, max: max - zero }, count).map(({ value, label }) => ({
      value: value + zero,
      label,
    }));
  }
  const least = (max - min) / Math.max(1, count);
  const step =
    least < 1
      ? stepFor(max - min, count)
      : (clockSteps.find((one) => one >= least) ?? Math.ceil(least / 86_400) * 86_400);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const format =
    step >= 86_400 ? "%F" : step >= 60 ? "%H:%M" : digits > 0 ? `%H:%M:%S.%${Math.min(6, digits)}f` : "%T";
  const label = compileTime(format, scale.zone);
  const offset = zoneOffset(scale.zone)(min);
  // Multiples in the zone's own time, counted from a whole second, where doubles still tell small steps apart.
  const base = Math.floor((min + offset) / 86_400) * 86_400 - offset;
  return multiples(min - base, max - base, step).map((value) => ({
    value: base + value,
    label: label(base + value),
  }));
}
