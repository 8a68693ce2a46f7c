import { toColor } from "../../core/color.js";
import type { BayerPattern, Image, ImageInfo } from "../../core/image.js";
import type { PixelDecoder } from "../../core/pixels/pixel-decoder.js";
import { yuv420, yuv422 } from "../../core/pixels/yuv-planes.js";
import { compactRows, deepSamples, type Geometry, unpackTens, unpackTwelves } from "./unpack.js";

/** A way in which pixels come from a driver, and what is made of them. */
export interface PixelFormat {
  /** The driver's name: four letters. */
  readonly name: string;
  /** What the pixels are without a conversion of colour. */
  readonly color: "gray" | "bgr" | BayerPattern;
  readonly dtype: "uint8" | "uint16";
  /** What it costs to make such a picture of it, in no unit; the least is taken. */
  readonly cost: { readonly gray?: number; readonly own: number };
  /** True if each frame is a file of its own, of any size: JPEG. */
  readonly isCoded?: true;
  readonly bits?: number;
  /** Bytes of a row of that many pixels. */
  rowBytes(width: number): number;
  /** Bytes that a whole frame has at least. */
  frameBytes(geometry: Geometry): number;
  /** Whether pictures of that size can be: some formats share samples among neighbours. */
  fits(width: number, height: number): boolean;
  /** @param bytes at least `frameBytes` of them; the picture may keep them. Not for coded formats. */
  unpack(bytes: Uint8Array, geometry: Geometry, color: "gray" | "own"): Image;
}

type Unpack = (bytes: Uint8Array, geometry: Geometry) => Image["data"];

interface PlainFormat {
  readonly color: "gray" | BayerPattern;
  readonly bits: number;
  readonly bytesOf: (width: number) => number;
  readonly unpack: Unpack;
}

/** One sample a pixel: gray, or a mosaic as the sensor gives it. */
function plain(name: string, { color, bits, bytesOf, unpack }: PlainFormat): PixelFormat {
  const dtype = bits > 8 ? "uint16" : "uint8";
  const deep = bits > 8 && bits < 16 ? { bits } : {};
  return {
    ...{ name, color, dtype, ...deep, cost: color === "gray" ? { gray: 0, own: 0 } : { own: 0.2 } },
    rowBytes: bytesOf,
    frameBytes: ({ width, height, stride }) => (height - 1) * stride + bytesOf(width),
    fits: () => true,
    unpack(bytes, geometry) {
      const { width, height } = geometry;
      return { width, height, channels: 1, dtype, color, ...deep, data: unpack(bytes, geometry) };
    },
  };
}

const bytes8 = (width: number): number => width;
const bytes16 = (width: number): number => width * 2;

function plain8(name: string, color: "gray" | BayerPattern): PixelFormat {
  const unpack: Unpack = (bytes, { width, height, stride }) => compactRows(bytes, width, height, stride);
  return plain(name, { color, bits: 8, bytesOf: bytes8, unpack });
}

function plain16(name: string, color: "gray" | BayerPattern, bits: number, isBig = false): PixelFormat {
  const unpack: Unpack = (bytes, geometry) => deepSamples(bytes, geometry, isBig);
  return plain(name, { color, bits, bytesOf: bytes16, unpack });
}

function packed10(name: string, color: "gray" | BayerPattern): PixelFormat {
  const bytesOf = (width: number): number => Math.ceil(width / 4) * 5;
  return plain(name, { color, bits: 10, bytesOf, unpack: unpackTens });
}

function packed12(name: string, color: "gray" | BayerPattern): PixelFormat {
  const bytesOf = (width: number): number => Math.ceil(width / 2) * 3;
  return plain(name, { color, bits: 12, bytesOf, unpack: unpackTwelves });
}

const colorOf = { dtype: "uint8", color: "bgr" } as const;

/** Two bytes a pixel, the chroma shared by two neighbours. Gray is the luma, untouched. */
function yuv422Format(name: string, places: { y: number; u: number; v: number }): PixelFormat {
  const decoder = yuv422(places);
  return {
    ...{ name, ...colorOf, cost: { gray: 2, own: 4 } },
    rowBytes: (width) => width * 2,
    frameBytes: ({ width, height, stride }) => (height - 1) * stride + width * 2,
    fits: (width) => width % 2 === 0,
    unpack(bytes, { width, height, stride }, color) {
      if (color === "own") {
        const data = compactRows(bytes, width * 2, height, stride);
        return decoder.decode({ width, height, channels: 2, dtype: "uint8", color: "none", data });
      }
      const data = new Uint8Array(width * height);
      for (let row = 0, to = 0; row < height; row++) {
        const end = row * stride + width * 2;
        for (let at = row * stride + places.y; at < end; at += 2) data[to++] = bytes[at]!;
      }
      return { width, height, channels: 1, dtype: "uint8", color: "gray", data };
    },
  };
}

