import { TransformError } from "../../core/errors.js";
import type { Mask } from "./coverage.js";
import { type Face, faceOf } from "./face.js";

export interface TextStyle {
  /** Pixels an em. */
  readonly size: number;
  /** How lines stand to each other. @default "left" */
  readonly align?: "left" | "center" | "right";
  /** From baseline to baseline, in heights of a line. @default 1 */
  readonly lineHeight?: number;
  /** How far each letter is widened in all directions, in whole pixels. @default 0 */
  readonly spread?: number;
}

/** Text as coverage. (0, 0) is the top left corner of its box; ink may reach a little beyond it. */
export interface TextMask extends Mask {
  /** The widest line. */
  readonly boxWidth: number;
  /** From the top of the first line to the bottom of the last. */
  readonly boxHeight: number;
}

interface PlacedGlyph {
  readonly mask: Mask;
  readonly x: number;
  readonly y: number;
}

/** Letters and their accents as one character, where there is one; tabs as four spaces. */
function linesOf(text: string): string[] {
  return text
    .normalize("NFC")
    .replaceAll("\t", "    ")
    .split(/\r\n|\r|\n/);
}

/** What a text takes, without drawing it. */
export function measureText(
  text: string,
  { size, lineHeight = 1 }: TextStyle,
): { readonly width: number; readonly height: number } {
  const face = faceOf(size);
  const lines = linesOf(text);
  const step = Math.round((face.ascent + face.descent) * lineHeight);
  return {
    width: Math.max(...lines.map((line) => penWidth(face, line))),
    height: step * (lines.length - 1) + face.ascent + face.descent,
  };
}

function penWidth(face: Face, line: string): number {
  return layLine(face, line).width;
}

/**
 * The pen goes on by what the font says; each glyph is put at the nearest whole pixel, so that it looks the same wherever it
 * stands. So does Pillow.
 */
function layLine(face: Face, line: string): { readonly glyphs: [number, number][]; readonly width: number } {
  const glyphs: [number, number][] = [];
  let pen = 0;
  let before = -1;
  for (const character of line) {
    const code = character.codePointAt(0)!;
    if (isInvisible(code)) continue;
    const glyph = face.glyphOf(code);
    if (before >= 0) pen += face.kerning(before, glyph);
    glyphs.push([glyph, Math.round(pen)]);
    pen += face.advance(glyph);
    before = glyph;
  }
  return { glyphs, width: Math.max(0, Math.ceil(pen - 1e-6)) };
}

/** Controls, joiners and marks of direction, which have no picture of their own. */
function isInvisible(code: number): boolean {
  return (
    code < 32 ||
    (code >= 0x7f && code < 0xa0) ||
    code === 0xad ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0xfe00 && code <= 0xfe0f) ||
    code === 0xfeff
  );
}

/** Of one text; more is a mistake. */
const mostPixels = 1 << 27;

/**
 * Text as coverage: DejaVu Sans, kerned, characters that it does not have as boxes.
 * @throws {TransformError} if it would have more than 134 million pixels.
 */
export function textMask(text: string, style: TextStyle): TextMask {
  const { size, align = "left", lineHeight = 1, spread = 0 } = style;
  const face = faceOf(size);
  const lines = linesOf(text).map((line) => layLine(face, line));
  const step = Math.round((face.ascent + face.descent) * lineHeight);
  const boxWidth = Math.max(...lines.map(({ width }) => width));
  const boxHeight = step * (lines.length - 1) + face.ascent + face.descent;
  if (boxWidth * boxHeight > mostPixels) {
    throw new TransformError("text", `${boxWidth}x${boxHeight} pixels are more than any picture has`);
  }
  const share = align === "left" ? 0 : align === "center" ? 0.5 : 1;
  const placed = lines.flatMap(({ glyphs, width }, row) => {
    const indent = Math.round((boxWidth - width) * share);
    return glyphs.map(
      ([glyph, x]): PlacedGlyph => ({
        mask: face.mask(glyph, spread),
        x: indent + x,
        y: face.ascent + row * step,
      }),
    );
  });
  return { ...joinMasks(placed), boxWidth, boxHeight };
}

function joinMasks(placed: readonly PlacedGlyph[]): Mask {
  let [left, top, right, bottom] = [0, 0, 0, 0];
  for (const { mask, x, y } of placed) {
    left = Math.min(left, x + mask.left);
    top = Math.min(top, y + mask.top);
    right = Math.max(right, x + mask.left + mask.width);
    bottom = Math.max(bottom, y + mask.top + mask.height);
  }
  const [width, height] = [right - left, bottom - top];
  const data = new Uint8Array(width * height);
  for (const { mask, x, y } of placed) {
    for (let row = 0; row < mask.height; row++) {
      let from = row * mask.width;
      let to = (y + mask.top - top + row) * width + x + mask.left - left;
      for (let column = 0; column < mask.width; column++, to++) {
        const value = mask.data[from++]!;
        if (value > data[to]!) data[to] = value;
      }
    }
  }
  return { left, top, width, height, data };
}

/** Turned by a quarter, so that it reads from the bottom to the top; its box begins at (0, 0) again. */
export function turnedUp({ left, top, width, height, data, boxWidth, boxHeight }: TextMask): TextMask {
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned[(width - 1 - x) * height + y] = data[y * width + x]!;
  }
  return {
    ...{ left: top, top: boxWidth - left - width, width: height, height: width, data: turned },
    ...{ boxWidth: boxHeight, boxHeight: boxWidth },
  };
}
