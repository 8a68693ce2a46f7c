import { closeSync, openSync, writeSync, writevSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { toColor } from "../core/color.js";
import { EncodeError } from "../core/errors.js";
import { keepFreedMemory } from "../core/freed-memory.js";
import { type DType, type Image, type ImageInfo, imageBytes } from "../core/image.js";
import type { ChunkFormat, ChunkReader, ChunkWriteOptions, ChunkWriter } from "./chunk-format.js";
import { readContainedFile } from "./contained-file.js";
import { atBestPace } from "./file-pace.js";
import { paddedNumber } from "./layout.js";

/** What a format of one file a picture has to say. */
export interface PictureFormat {
  readonly name: string;
  /** With its dot. */
  readonly extension: string;
  readonly lossless: boolean;
  /** Sample types that come back as they are; others come back as uint8. */
  readonly dtypes: readonly DType[];
  accepts(info: ImageInfo): boolean;
  /** The whole file, in one or more pieces. */
  encode(image: Image, options: ChunkWriteOptions): Promise<readonly Uint8Array[]> | readonly Uint8Array[];
  /** @param declared what the store says of its pictures. */
  decode(bytes: Uint8Array, path: string, declared: ImageInfo): Promise<Image> | Image;
}

/** One still-picture format: what `images/` gives. */
export interface PictureCodec {
  accepts(info: ImageInfo): boolean;
  encode(image: Image, options?: ChunkWriteOptions): Promise<Uint8Array>;
  decode(bytes: Uint8Array, path: string): Promise<Image>;
}

/** A picture codec, as a store uses it: what comes back has the colour that the store declares. */
export function codecPictures(codec: PictureCodec): Pick<PictureFormat, "accepts" | "encode" | "decode"> {
  return {
    accepts: codec.accepts,
    encode: async (image, options) => [await codec.encode(image, options)],
    decode: async (bytes, path, declared) => inDeclaredColor(await codec.decode(bytes, path), declared),
  };
}

/** Longest picture file that is read, in bytes. */
const longestPicture = 2 ** 31;

/** Encoders run on Node's thread pool: enough of them to keep every core busy, and the next file ready. */
const picturesAtOnce = 4;

/** A format whose chunks are folders of pictures: 000000.png, 000001.png … */
export function directoryFormat(picture: PictureFormat): ChunkFormat {
  const { name, extension, lossless, dtypes } = picture;
  return {
    name,
    layout: "directory",
    extension,
    lossless,
    storedAs: (info) => (dtypes.includes(info.dtype) && picture.accepts(info) ? info : undefined),
    restoredAs: (info) => (dtypes.includes(info.dtype) ? info : { ...info, dtype: "uint8" }),
    createChunk: (path, _info, options) => createFolder(picture, path, options),
    openChunk: async ({ root, path }, info): Promise<ChunkReader> => {
      keepFreedMemory();
      const expected = imageBytes(info);
      return {
        length: undefined,
        read: async (rank) => {
          const file = join(path, paddedNumber(rank) + extension);
          return picture.decode(await readContainedFile(root, file, longestPicture, expected), file, info);
        },
        close: async () => {},
      };
    },
  };
}

async function createFolder(
  picture: PictureFormat,
  folder: string,
  options: ChunkWriteOptions,
): Promise<ChunkWriter> {
  await mkdir(folder).catch((cause) => {
    throw new EncodeError(folder, `cannot be created: ${cause.message}`, { cause });
  });
  let rank = 0;
  return {
    concurrency: picturesAtOnce,
    write: async (image) => {
      const path = join(folder, paddedNumber(rank++) + picture.extension);
      try {
        await writeWhole(path, await picture.encode(image, options));
      } catch (cause) {
        throw new EncodeError(path, (cause as Error).message, { cause });
      }
    },
    close: async () => {},
    abort: async () => {},
  };
}

/**
 * Writes a file. A full disk or a signal may cut a write short: the rest is written until the system says why not.
 */
function writeWhole(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  return atBestPace(
    total,
    () => {
      const fd = openSync(path, "w");
      try {
        const written = writevSync(fd, parts);
        if (written < total) writeRest(fd, parts, written);
      } finally {
        closeSync(fd);
      }
    },
    async () => {
      const file = await open(path, "w");
      try {
        const { bytesWritten } = await file.writev(parts);
        if (bytesWritten < total) writeRest(file.fd, parts, bytesWritten);
      } finally {
        await file.close();
      }
    },
  );
}

function writeRest(fd: number, parts: readonly Uint8Array[], written: number): void {
  let rest = Buffer.concat(parts).subarray(written);
  while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
}

/**
 * A decoded picture in the colour that the store declares: gray for gray stores, BGR for colour ones. What has no
 * colour meaning stays as it is.
 */
function inDeclaredColor(image: Image, declared: ImageInfo): Image {
  if (image.color === declared.color) return image;
  if (declared.color === "gray") return toColor(image, "gray");
  // BGRA from a file without alpha stays BGR: there is no alpha to be had.
  if (declared.color === "bgr" || (declared.color === "bgra" && image.color === "gray")) {
    return toColor(image, "bgr");
  }
  return image;
}
