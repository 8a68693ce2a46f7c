import { fillOutline } from "../drawing/coverage.js";
import { markerOutline } from "../drawing/marker-outline.js";
import { type Anchor, placeBox } from "../drawing/place.js";
import { measureText } from "../drawing/text-mask.js";
import type { Axes } from "./axes.js";
import type { Canvas } from "./canvas.js";
import type { Chart, ChartStyle } from "./chart.js";

/** Names and colours of the series, in a corner of the chart. */
export function drawLegend(
  canvas: Canvas,
  axes: Axes,
  names: readonly string[],
  sign: NonNullable<Chart["legend"]>,
  { theme, colors, lineWidth, markerSize }: ChartStyle,
  at: Anchor,
): void {
  const { fontSize: size } = axes.facts;
  const line = measureText("", { size }).height;
  const signWidth = Math.round(size * 1.6);
  const pad = Math.round(size / 3);
  const width = Math.max(...names.map((name) => measureText(name, { size }).width)) + signWidth + 3 * pad;
  const height = line * names.length + 2 * pad;
  const place = placeBox({ at, margin: pad + 1 }, width, height, axes.area);
  const [left, top] = [axes.area.left + place.left, axes.area.top + place.top];
  canvas.rectangle({ left, top, width, height }, canvas.paint(theme.panel, 0.8));
  for (const [i, name] of names.entries()) {
    const middle = top + pad + line * (i + 0.5);
    const paint = canvas.paint(colors[i % colors.length]!);
    const start = left + pad;
    if (sign === "line") {
      const clip = { left: start, top, width: signWidth, height };
      canvas.line([start, middle, start + signWidth, middle], Math.max(2, lineWidth), clip, paint);
    } else if (sign === "dot") {
      canvas.mask(
        fillOutline(markerOutline("dot", start + signWidth / 2, middle, markerSize, 1)),
        0,
        0,
        paint,
      );
    } else {
      const block = Math.round(size * 0.7);
      canvas.rectangle(
        {
          left: start + signWidth - block - pad,
          top: Math.round(middle - block / 2),
          width: block,
          height: block,
        },
        paint,
      );
    }
    canvas.text(name, size, start + signWidth + pad, middle, 0, 0.5, canvas.paint(theme.ink));
  }
}
