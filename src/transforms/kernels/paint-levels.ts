import { inStrips } from "./in-strips.js";

/**
 * Looks the colour of every level up.
 * @param table for each level 0x00rrggbb, whose bytes are b, g, r from the lowest.
 */
export function levelPainter(table: Uint32Array): (levels: Uint8Array) => Uint8Array {
  const paint = inStrips({
    ...{ bytesIn: 1, bytesOut: 3, table: new Uint8Array(table.buffer) },
    run: ({ paintLevels }, { src, dst, table }, count) => paintLevels(src, dst, count, table),
  });
  return paint ?? ((levels) => paintLevelsPlain(levels, table));
}

/** The same without vectors: what the kernel must give. */
export function paintLevelsPlain(levels: Uint8Array, table: Uint32Array): Uint8Array {
  const out = new Uint8Array(levels.length * 3);
  for (let i = 0, to = 0; i < levels.length; i++, to += 3) {
    const color = table[levels[i]!]!;
    out[to] = color;
    out[to + 1] = color >>> 8;
    out[to + 2] = color >>> 16;
  }
  return out;
}
