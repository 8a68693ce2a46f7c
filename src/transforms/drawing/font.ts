import { inflateSync } from "fflate";
import { dejavuSans } from "./dejavu-sans.js";
import { type Outline, pushCurve } from "./outline.js";

interface Glyph {
  /** Font units. */
  readonly advance: number;
  /** Each x, y, 1 if on the curve …; quadratic, y upwards, in font units. */
  readonly contours: readonly Int32Array[];
  readonly parts: readonly { readonly glyph: number; readonly dx: number; readonly dy: number }[];
}

/** Lengths are font units, y upwards from the baseline. */
export interface Font {
  readonly unitsPerEm: number;
  readonly ascender: number;
  /** Negative. */
  readonly descender: number;
  /** Height of an x. */
  readonly xHeight: number;
  /** Height of an H. */
  readonly capHeight: number;
  /** The glyph of a character; 0, a box, where the font has none. */
  glyphOf(codePoint: number): number;
  advance(glyph: number): number;
  /** What is added between two glyphs; mostly 0. */
  kerning(left: number, right: number): number;
  /** Its outline, where `place` turns a point of the font into one of the picture. */
  outline(glyph: number, place: (x: number, y: number) => readonly [number, number]): Outline;
}

let loaded: Font | undefined;

/** DejaVu Sans with its Latin, Greek and Cyrillic letters, arrows, mathematics and signs; read when first asked for. */
export function dejavuFont(): Font {
  loaded ??= readFont(inflateSync(Uint8Array.from(atob(dejavuSans), (byte) => byte.charCodeAt(0))));
  return loaded;
}

/** The table is described in scripts/make-font-table.py. */
function readFont(bytes: Uint8Array): Font {
  let at = 0;
  const unsigned = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const unzigzag = (value: number): number => (value >>> 1) ^ -(value & 1);
  const signed = (): number => unzigzag(unsigned());

  const [ascender, descender, xHeight, capHeight, unitsPerEm] = Array.from({ length: 5 }, signed);
  const codes = new Map<number, number>();
  const glyphs: Glyph[] = [];
  const count = unsigned();
  for (let rank = 0, code = 0; rank < count; rank++) {
    code += unsigned();
    codes.set(code, rank);
    const advance = unsigned();
    const contourCount = unsigned();
    const parts = Array.from({ length: contourCount === 0 ? unsigned() : 0 }, () => ({
      glyph: unsigned(),
      dx: signed(),
      dy: signed(),
    }));
    let [x, y] = [0, 0];
    const contours = Array.from({ length: contourCount }, () => {
      const points = new Int32Array(unsigned() * 3);
      for (let i = 0; i < points.length; i += 3) {
        const packed = unsigned();
        x += unzigzag(packed >>> 1);
        y += signed();
        points.set([x, y, packed & 1], i);
      }
      return points;
    });
    glyphs.push({ advance, contours, parts });
  }
  // The first is the box; its code point of 0 is no character.
  codes.delete(0);
  const pairs = new Map<number, number>();
  let left = 0;
  for (let remaining = unsigned(); remaining > 0; remaining--) {
    left += unsigned();
    pairs.set(left * count + unsigned(), signed());
  }

  const outline: Font["outline"] = (rank, place) => {
    const { contours, parts } = glyphs[rank]!;
    return [
      ...contours.map((points) => flatten(points, place)),
      ...parts.flatMap(({ glyph, dx, dy }) => outline(glyph, (px, py) => place(px + dx, py + dy))),
    ];
  };
  return {
    ...{ unitsPerEm: unitsPerEm!, ascender: ascender!, descender: descender! },
    ...{ xHeight: xHeight!, capHeight: capHeight!, outline },
    glyphOf: (codePoint) => codes.get(codePoint) ?? 0,
    advance: (glyph) => glyphs[glyph]!.advance,
    kerning: (left, right) => pairs.get(left * count + right) ?? 0,
  };
}

/** TrueType's quadratic contour as chords: between two points off the curve lies one on it, half-way. */
function flatten(
  points: Int32Array,
  place: (x: number, y: number) => readonly [number, number],
): Float64Array {
  const count = points.length / 3;
  const placed = Array.from({ length: count }, (_, i) => place(points[i * 3]!, points[i * 3 + 1]!));
  const isOn = (i: number): boolean => points[(i % count) * 3 + 2] === 1;
  const at = (i: number): readonly [number, number] => placed[i % count]!;
  const between = (i: number): readonly [number, number] => {
    const [[ax, ay], [bx, by]] = [at(i), at(i + 1)];
    return [(ax + bx) / 2, (ay + by) / 2];
  };
  const start = points.findIndex((value, i) => i % 3 === 2 && value === 1);
  const first = start < 0 ? 0 : (start - 2) / 3;
  const out: number[] = [...(start < 0 ? between(count - 1) : at(first))];
  for (let i = first + (start < 0 ? 0 : 1); i < first + count; i++) {
    if (isOn(i)) out.push(...at(i));
    else {
      const end = isOn(i + 1) ? at(i + 1) : between(i);
      pushCurve(out, ...at(i), ...end);
    }
  }
  return Float64Array.from(out);
}
