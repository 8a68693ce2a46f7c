import { ColumnIndex } from "../core/column-index.js";
import { FileFormatError, UnsupportedError } from "../core/errors.js";
import type { Image, ImageInfo } from "../core/image.js";
import { RankedSource } from "../core/ranked-source.js";
import type { SourceReader } from "../core/source-reader.js";
import { FilePieces } from "../images/file-pieces.js";
import { firstInfo } from "../images/first-info.js";
import { jpeg } from "../images/jpeg.js";
import { png } from "../images/png.js";
import { headerBytes, isNorpix, type NorpixHeader, readHeader } from "./norpix/header.js";
import { colorOf, type RawPixels, rawPixels } from "./norpix/pixels.js";
import { findSlots } from "./norpix/slots.js";
import { stampBytes, stampOf } from "./norpix/stamp.js";

/**
 * NorPix StreamPix sequences (`.seq`), versions 3 to 5: raw frames, and frames that are JPEG or PNG pictures. Times are
 * Unix seconds on the recorder's own clock: the file names no time zone. Mosaics stay mosaics.
 *
 * Layout: NorPix's published header structures; https://www.norpix.com.
 */
export const norpix: SourceReader = {
  name: "norpix",
  kind: "recording",
  matches: isNorpix,
  open: (path) => FilePieces.with(path, openNorpix),
};

async function openNorpix(file: FilePieces): Promise<RankedSource> {
  const header = readHeader(await file.readUpTo(0, headerBytes), file.path);
  const found = isCompressed(header) ? await compressedFrames(file, header) : await rawFrames(file, header);
  const { info, count, problems } = found;
  const { allocatedFrames, oldestFrame } = header;
  if (allocatedFrames === 0)
    problems.push(`its header counts no frames, ${count} are there: the recorder crashed`);
  else if (allocatedFrames !== count) {
    problems.push(`its header counts ${allocatedFrames} frames, ${count} are there`);
  }
  // A recorder that went round and round: the oldest frame comes first.
  const first = oldestFrame < count ? oldestFrame : 0;
  if (first !== oldestFrame)
    problems.push(`its header says that slot ${oldestFrame} is the oldest: there is none`);
  const slotOf = (rank: number): number => (rank + first) % count;
  return new RankedSource({
    ...{ what: "NorPix sequence", path: file.path, info },
    index: new ColumnIndex({
      times: Float64Array.from({ length: count }, (_, rank) => found.times[slotOf(rank)]! / 1e6),
    }),
    problems: problems.map((message) => ({ path: file.path, message })),
    ahead: 4,
    read: (rank) => found.read(slotOf(rank)),
    describe: () => ({
      ...{ kind: "recording", format: "norpix", path: file.path, version: header.version },
      ...{ imageFormat: header.imageFormat, allocatedFrames, ...found.facts },
      ...(Number.isFinite(header.frameRate) && header.frameRate > 0 && { suggestedRate: header.frameRate }),
      ...(header.timeOffset !== 0 && { timeOffset: header.timeOffset / 1e6 }),
      ...(first > 0 && { oldestFrame: first }),
      ...(header.description !== "" && { description: header.description }),
    }),
    close: () => file.close(),
  });
}

interface FoundFrames {
  readonly count: number;
  readonly info: ImageInfo;
  /** Microseconds, by slot. */
  readonly times: ArrayLike<number>;
  readonly problems: string[];
  readonly facts: Record<string, unknown>;
  read(slot: number): Promise<Image>;
}

/** Before version 4 the image format said that frames are compressed: 102, 201, and by others' programs 1, 2, 103. */
const pictureFormats: readonly number[] = [1, 2, 102, 103, 201];

const compressions: { readonly [code: number]: string } = {
  ...{
    2: "RLE",
    3: "Huffman",
    4: "LZ",
    5: "fast RLE",
    6: "fast Huffman",
    7: "fast LZ",
    8: "H.264",
    9: "wavelet",
  },
  ...{ 16: "H.264 RGB", 17: "lossless JPEG", 18: "Cayer" },
};

