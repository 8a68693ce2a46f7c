import type { Clip } from "../drawing/coverage.js";
import { measureText, textMask, turnedUp } from "../drawing/text-mask.js";
import type { Canvas } from "./canvas.js";
import type { Range } from "./series.js";
import { levelColor, type Theme } from "./theme.js";
import { numberTicks, type Tick } from "./ticks.js";

/** What stands around the data of a chart. */
export interface AxesFacts {
  readonly width: number;
  readonly height: number;
  /** Pixels an em. */
  readonly fontSize: number;
  readonly theme: Theme;
  readonly title: string | undefined;
  readonly xLabel: string | undefined;
  readonly yLabel: string | undefined;
  readonly grid: boolean;
  readonly y: Range;
  /** Names of rows from top to bottom, instead of numbers. */
  readonly rows: readonly string[] | undefined;
  /** Values of a colour bar. */
  readonly colors: Range | undefined;
  /** Red, green and blue of its 256 levels. */
  readonly map: Uint8Array;
  readonly xTicks: (range: Range, count: number) => Tick[];
}

/** Where the data go, in whole pixels. */
export class Axes {
  readonly facts: AxesFacts;
  readonly area: Clip;
  readonly #yTicks: readonly Tick[];

  /** @param x the widest labels of this range have to fit. */
  constructor(facts: AxesFacts, x: Range) {
    this.facts = facts;
    const { width, height, fontSize, title, xLabel, yLabel } = facts;
    const line = measureText("", { size: fontSize }).height;
    const gap = Math.max(3, Math.round(fontSize / 3));
    const top = (title === undefined ? Math.ceil(line / 2) + 1 : this.#titleHeight()) + gap;
    const bottom = height - line - tickLength - 2 - (xLabel === undefined ? 0 : line) - gap;
    const down = Math.max(1, bottom - top);
    this.#yTicks = facts.rows ? rowTicks(facts.rows, down, line) : numberTicks(facts.y, down / (line * 2));
    const labels = Math.max(
      0,
      ...this.#yTicks.map(({ label }) => measureText(label, { size: fontSize }).width),
    );
    const beside = labels + tickLength + 2 + (yLabel === undefined ? 0 : line + gap) + gap;
    const widest = Math.max(0, ...this.#xTicks(x, width - beside).map(({ label }) => this.#widthOf(label)));
    // The first and the last label of the x axis may reach beyond it by a half.
    const overhang = Math.ceil(widest / 2);
    const left = Math.max(beside, overhang + 1);
    const bar = facts.colors ? this.#colorBarWidth(facts.colors, down) : 0;
    const right = width - Math.max(overhang, gap) - 1 - bar;
    this.area = { left, top, width: Math.max(1, right - left), height: down };
  }

  /** The pixel border that a value lies at. */
  xOf(value: number, { min, max }: Range): number {
    return this.area.left + ((value - min) / (max - min)) * this.area.width;
  }

  yOf(value: number, { min, max } = this.facts.y): number {
    return this.area.top + (1 - (value - min) / (max - min)) * this.area.height;
  }

  /** All but the data. */
  draw(canvas: Canvas, x: Range): void {
    const { theme, fontSize, title, xLabel, yLabel, grid, width, height } = this.facts;
    const { left, top, width: across, height: down } = this.area;
    const [ink, faint] = [canvas.paint(theme.ink), canvas.paint(theme.grid, theme.gridOpacity)];
    const bottom = top + down;
    for (const { value, label } of this.#xTicks(x, across)) {
      const column = Math.min(left + across - 1, Math.floor(this.xOf(value, x)));
      if (grid) canvas.rectangle({ left: column, top, width: 1, height: down }, faint);
      canvas.rectangle({ left: column, top: bottom, width: 1, height: tickLength }, ink);
      canvas.text(label, fontSize, column, bottom + tickLength + 1, 0.5, 0, ink);
    }
    for (const { value, label } of this.#yTicks) {
      const row = this.#rowOf(value);
      if (grid && !this.facts.rows) canvas.rectangle({ left, top: row, width: across, height: 1 }, faint);
      canvas.rectangle({ left: left - tickLength, top: row, width: tickLength, height: 1 }, ink);
      canvas.text(label, fontSize, left - tickLength - 2, row + 1, 1, 0.5, ink);
    }
    canvas.rectangle({ left: left - 1, top, width: 1, height: down + 1 }, ink);
    canvas.rectangle({ left: left - 1, top: bottom, width: across + 1, height: 1 }, ink);
    const middle = left + across / 2;
    if (title !== undefined) canvas.text(title, this.#titleSize(), middle, 2, 0.5, 0, ink);
    if (xLabel !== undefined) canvas.text(xLabel, fontSize, middle, height - 2, 0.5, 1, ink);
    if (yLabel !== undefined) {
      canvas.text(turnedUp(textMask(yLabel, { size: fontSize })), fontSize, 2, top + down / 2, 0, 0.5, ink);
    }
    if (this.facts.colors) this.#drawColorBar(canvas, this.facts.colors, width);
  }

  #rowOf(value: number): number {
    const { top, height } = this.area;
    if (this.facts.rows) return Math.floor(top + ((value + 0.5) / this.facts.rows.length) * height);
    return Math.min(top + height, Math.floor(this.yOf(value)));
  }

  #xTicks(x: Range, across: number): Tick[] {
    // As many as leave room between their labels, which may be long.
    const { fontSize, xTicks } = this.facts;
    for (let count = Math.max(2, Math.floor(across / (fontSize * 4))); ; count--) {
      const ticks = xTicks(x, count);
      const widest = Math.max(0, ...ticks.map(({ label }) => this.#widthOf(label)));
      if (count <= 1 || ticks.length * (widest + fontSize * 0.8) <= across) return ticks;
    }
  }

  #widthOf(text: string): number {
    return measureText(text, { size: this.facts.fontSize }).width;
  }

  #titleSize(): number {
    return Math.round(this.facts.fontSize * 1.15);
  }

  #titleHeight(): number {
    return measureText(this.facts.title ?? "", { size: this.#titleSize() }).height + 1;
  }

  #colorTicks(colors: Range, down: number): Tick[] {
    return numberTicks(colors, down / (this.facts.fontSize * 2.5));
  }

  #colorBarWidth(colors: Range, down: number): number {
    const labels = this.#colorTicks(colors, down).map(({ label }) => this.#widthOf(label));
    return 2 * this.facts.fontSize + tickLength + Math.max(0, ...labels);
  }

