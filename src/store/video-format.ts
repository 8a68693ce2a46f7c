import type { CodedCodec, CodedFrame, CodedInfo } from "../core/coded-frame.js";
import { toColor } from "../core/color.js";
import { type Digest, loadDigest } from "../core/digest.js";
import { UnsupportedError } from "../core/errors.js";
import { describeImage, type Image, type ImageInfo } from "../core/image.js";
import type { SeekableSource } from "../core/stream.js";
import type {
  ChunkFormat,
  ChunkReader,
  ChunkWriter,
  EncodedPicture,
  EncoderOption,
  EncoderOptions,
  MendedChunk,
} from "./chunk-format.js";
import { containedRegularFile } from "./contained-file.js";
import { evenSize } from "./store-metadata.js";

/** What a format of one video a chunk has to say. */
export interface VideoFormat {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** With its dot. */
  readonly extension: string;
  readonly lossless: boolean;
  readonly encoderOptions: readonly EncoderOption[];
  /** As `ChunkFormat.settings`. */
  settings(info: ImageInfo, asked: EncoderOptions): EncoderOptions;
  /**
   * Whether it holds such frames exactly as they are. Lossless formats say so; of all others, 8-bit gray and BGR is held,
   * of even size.
   */
  holds?(info: ImageInfo): boolean;
  /** Pixels of the shortest side of its frames. @default 1 */
  readonly leastSide?: number;
  /**
   * Opens a video.
   * @param as `bgr`, unless the format is lossless: then the colour that is in the file. `native` stands for BGRA.
   */
  open(path: string, as: "bgr" | "gray" | "native"): Promise<SeekableSource>;
  /** Creates a video, which can be read while it is written. */
  create(path: string, info: ImageInfo, settings: EncoderOptions): Promise<ChunkVideo<Image>>;
  /** As `create`, for frames that are compressed already; absent where no camera has its codec. */
  readonly coded?: {
    readonly codec: CodedCodec;
    create(path: string, coded: CodedInfo, settings: EncoderOptions): Promise<ChunkVideo<CodedFrame>>;
  };
  /** Copies at most that many frames of a video that was not closed into one that is, `to`. */
  mend(from: string, to: string, most: number): Promise<MendedVideo>;
}

interface FileRange {
  readonly offset: number;
  readonly size: number;
}

/** A video that is being written, and can be read up to its last frame whatever happens. */
export interface ChunkVideo<P> {
  readonly head: Uint8Array;
  /** Resolves when the system has the frame. */
  write(frame: P): Promise<FileRange>;
  read(range: FileRange): Uint8Array;
  sync(): Promise<void>;
  /** @returns what lies before the first and behind the last frame. */
  close(): Promise<readonly Uint8Array[]>;
  abort(): Promise<void>;
}

/** A video that was made whole. */
export interface MendedVideo {
  readonly frames: readonly FileRange[];
  read(range: FileRange): Uint8Array;
  readonly rest: readonly Uint8Array[];
  close(): void;
}

