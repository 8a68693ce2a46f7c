import { toColor } from "../core/color.js";
import { EncodeError } from "../core/errors.js";
import type { Image, ImageInfo } from "../core/image.js";
import type { FrameSink, SeekableSource } from "../core/stream.js";
import type { ChunkFormat, ChunkReader, ChunkWriteOptions, ChunkWriter } from "./chunk-format.js";
import { containedRegularFile } from "./contained-file.js";
import { evenSize } from "./store-metadata.js";

/** What a format of one video a chunk has to say. */
export interface VideoFormat {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** With its dot. */
  readonly extension: string;
  readonly lossless: boolean;
  /** Opens a video whose frames are BGR. */
  open(path: string): Promise<SeekableSource>;
  /** Creates a video of 8-bit gray or BGR frames of even size; nothing stands at `path` before it is closed. */
  create(path: string, info: ImageInfo, options: ChunkWriteOptions): Promise<FrameSink>;
}

/** A format whose chunks are videos: 000000.mp4, 000001.mp4 … */
export function videoFormat(video: VideoFormat): ChunkFormat {
  const { name, aliases, extension, lossless } = video;
  return {
    name,
    ...(aliases && { aliases }),
    layout: "video",
    extension,
    lossless,
    storedAs: evenInfo,
    restoredAs: (declared) => {
      const color = declared.color === "gray" ? "gray" : "bgr";
      return { ...declared, dtype: "uint8", color, channels: color === "gray" ? 1 : 3 };
    },
    createChunk: (path, info, options) => createVideoChunk(video, path, info, options),
    openChunk: async ({ root, path }, info) => {
      const source = await video.open(await containedRegularFile(root, path));
      return readVideoChunk(source, info.color === "gray");
    },
  };
}

/** Chroma is stored at half the size, so sides are even; imgstore drops the last row and column, and so do we. */
function evenInfo(info: ImageInfo): ImageInfo | undefined {
  const [width, height] = [evenSize(info.width), evenSize(info.height)];
  const plain = info.dtype === "uint8" && (info.color === "gray" || info.color === "bgr");
  return plain && width > 0 && height > 0 ? { ...info, width, height } : undefined;
}

function readVideoChunk(source: SeekableSource, gray: boolean): ChunkReader {
  // From BGR and not from the luma plane, so that gray frames equal those of Python's imgstore to the bit.
  const restore = (image: Image): Image => (gray ? toColor(image, "gray") : image);
  return {
    length: source.index.length,
    read: async (rank) => restore((await source.frame({ index: rank })).image),
    async *sequence(first, count, step) {
      const stop = first + count * step;
      const range = { start: first, step, ...(stop >= 0 && { stop }) };
      for await (const { image } of source.frames(range)) yield restore(image);
    },
    close: () => source.close(),
  };
}

async function createVideoChunk(
  video: VideoFormat,
  path: string,
  info: ImageInfo,
  options: ChunkWriteOptions,
): Promise<ChunkWriter> {
  const sink = await video.create(path, info, options);
  let number = 0;
  return {
    concurrency: 1,
    write: async (image, time) => {
      try {
        await sink.write({ image: cropTo(image, info), number: number++, time });
      } catch (cause) {
        if (cause instanceof EncodeError) throw cause;
        throw new EncodeError(path, (cause as Error).message, { cause });
      }
    },
    close: () => sink.close(),
    abort: async () => (sink.abort ? sink.abort() : sink.close()),
  };
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
