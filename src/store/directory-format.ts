import { join } from "node:path";
import { toColor } from "../core/color.js";
import { loadDigest } from "../core/digest.js";
import { EncodeError, MareyError } from "../core/errors.js";
import { keepFreedMemory } from "../core/freed-memory.js";
import { type DType, type Image, type ImageInfo, imageBytes } from "../core/image.js";
import type {
  ChunkFormat,
  ChunkReader,
  ChunkWriteOptions,
  ChunkWriter,
  EncoderOptions,
} from "./chunk-format.js";
import { readContainedFile } from "./contained-file.js";
import { paddedNumber } from "./layout.js";
import { type StoreFile, type StoreFiles, systemReason } from "./store-files.js";

/** What a picture is encoded with. */
export type PictureOptions = Pick<EncoderOptions, "quality">;

/** What a format of one file a picture has to say. */
export interface PictureFormat {
  readonly name: string;
  /** With its dot. */
  readonly extension: string;
  readonly lossless: boolean;
  /** Sample types that come back as they are; others come back as uint8. */
  readonly dtypes: readonly DType[];
  /** What lossy formats have. */
  readonly quality?: { readonly least: number; readonly most: number; readonly usual: number };
  accepts(info: ImageInfo): boolean;
  /** The whole file, in one or more pieces. */
  encode(image: Image, options: PictureOptions): Promise<readonly Uint8Array[]> | readonly Uint8Array[];
  /** @param declared what the store says of its pictures. */
  decode(bytes: Uint8Array, path: string, declared: ImageInfo): Promise<Image> | Image;
}

/** One still-picture format: what `images/` gives. */
export interface PictureCodec {
  accepts(info: ImageInfo): boolean;
  encode(image: Image, options?: PictureOptions): Promise<Uint8Array>;
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
    encoderOptions: picture.quality ? ["quality"] : [],
    settings: (_info, asked) => settingsOf(picture, asked),
    restoredAs: (info) => (dtypes.includes(info.dtype) ? info : { ...info, dtype: "uint8" }),
    createChunk: (path, _info, options, files) => createFolder(picture, path, options, files),
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

function settingsOf({ quality }: PictureFormat, asked: EncoderOptions): EncoderOptions {
  if (quality === undefined) return {};
  const { least, most, usual } = quality;
  const value = asked.quality ?? usual;
  if (Number.isInteger(value) && value >= least && value <= most) return { quality: value };
  throw new RangeError(`quality must be an integer from ${least} to ${most}, got ${value}`);
}

/** Files that wait, open, to be synced: a system has a thousand for a process, which may write for many cameras. */
const mostOpenFiles = 32;

async function createFolder(
  picture: PictureFormat,
  folder: string,
  options: ChunkWriteOptions,
  files: StoreFiles,
): Promise<ChunkWriter> {
  const digest = await loadDigest();
  await files.makeFolder(folder).catch((cause) => {
    throw new EncodeError(folder, `cannot be created: ${cause.message}`, { cause });
  });
  let rank = 0;
  let unsynced: StoreFile[] = [];
  const sync = async (): Promise<void> => {
    const now = unsynced;
    unsynced = [];
    try {
      await Promise.all(now.map((file) => file.sync()));
    } finally {
      await Promise.all(now.map((file) => file.close()));
    }
    await files.syncFolder(folder);
  };
  const create = async (path: string, parts: readonly Uint8Array[]): Promise<StoreFile> => {
    try {
      return await files.create(path, parts);
    } catch (error) {
      // No more open files: those that wait give theirs back.
      if ((error as NodeJS.ErrnoException).code !== "EMFILE" || unsynced.length === 0) throw error;
      await sync();
      return files.create(path, parts);
    }
  };
  const closeAll = (): Promise<unknown> => Promise.all(unsynced.splice(0).map((file) => file.close()));
  return {
    concurrency: picturesAtOnce,
    write: async (image) => {
      const path = join(folder, paddedNumber(rank++) + picture.extension);
      try {
        const parts = await picture.encode(image, options.encoder);
        const creating = create(path, parts);
        // Computed while the system copies the bytes.
        const ofPicture = digest(parts);
        const file = await creating;
        if (options.durability === "flush") await file.close();
        else unsynced.push(file);
        if (unsynced.length > mostOpenFiles) await sync();
        const size = parts.reduce((sum, part) => sum + part.length, 0);
        return { offset: 0, size, digest: ofPicture };
      } catch (cause) {
        if (cause instanceof MareyError) throw cause;
        throw new EncodeError(path, systemReason(cause), { cause });
      }
    },
    sync,
    close: async () => {
      await closeAll();
      return undefined;
    },
    abort: async () => {
      await closeAll();
    },
  };
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
