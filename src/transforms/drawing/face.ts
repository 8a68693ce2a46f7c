import { fillOutline, type Mask } from "./coverage.js";
import { dejavuFont, type Font } from "./font.js";
import { spreadMask } from "./spread-mask.js";

/** The font at one size. */
export interface Face {
  /** Pixels an em. */
  readonly size: number;
  /** From the top of a line to its baseline, whole pixels. */
  readonly ascent: number;
  /** From the baseline to the bottom of a line, whole pixels. */
  readonly descent: number;
  /** Height of an H, whole pixels. */
  readonly capHeight: number;
  glyphOf(codePoint: number): number;
  /** Pixels, not rounded. */
  advance(glyph: number): number;
  /** Pixels, not rounded. */
  kerning(left: number, right: number): number;
  /**
   * Its coverage, where (0, 0) is the pen on the baseline. Made once.
   * @param spread how far it is widened in all directions, in whole pixels. @default 0
   */
  mask(glyph: number, spread?: number): Mask;
}

const faces = new Map<number, Face>();

/** Sizes that are kept; the one that was asked for first goes. */
const mostFaces = 32;

/** @param size pixels an em, up to 2,000. */
export function faceOf(size: number): Face {
  const known = faces.get(size);
  if (known) return known;
  const face = makeFace(dejavuFont(), size);
  if (faces.size >= mostFaces) faces.delete(faces.keys().next().value!);
  faces.set(size, face);
  return face;
}

function makeFace(font: Font, size: number): Face {
  const scale = size / font.unitsPerEm;
  const masks = new Map<number, Mask>();
  const fitted = fitHeights(font, scale);
  return {
    size,
    ascent: Math.ceil(font.ascender * scale),
    descent: Math.ceil(-font.descender * scale),
    capHeight: Math.max(1, Math.round(font.capHeight * scale)),
    glyphOf: font.glyphOf,
    advance: (glyph) => font.advance(glyph) * scale,
    kerning: (left, right) => font.kerning(left, right) * scale,
    mask(glyph, spread = 0) {
      const key = spread * 65_536 + glyph;
      let mask = masks.get(key);
      if (mask === undefined) {
        const plain = (): Mask => fillOutline(font.outline(glyph, (x, y) => [x * scale, -fitted(y)]));
        mask = spread > 0 ? spreadMask(this.mask(glyph), spread) : plain();
        masks.set(key, mask);
      }
      return mask;
    },
  };
}

/** How far round letters reach beyond flat ones, in font units of DejaVu Sans. */
const overshoot = 29;

/**
 * Heights of the font to heights in pixels, so that the tops of small letters and of capitals and the baseline fall on the
 * borders of pixels and look sharp: what FreeType's light hinting does, by stretching the zones between them. At small
 * sizes round letters end where flat ones do.
 */
function fitHeights({ xHeight, capHeight }: Font, scale: number): (y: number) => number {
  const over = overshoot * scale < 0.6 ? 0 : overshoot * scale;
  const [x, cap] = [Math.max(1, Math.round(xHeight * scale)), Math.max(1, Math.round(capHeight * scale))];
  const from = [-overshoot, 0, xHeight, xHeight + overshoot, capHeight, capHeight + overshoot];
  const to = [-over, 0, x, x + over, Math.max(cap, x + over), Math.max(cap, x + over) + over];
  const last = from.length - 1;
  return (y) => {
    if (y <= from[0]!) return to[0]! + (y - from[0]!) * scale;
    if (y >= from[last]!) return to[last]! + (y - from[last]!) * scale;
    let zone = 0;
    while (y > from[zone + 1]!) zone++;
    const share = (y - from[zone]!) / (from[zone + 1]! - from[zone]!);
    return to[zone]! + share * (to[zone + 1]! - to[zone]!);
  };
}