/** A plane of luma, and chroma of half its size below it. Gray is the luma, untouched. */
function yuv420Format(name: string, isPlanar: boolean, uFirst: boolean): PixelFormat {
  const decoder: PixelDecoder = yuv420({ planar: isPlanar, uFirst });
  return {
    ...{ name, ...colorOf, cost: { gray: 1, own: 5 } },
    rowBytes: (width) => width,
    frameBytes: ({ height, stride }) => (stride * height * 3) / 2,
    fits: (width, height) => width % 2 === 0 && height % 2 === 0,
    unpack(bytes, { width, height, stride }, color) {
      const luma = compactRows(bytes, width, height, stride);
      if (color === "gray") return { width, height, channels: 1, dtype: "uint8", color: "gray", data: luma };
      const data = new Uint8Array((width * height * 3) / 2);
      data.set(luma);
      const chroma = bytes.subarray(stride * height);
      // Planes of chroma have rows of half the length, side by side in memory as one plane of whole rows would be.
      const [row, rows] = isPlanar ? [width / 2, height] : [width, height / 2];
      data.set(compactRows(chroma, row, rows, isPlanar ? stride / 2 : stride), width * height);
      const planes = {
        width,
        height: (height * 3) / 2,
        channels: 1,
        dtype: "uint8",
        color: "gray",
        data,
      } as const;
      return decoder.decode(planes);
    },
  };
}

/** Three bytes a pixel. */
function packed24(name: string, order: "rgb" | "bgr"): PixelFormat {
  return {
    ...{ name, ...colorOf, cost: { gray: 3, own: order === "bgr" ? 1 : 2 } },
    rowBytes: (width) => width * 3,
    frameBytes: ({ width, height, stride }) => (height - 1) * stride + width * 3,
    fits: () => true,
    unpack(bytes, { width, height, stride }, color) {
      const data = compactRows(bytes, width * 3, height, stride);
      const image: Image = { width, height, channels: 3, dtype: "uint8", color: order, data };
      return toColor(image, color === "gray" ? "gray" : "bgr");
    },
  };
}

/** A JPEG a frame; it may end early in its buffer. */
function coded(name: string): PixelFormat {
  return {
    ...{ name, ...colorOf, cost: { gray: 8, own: 9 }, isCoded: true },
    rowBytes: () => 0,
    frameBytes: () => 4,
    fits: () => true,
    unpack: () => {
      throw new TypeError(`${name} is decoded elsewhere`);
    },
  };
}

// Names by <linux/videodev2.h>; the colours of a mosaic are told by its first row there and here.
const mosaics: readonly (readonly [BayerPattern, readonly string[]])[] = [
  ["bayer-bg", ["BA81", "BG10", "BG12", "BG14", "BYR2", "pBAA", "pBCC"]],
  ["bayer-gb", ["GBRG", "GB10", "GB12", "GB14", "GB16", "pGAA", "pGCC"]],
  ["bayer-gr", ["GRBG", "BA10", "BA12", "GR14", "GR16", "pgAA", "pgCC"]],
  ["bayer-rg", ["RGGB", "RG10", "RG12", "RG14", "RG16", "pRAA", "pRCC"]],
];

/** Every way in which pixels may come here. */
export const pixelFormats: readonly PixelFormat[] = [
  plain8("GREY", "gray"),
  ...[plain16("Y10", "gray", 10), plain16("Y12", "gray", 12), plain16("Y14", "gray", 14)],
  ...[plain16("Y16", "gray", 16), plain16("Y16-BE", "gray", 16, true)],
  ...[packed10("Y10P", "gray"), packed12("Y12P", "gray")],
  ...mosaics.flatMap(([pattern, [eight, ten, twelve, fourteen, sixteen, tens, twelves]]) => [
    plain8(eight!, pattern),
    ...[plain16(ten!, pattern, 10), plain16(twelve!, pattern, 12), plain16(fourteen!, pattern, 14)],
    ...[plain16(sixteen!, pattern, 16), packed10(tens!, pattern), packed12(twelves!, pattern)],
  ]),
  ...[packed24("BGR3", "bgr"), packed24("RGB3", "rgb")],
  yuv422Format("YUYV", { y: 0, u: 1, v: 3 }),
  yuv422Format("UYVY", { y: 1, u: 0, v: 2 }),
  yuv422Format("YVYU", { y: 0, u: 3, v: 1 }),
  yuv422Format("VYUY", { y: 1, u: 2, v: 0 }),
  ...[yuv420Format("NV12", false, true), yuv420Format("NV21", false, false)],
  ...[yuv420Format("YU12", true, true), yuv420Format("YV12", true, false)],
  ...[coded("MJPG"), coded("JPEG")],
];

const byName = new Map(pixelFormats.map((format) => [format.name, format]));

/** @param name as the driver says it; blanks at its end do not count. */
export function findPixelFormat(name: string): PixelFormat | undefined {
  return byName.get(name.replace(/ +(?=$|-BE$)/, ""));
}

/** What pictures become. */
export function infoOf(format: PixelFormat, { width, height }: Geometry, color: "gray" | "own"): ImageInfo {
  const shown = color === "gray" ? "gray" : format.color;
  const { dtype, bits } = format;
  const info = { width, height, channels: shown === "bgr" ? 3 : 1, dtype, color: shown };
  return bits === undefined ? info : { ...info, bits };
}