/** @throws {UnsupportedError} if they are compressed by something that is not read here. */
function isCompressed({ compression, imageFormat }: NorpixHeader): boolean {
  if (compression === 0) return pictureFormats.includes(imageFormat);
  if (compression === 1) return true;
  const name = compressions[compression] ?? `number ${compression}`;
  throw new UnsupportedError("NorPix compression", `${name}; export it as AVI from StreamPix`, [
    "none",
    "JPEG",
    "PNG",
  ]);
}

async function rawFrames(file: FilePieces, header: NorpixHeader): Promise<FoundFrames> {
  const { path, size } = file;
  const pixels = rawPixels(header, path);
  const { imageBytes, stride } = header;
  const stamp = header.version >= 5 ? stampBytes : stampBytes - 2;
  if (imageBytes < pixels.bytes) {
    const found = `a picture has ${imageBytes} bytes, ${header.width}x${header.height} pixels need ${pixels.bytes}`;
    throw new FileFormatError(path, `its header contradicts itself: ${found}`);
  }
  if (stride < imageBytes + stamp) {
    const found = `a picture has ${imageBytes} bytes, and the next begins ${stride} bytes behind it`;
    throw new FileFormatError(path, `its header contradicts itself: ${found}`);
  }
  const first = firstFrame(header, size);
  // The last frame may lack its padding.
  const there = Math.max(0, Math.floor((size - first - imageBytes - stamp) / stride) + 1);
  const { allocatedFrames, oldestFrame } = header;
  // Slots of a loop that was never filled hold nothing.
  const count = oldestFrame > 0 && allocatedFrames > 0 ? Math.min(there, allocatedFrames) : there;
  if (count === 0) throw noFrame(path);
  const times = new Float64Array(count);
  await file.readEach(
    count,
    stamp,
    (slot) => first + slot * stride + imageBytes,
    (slot, view) => {
      times[slot] = stampOf(view, 0, header);
    },
  );
  return {
    ...{ count, info: pixels.info, times, problems: [] },
    facts: {
      ...{ compression: "none", firstFrameAt: first, stride },
      ...(pixels.inferred && { layout: "inferred from its name" }),
    },
    read: (slot) => readRaw(file, pixels, first + slot * stride),
  };
}

async function readRaw(file: FilePieces, pixels: RawPixels, at: number): Promise<Image> {
  return { ...pixels.info, data: pixels.decode(await file.read(at, pixels.bytes)) };
}

/**
 * Byte 8192 in version 5 and 1024 before. Some recorders of version 5 start at 1024 all the same, and those of version 4
 * may put data of their own before: then the slots come out even there only.
 */
function firstFrame({ version, stride, fileMetadataBytes }: NorpixHeader, size: number): number {
  const isEven = (first: number): boolean => first <= size && (size - first) % stride === 0;
  const [usual, other] = version >= 5 ? [8192, headerBytes] : [headerBytes, headerBytes + fileMetadataBytes];
  return !isEven(usual) && isEven(other) ? other : usual;
}

/** Pictures among which the first one that can be decoded has to be: they alone say whether they are gray. */
const firstPictures = 16;

async function compressedFrames(file: FilePieces, header: NorpixHeader): Promise<FoundFrames> {
  const { offsets, sizes, times, foundBy, problems } = await findSlots(file, header);
  const count = offsets.length;
  if (count === 0) throw noFrame(file.path);
  const read = async (slot: number): Promise<Image> => {
    const bytes = await file.read(offsets[slot]!, sizes[slot]!);
    const size = new DataView(bytes.buffer).getUint32(0, true);
    if (size !== bytes.length) {
      throw new FileFormatError(file.path, `a slot of ${size} bytes, where its index says ${bytes.length}`);
    }
    const payload = bytes.subarray(4);
    const image = await (png.matches(payload) ? png : jpeg).decode(payload, file.path);
    return image.color === "gray" ? { ...image, color: colorOf(header) } : image;
  };
  return {
    ...{ count, times, problems: [...problems], read },
    info: await firstInfo(Math.min(count, firstPictures), read),
    facts: { compression: header.imageFormat < 100 ? "png" : "jpeg", foundBy },
  };
}

function noFrame(path: string): FileFormatError {
  return new FileFormatError(path, "there is no whole frame in it: cut short, or never recorded");
}
