/** What a pixel format's name says; FFmpeg's naming is regular (libavutil/pixfmt.h). */
export interface PixelFormatFacts {
  readonly name: string;
  /** Bits a sample. */
  readonly depth: number;
  /** One plane of luma and nothing else. */
  readonly isGray: boolean;
  readonly isRgb: boolean;
  readonly planes: number;
  /** Plane 0 is luma alone, little-endian, the value in the low bits. */
  readonly hasPlainLuma: boolean;
}

const packedRgb =
  /^(rgb|bgr|argb|abgr|rgba|bgra|0rgb|0bgr|rgb0|bgr0|gbr|gbra|x2rgb|x2bgr|pal8|bayer|monow|monob)/;

export function describePixelFormat(name: string): PixelFormatFacts {
  const isGray = /^gray/.test(name);
  const isRgb = packedRgb.test(name);
  const isPlanarYuv = /^yuvj?a?4[0-9]{2}p/.test(name);
  const hasAlpha = /^(yuva|gbrap|rgba|bgra|argb|abgr|ya)/.test(name);
  return {
    name,
    depth: depthOf(name),
    isGray,
    isRgb,
    planes: planesOf(name, isPlanarYuv, hasAlpha),
    hasPlainLuma: (isPlanarYuv || /^gray1[0-6]/.test(name)) && name.endsWith("le"),
  };
}

function depthOf(name: string): number {
  const planar = /^(?:yuva?4\d\dp|gbra?p|gray|ya|yaf)(\d+)(?:le|be)$/.exec(name);
  if (planar) return Number(planar[1]);
  if (/^(rgb48|bgr48|rgba64|bgra64|bayer_\w+16)/.test(name)) return 16;
  if (/^(p0?1[026]|p21\d|p41\d|nv20|x2rgb10|x2bgr10|y21\d|xv30|v30x)/.test(name)) return 10;
  if (/^(xyz12|y212|xv36)/.test(name)) return 12;
  return 8;
}

function planesOf(name: string, isPlanarYuv: boolean, hasAlpha: boolean): number {
  if (isPlanarYuv) return hasAlpha ? 4 : 3;
  if (/^gbrap/.test(name)) return 4;
  if (/^gbrp/.test(name)) return 3;
  return /^(nv|p0|p2|p4)/.test(name) ? 2 : 1;
}
