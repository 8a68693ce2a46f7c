import { UnsupportedError } from "../core/errors.js";
import type { BayerPattern, Color, ImageInfo } from "../core/image.js";
import { bayer } from "../core/pixels/bayer.js";
import { bgra, gray, rgb } from "../core/pixels/channel-order.js";
import { hls, hlsFull, hsv, hsvFull } from "../core/pixels/hsv-hls.js";
import { lab, luv } from "../core/pixels/lab-luv.js";
import { bgr555, bgr565 } from "../core/pixels/packed-rgb.js";
import type { PixelDecoder } from "../core/pixels/pixel-decoder.js";
import { xyz } from "../core/pixels/xyz.js";
import { ycrcb, yuv } from "../core/pixels/ycrcb.js";
import { yuv420, yuv422 } from "../core/pixels/yuv-planes.js";

const rggb = bayer({ row: 0, column: 0 });
const grbg = bayer({ row: 0, column: 1 });
const gbrg = bayer({ row: 1, column: 0 });
const bggr = bayer({ row: 1, column: 1 });
const yv12 = yuv420({ planar: true, uFirst: false });
const i420 = yuv420({ planar: true, uFirst: true });
const nv21 = yuv420({ planar: false, uFirst: false });
const nv12 = yuv420({ planar: false, uFirst: true });
const uyvy = yuv422({ y: 1, u: 0, v: 2 });
const yuyv = yuv422({ y: 0, u: 1, v: 3 });
const yvyu = yuv422({ y: 0, u: 3, v: 1 });

/**
 * The names that imgstore has for encodings of pixels, which are those of OpenCV's conversions to BGR. OpenCV names
 * Bayer patterns after the second pixel of the second row: `cv_bayerbg` has red in the first pixel of the first row.
 */
const decoders: { readonly [name: string]: PixelDecoder } = {
  cv_bayerbg: rggb,
  cv_bayerrggb: rggb,
  cv_bayergb: grbg,
  cv_bayergrbg: grbg,
  cv_bayergr: gbrg,
  cv_bayergbrg: gbrg,
  cv_bayerrg: bggr,
  cv_bayerbggr: bggr,
  cv_gray: gray,
  cv_rgb: rgb,
  cv_rgba: rgb,
  cv_bgra: bgra,
  cv_bgr555: bgr555,
  cv_bgr565: bgr565,
  cv_hsv: hsv,
  cv_hsv_full: hsvFull,
  cv_hls: hls,
  cv_hls_full: hlsFull,
  cv_lab: lab,
  cv_luv: luv,
  cv_xyz: xyz,
  cv_ycrcb: ycrcb,
  cv_yuv: yuv,
  cv_yuv420p: yv12,
  cv_yuv_yv12: yv12,
  cv_yuv_i420: i420,
  cv_yuv_iyuv: i420,
  cv_yuv420sp: nv21,
  cv_yuv_nv21: nv21,
  cv_yuv_nv12: nv12,
  cv_yuv_uyvy: uyvy,
  cv_yuv_uynv: uyvy,
  cv_yuv_y422: uyvy,
  cv_yuv_yuyv: yuyv,
  cv_yuv_yuy2: yuyv,
  cv_yuv_yunv: yuyv,
  cv_yuv_yvyu: yvyu,
};

/** Every encoding that is known, by imgstore's name. */
export const pixelEncodings: readonly string[] = Object.keys(decoders);

/**
 * What turns pictures of that encoding into BGR.
 * @throws {UnsupportedError} if there is none of that name.
 */
export function decoderOf(encoding: string): PixelDecoder {
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (decoder === undefined) throw new UnsupportedError("pixel encoding", encoding, pixelEncodings);
  return decoder;
}

/**
 * What pictures of a store become when they are decoded: BGR. Where the encoding is unknown, or the store declares
 * pictures that cannot be of it, what they are as they are stored: it is the picture that is asked for that fails then.
 */
export function decodedInfo(stored: ImageInfo, encoding: string): ImageInfo {
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  return decoder?.decodedInfo(stored) ?? stored;
}

const encodingOfPattern: { readonly [P in BayerPattern]: string } = {
  "bayer-rg": "cv_bayerbg",
  "bayer-gr": "cv_bayergb",
  "bayer-gb": "cv_bayergr",
  "bayer-bg": "cv_bayerrg",
};

/** The encoding of a camera's raw pictures; undefined for pictures that are no mosaic. */
export function encodingOfColor(color: Color): string | undefined {
  return Object.hasOwn(encodingOfPattern, color) ? encodingOfPattern[color as BayerPattern] : undefined;
}

/**
 * The encoding of what a camera calls "BayerBG", "BayerRG8", "Bayer_GB": GenICam names the first two pixels.
 * @returns undefined for none: an empty name, or "None".
 * @throws {UnsupportedError} for any other name.
 */
export function encodingOfPylonFormat(name: string): string | undefined {
  if (name === "" || name === "None") return undefined;
  const found = /^Bayer_?(RG|GR|GB|BG)\d*$/.exec(name)?.[1];
  const pattern = `bayer-${found?.toLowerCase()}` as BayerPattern;
  if (found !== undefined) return encodingOfPattern[pattern];
  throw new UnsupportedError("camera pixel format", name, [
    "BayerRG",
    "BayerGR",
    "BayerGB",
    "BayerBG",
    "None",
  ]);
}