/** A format whose chunks are videos: 000000.mp4, 000001.mp4 … */
export function videoFormat(video: VideoFormat): ChunkFormat {
  const { name, aliases, extension, lossless, encoderOptions, coded } = video;
  const storedAs = (info: ImageInfo): ImageInfo | undefined => {
    const stored = video.holds === undefined ? evenInfo(info) : video.holds(info) ? info : undefined;
    const { width = 0, height = 0 } = stored ?? {};
    return Math.min(width, height) < (video.leastSide ?? 1) ? undefined : stored;
  };
  return {
    name,
    ...(aliases && { aliases }),
    layout: "video",
    extension,
    lossless,
    storedAs,
    encoderOptions,
    settings: (info, asked) => video.settings(info, asked),
    restoredAs: (declared) => {
      if (video.holds?.(declared)) return declared;
      const color = declared.color === "gray" ? "gray" : "bgr";
      return { ...declared, dtype: "uint8", color, channels: color === "gray" ? 1 : 3 };
    },
    createChunk: (path, info, options) =>
      createVideoChunk(video.create(path, info, options.encoder), (image) => cropTo(image, info)),
    ...(coded && {
      coded: {
        codec: coded.codec,
        createChunk: (path, info, { encoder }) =>
          createVideoChunk(coded.create(path, info, encoder), (frame) => frame),
      },
    }),
    openChunk: async ({ root, path }, info) => {
      const file = await containedRegularFile(root, path);
      // Exact gray is the luma itself; that of lossy videos is imgstore's, made of the colours that a decoder shows.
      if (video.holds?.(info)) {
        const as = info.color === "gray" ? "gray" : info.color === "bgra" ? "native" : "bgr";
        return readVideoChunk(await video.open(file, as), (image) => asDeclared(image, info));
      }
      const source = await video.open(file, "bgr");
      return readVideoChunk(source, (image) => (info.color === "gray" ? toColor(image, "gray") : image));
    },
    mendChunk: (from, to, most) => mendChunk(video, from, to, most),
  };
}

/** Chroma is stored at half the size, so sides are even; imgstore drops the last row and column, and so do we. */
function evenInfo(info: ImageInfo): ImageInfo | undefined {
  const [width, height] = [evenSize(info.width), evenSize(info.height)];
  const plain = info.dtype === "uint8" && (info.color === "gray" || info.color === "bgr");
  return plain && width > 0 && height > 0 ? { ...info, width, height } : undefined;
}

/**
 * Decoded planes as what they are. A store tells of no fewer bits than its dtype has.
 * @throws {UnsupportedError} if the video is of another layout.
 */
function asDeclared(image: Image, { channels, color }: ImageInfo): Image {
  const { bits: _, pixelFormat, ...plain } = image;
  if (color !== "bgra") return plain;
  if (pixelFormat !== "bgra") throw new UnsupportedError("pixel format of BGRA frames", describeImage(image));
  return { ...plain, channels, color };
}

function readVideoChunk(source: SeekableSource, restore: (image: Image) => Image): ChunkReader {
  return {
    length: source.index.length,
    read: async (rank) => restore((await source.frame({ index: rank })).image),
    sequence: async function* (first, count, step) {
      const stop = first + count * step;
      const range = { start: first, step, ...(stop >= 0 && { stop }) };
      for await (const { image } of source.frames(range)) yield restore(image);
    },
    close: () => source.close(),
  };
}

async function createVideoChunk<P>(
  creating: Promise<ChunkVideo<P>>,
  asWritten: (picture: P) => P,
): Promise<ChunkWriter<P>> {
  const [digest, file] = await Promise.all([loadDigest(), creating]);
  return {
    // One is encoded while the next is on its way.
    concurrency: 2,
    head: file.head,
    write: async (picture) => describePicture(file, await file.write(asWritten(picture)), digest),
    sync: () => file.sync(),
    close: async () => digest(await file.close()),
    abort: () => file.abort(),
  };
}

async function mendChunk(video: VideoFormat, from: string, to: string, most: number): Promise<MendedChunk> {
  const digest = await loadDigest();
  const mended = await video.mend(from, to, most);
  try {
    const pictures = mended.frames.map((range) => describePicture(mended, range, digest));
    return { pictures, rest: digest(mended.rest) };
  } finally {
    mended.close();
  }
}

function describePicture(
  file: { read(range: FileRange): Uint8Array },
  range: FileRange,
  digest: Digest,
): EncodedPicture {
  return { offset: range.offset, size: range.size, digest: digest([file.read(range)]) };
}

/** The top left part of a picture; the picture itself if that is all of it. */
function cropTo(image: Image, { width, height }: ImageInfo): Image {
  if (image.width === width && image.height === height) return image;
  const { channels } = image;
  const data = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const from = row * image.width * channels;
    data.set((image.data as Uint8Array).subarray(from, from + width * channels), row * width * channels);
  }
  return { ...image, width, height, data };
}
