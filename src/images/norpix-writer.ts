import { EncodeError, UnsupportedError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import { bytesOf, describeImage, dtypeBytes, type ImageInfo, imageBytes } from "../core/image.js";
import type { FrameSink } from "../core/stream.js";
import { createFrameFile } from "./frame-file.js";
import type { PartFile } from "./part-file.js";
import { bytesInOrder } from "./sample-order.js";
import { StampLog } from "./stamp-log.js";

export interface NorpixOptions {
  /** What every frame is: gray or a Bayer mosaic of 8 or 16 bits, or colour of 8. */
  readonly info: ImageInfo;
  /** Frames a second, which the header suggests to players. @default what the times of the frames say */
  readonly fps?: number;
  /** Replace an existing file. @default false */
  readonly overwrite?: boolean;
}

/** Where frames begin in version 5, and what each slot is a multiple of. */
const alignment = 8192;
/** u32 seconds, u16 milliseconds, u16 microseconds behind each picture. */
const stampBytes = 8;

/** NorPix's numbers of the layouts of pixels. */
const formats = { gray: 100, mosaic: 101, bgr: 200 } as const;
/** And of what stands in the first pixel of a mosaic and the one beside it. */
const bayerOrigins: { readonly [color: string]: number } = {
  "bayer-gb": 0,
  "bayer-gr": 1,
  "bayer-bg": 2,
  "bayer-rg": 3,
};

/**
 * Writes a NorPix StreamPix sequence (`.seq`), version 5, raw: gray and Bayer mosaics of 8 and 16 bits, colour as BGR. Each
 * frame has its time, to the microsecond; frame numbers have no place in it and are not kept.
 *
 * Layout: NorPix's published header structures; https://www.norpix.com.
 * @throws {UnsupportedError} if it cannot hold such frames; nothing is cut to fit.
 * @throws {EncodeError} from `write` for a time that it cannot hold: before 1970, after 2106, or none.
 */
export async function createNorpix(
  path: string,
  { info, fps, overwrite }: NorpixOptions,
): Promise<FrameSink> {
  const layout = layoutOf(info);
  const pictureBytes = imageBytes({ ...info, channels: layout.channels });
  const stride = Math.ceil((pictureBytes + stampBytes) / alignment) * alignment;
  const stamps = new StampLog();
  const begin = async (file: PartFile): Promise<void> => {
    if (file.end === 0) await file.append(new Uint8Array(alignment));
  };
  return createFrameFile<Uint8Array>(path, overwrite, {
    ...{ what: "NorPix sequence", info },
    pack(frame) {
      const slot = new Uint8Array(stride);
      const { image } = frame;
      slot.set(
        layout.format === formats.bgr
          ? bytesInOrder(image, { color: "bgr", littleEndian: true })
          : gray(frame),
      );
      writeStamp(new DataView(slot.buffer, pictureBytes, stampBytes), frame, path);
      return slot;
    },
    async put(file, slot, frame) {
      await begin(file);
      await file.append(slot);
      stamps.add(frame);
    },
    async end(file) {
      await begin(file);
      const rate = fps ?? rateOf(stamps.times().data as Float64Array);
      await file.writeAt(header({ ...layout, info, pictureBytes, stride, rate, frames: stamps.count }), 0);
    },
  });
}

interface NorpixLayout {
  readonly format: number;
  readonly channels: number;
  readonly bayer: number;
}

/** @throws {UnsupportedError} */
function layoutOf(info: ImageInfo): NorpixLayout {
  const { channels, dtype, color } = info;
  const bayer = bayerOrigins[color];
  if (
    channels === 1 &&
    (dtype === "uint8" || dtype === "uint16") &&
    (color === "gray" || bayer !== undefined)
  ) {
    return { format: bayer === undefined ? formats.gray : formats.mosaic, channels, bayer: bayer ?? 0 };
  }
  if (dtype === "uint8" && (color === "bgr" || color === "rgb"))
    return { format: formats.bgr, channels, bayer: 0 };
  throw new UnsupportedError("NorPix sequence", describeImage(info), [
    "gray and Bayer mosaics of uint8 and uint16, bgr and rgb of uint8; the transform rescale makes others fit",
  ]);
}

function gray({ image }: Frame): Uint8Array {
  return image.dtype === "uint8" ? bytesOf(image) : bytesInOrder(image, { color: "bgr", littleEndian: true });
}

/** @throws {EncodeError} */
function writeStamp(view: DataView, { time, number }: Frame, path: string): void {
  const microseconds = Math.round(time * 1e6);
  if (!(microseconds >= 0 && microseconds < 2 ** 32 * 1e6)) {
    throw new EncodeError(
      path,
      `frame ${number} is at ${time} s; a NorPix sequence holds times from 1970 to 2106`,
    );
  }
  const seconds = Math.floor(microseconds / 1e6);
  const rest = microseconds - seconds * 1e6;
  view.setUint32(0, seconds, true);
  view.setUint16(4, Math.floor(rest / 1000), true);
  view.setUint16(6, rest % 1000, true);
}

/** Frames a second on average; 0 if there are too few. */
function rateOf(times: Float64Array): number {
  const span = times.length < 2 ? 0 : times.at(-1)! - times[0]!;
  return span > 0 ? (times.length - 1) / span : 0;
}

interface HeaderFacts extends NorpixLayout {
  readonly info: ImageInfo;
  readonly pictureBytes: number;
  readonly stride: number;
  readonly rate: number;
  readonly frames: number;
}

function header({
  info,
  format,
  channels,
  bayer,
  pictureBytes,
  stride,
  rate,
  frames,
}: HeaderFacts): Uint8Array {
  const bytes = new Uint8Array(1024);
  const view = new DataView(bytes.buffer);
  const u32 = (at: number, value: number): void => view.setUint32(at, value, true);
  const storedBits = dtypeBytes(info.dtype) * 8;
  u32(0, 0xfeed);
  bytes.set(Buffer.from("Norpix seq", "utf16le"), 4);
  u32(28, 5);
  u32(32, 1024);
  bytes.set(Buffer.from("Marey", "utf16le"), 36);
  u32(548, info.width);
  u32(552, info.height);
  u32(556, storedBits * channels);
  // Of a sample.
  u32(560, info.bits ?? storedBits);
  u32(564, pictureBytes);
  u32(568, format);
  u32(572, frames);
  u32(580, stride);
  view.setFloat64(584, rate, true);
  u32(608, bayer);
  u32(660, alignment);
  return bytes;
}
