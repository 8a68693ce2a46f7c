import type { Image, ImageInfo } from "../../core/image.js";
import { sampleRange } from "../sample-range.js";
import { type Interpolation, interpolationWeights, tapsOf } from "./interpolation.js";
import { layOut, workbench } from "./wasm.js";

/** Where the pixels that come out lie, in 1024ths of a pixel: so far from the start of their row. */
export interface WarpPlaces {
  readonly acrossX: Int32Array;
  readonly acrossY: Int32Array;
  /** Two for each row: where it starts, with the half that rounding adds. */
  readonly starts: Int32Array;
}

/**
 * Moves pictures of bytes, with vectors.
 * @param border one sample a channel: what lies outside.
 * @returns undefined where there are no vectors, or for pictures of other kinds.
 */
export function bytesWarper(
  info: ImageInfo,
  out: ImageInfo,
  { acrossX, acrossY, starts }: WarpPlaces,
  interpolation: Interpolation,
  border: readonly number[],
): ((image: Image) => Image) | undefined {
  const { width, height, channels } = info;
  const isByte = (sample: number): boolean => Number.isInteger(sample) && sample >= 0 && sample <= 255;
  if (info.dtype !== "uint8" || sampleRange(info).white !== 255) return undefined;
  if (![1, 3, 4].includes(channels) || !border.every(isByte)) return undefined;
  const kind = interpolation === "nearest" ? 1 : tapsOf[interpolation];
  const line = (width + 2 * kind) * channels;
  const bytes = out.width * out.height * channels;
  const table = kind > 2 ? byteWeights(interpolation as "cubic" | "lanczos") : new Float32Array();
  const layout = layOut({
    ...{ src: line * (height + 2 * kind), dst: bytes, starts: starts.byteLength, border: 16 },
    ...{ acrossX: acrossX.byteLength, acrossY: acrossY.byteLength, table: table.byteLength },
  });
  if (!workbench(layout)) return undefined;
  const origin = layout.src + (kind * line + kind * channels);
  const edge = Uint8Array.from({ length: line }, (_, i) => border[i % channels]!);
  const isEven = border.every((sample) => sample === border[0]);
  return ({ data }) => {
    const { kernels, buffer, put, take } = workbench(layout)!;
    const padded = new Uint8Array(buffer, layout.src, line * (height + 2 * kind));
    if (isEven) padded.fill(border[0]!);
    else for (let at = 0; at < padded.length; at += line) padded.set(edge, at);
    const from = data as Uint8Array;
    const row = width * channels;
    for (let y = 0, at = origin - layout.src; y < height; y++, at += line) {
      padded.set(from.subarray(y * row, (y + 1) * row), at);
    }
    put(layout.starts, starts);
    put(layout.border, edge.subarray(0, channels));
    put(layout.acrossX, acrossX);
    put(layout.acrossY, acrossY);
    put(layout.table, table);
    kernels.warpBytes(
      ...[origin, layout.dst, line, width, height, out.width, out.height, channels],
      ...[layout.acrossX, layout.acrossY, layout.starts, layout.border, kind, layout.table],
    );
    return { ...out, data: take(layout.dst, bytes) };
  };
}

/** For each 32nd of a pixel the weights of the pixels around. */
function byteWeights(kind: "cubic" | "lanczos"): Float32Array {
  return Float32Array.from(
    Array.from({ length: 32 }, (_, share) => interpolationWeights(kind, share / 32)).flat(),
  );
}

/**
 * One row of bytes that come out, as the kernel reckons it with four or eight pixels per side: columns are weighted first, and
 * then summed two and two, all in single precision. Without vectors.
 */
export function tapsBytesRow(kind: "cubic" | "lanczos") {
  const taps = tapsOf[kind];
  const table = byteWeights(kind);
  const { fround } = Math;
  return (
    { data, width, height, channels }: Image,
    places: { readonly x: Int32Array; readonly y: Int32Array },
    border: readonly number[],
    to: Uint8Array | Uint16Array | Float32Array,
    at: number,
  ): void => {
    const from = data as Uint8Array;
    const columns = new Float32Array(taps);
    for (let i = 0, k = at; i < places.x.length; i++) {
      const x = (places.x[i]! >> 5) + 1 - taps / 2;
      const y = (places.y[i]! >> 5) + 1 - taps / 2;
      const [sharesX, sharesY] = [(places.x[i]! & 31) * taps, (places.y[i]! & 31) * taps];
      const isOutside = x + taps <= 0 || y + taps <= 0 || x >= width || y >= height;
      for (let c = 0; c < channels; c++, k++) {
        if (isOutside) {
          to[k] = border[c]!;
          continue;
        }
        for (let tap = 0; tap < taps; tap++) {
          let sum = 0;
          const isColumn = x + tap >= 0 && x + tap < width;
          for (let row = 0; row < taps; row++) {
            const isInside = isColumn && y + row >= 0 && y + row < height;
            const sample = isInside ? from[((y + row) * width + x + tap) * channels + c]! : border[c]!;
            sum = fround(sum + fround(sample * table[sharesY + row]!));
          }
          columns[tap] = sum * table[sharesX + tap]!;
        }
        if (taps === 8) for (let tap = 0; tap < 4; tap++) columns[tap]! += columns[tap + 4]!;
        const sum = fround(fround(columns[0]! + columns[1]!) + fround(columns[2]! + columns[3]!));
        to[k] = Math.max(0, Math.min(255, Math.trunc(fround(sum + 0.5))));
      }
    }
  };
}
