#!/usr/bin/env python3
"""Turns the outlines of DejaVu Sans into src/transforms/drawing/dejavu-sans.ts.

    apt-get install fonts-dejavu-core python3-fonttools
    python3 scripts/make-font-table.py [DejaVuSans.ttf]

What the table holds, all numbers as variable-length integers of 7 bits each, lowest first, signed ones zigzag:

    ascender descender x-height cap-height units      of the font, in font units
    glyphs                                             how many; the first is the box for unknown characters
    each: code-point (difference to the one before)  advance  contours
        contours > 0    each: points, then each: dx * 2 + (1 if on the curve)  dy    (quadratic, as in TrueType)
        contours = 0    components: how many, then each: glyph  dx  dy
    pairs                                              how many pairs are kerned
    each: left glyph (difference)  right glyph  shift

deflated, in base64.
"""

import base64
import pathlib
import sys
import zlib

from fontTools.ttLib import TTFont

RANGES = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x2C6, 0x2DD), (0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF),
    (0x2010, 0x205E), (0x2070, 0x209F), (0x20A0, 0x20BF), (0x2100, 0x218F), (0x2190, 0x21FF), (0x2200, 0x22FF),
    (0x2300, 0x230F), (0x23E9, 0x23F3), (0x2580, 0x258F), (0x25A0, 0x25FF), (0x2605, 0x2606), (0x2640, 0x2642),
    (0x266D, 0x266F), (0x2713, 0x2718), (0x27E8, 0x27E9), (0xFFFD, 0xFFFD),
]


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    font = TTFont(path)
    outlines, widths, cmap = font["glyf"], font["hmtx"], font.getBestCmap()
    chosen = [(0, ".notdef")] + [(code, cmap[code]) for first, last in RANGES
                                 for code in range(first, last + 1) if code in cmap]
    rank = {}
    for index, (_, name) in enumerate(chosen):
        rank.setdefault(name, index)

    out = bytearray()

    def unsigned(value):
        while value > 127:
            out.append(value & 127 | 128)
            value >>= 7
        out.append(value)

    def signed(value):
        unsigned(value * 2 if value >= 0 else -value * 2 - 1)

    def bounds(character):
        return outlines[cmap[ord(character)]].yMax

    hhea = font["hhea"]
    for value in (hhea.ascent, hhea.descent, bounds("x"), bounds("H"), font["head"].unitsPerEm):
        signed(value)
    unsigned(len(chosen))
    before = 0
    for code, name in chosen:
        unsigned(code - before)
        before = code
        unsigned(widths[name][0])
        glyph = outlines[name]
        if glyph.isComposite() and all(
            part.glyphName in rank and not hasattr(part, "scale") and not hasattr(part, "transform")
            and hasattr(part, "x") for part in glyph.components
        ):
            unsigned(0)
            unsigned(len(glyph.components))
            for part in glyph.components:
                unsigned(rank[part.glyphName])
                signed(part.x)
                signed(part.y)
            continue
        points, ends, flags = glyph.getCoordinates(outlines)
        if len(ends) == 0:
            unsigned(0)
            unsigned(0)
            continue
        unsigned(len(ends))
        start, (x, y) = 0, (0, 0)
        for end in ends:
            unsigned(end + 1 - start)
            for (px, py), flag in zip(points[start:end + 1], flags[start:end + 1]):
                dx = px - x
                unsigned((dx * 2 if dx >= 0 else -dx * 2 - 1) * 2 + (flag & 1))
                signed(py - y)
                x, y = px, py
            start = end + 1

    kerned = {}
    for table in font["kern"].kernTables:
        for (left, right), shift in table.kernTable.items():
            if left in rank and right in rank and shift:
                kerned[rank[left], rank[right]] = shift
    unsigned(len(kerned))
    before = 0
    for (left, right), shift in sorted(kerned.items()):
        unsigned(left - before)
        before = left
        unsigned(right)
        signed(shift)

    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    text = base64.b64encode(deflate.compress(bytes(out)) + deflate.flush()).decode()
    target = pathlib.Path(__file__).parent.parent / "src/transforms/drawing/dejavu-sans.ts"
    target.write_text(
        "// Made by scripts/make-font-table.py, which says how it is to be read. Do not edit.\n"
        "// The outlines are those of DejaVu Sans 2.37; its licence is docs/dejavu-licence.txt.\n"
        "\n"
        f"/** {len(chosen)} glyphs and {len(kerned)} kerned pairs. */\n"
        "// biome-ignore format: one long text\n"
        f'export const dejavuSans = "{text}";\n'
    )
    print(f"{len(chosen)} glyphs, {len(kerned)} pairs, {len(out)} bytes, {len(text)} characters")


main()