  #drawColorBar(canvas: Canvas, colors: Range, width: number): void {
    const { theme, fontSize } = this.facts;
    const { left: start, top, width: across, height } = this.area;
    const left = start + across + fontSize;
    const bar = Math.min(fontSize, width - left);
    const ink = canvas.paint(theme.ink);
    for (let y = 0; y < height; y++) {
      const level = Math.floor((1 - (y + 0.5) / height) * 256);
      const paint = canvas.paint(levelColor(this.facts.map, level));
      canvas.rectangle({ left, top: top + y, width: bar, height: 1 }, paint);
    }
    for (const { value, label } of this.#colorTicks(colors, height)) {
      const row = Math.min(top + height - 1, Math.floor(this.yOf(value, colors)));
      canvas.rectangle({ left: left + bar, top: row, width: tickLength, height: 1 }, ink);
      canvas.text(label, fontSize, left + bar + tickLength + 2, row + 1, 0, 0.5, ink);
    }
  }
}

const tickLength = 4;

/** Every name where there is room, else every second, fifth, tenth … */
function rowTicks(rows: readonly string[], down: number, line: number): Tick[] {
  const most = Math.max(1, Math.floor(down / line));
  const every =
    [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => rows.length / step <= most) ?? rows.length;
  return rows.flatMap((label, value) => (value % every === 0 ? [{ value, label }] : []));
}
