import { open as openFile, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { FileFormatError, NotFoundError } from "../core/errors.js";
import type { SourceReader } from "../core/source-reader.js";
import { isFilePattern } from "./file-pattern.js";
import type { ImageCodec } from "./image-codec.js";

/** What a path turned out to be; a recording is a laboratory's format that a `SourceReader` reads. */
export type SourceKind = "store" | "video" | "images" | "array" | "recording";

/** What a path turned out to be, and who reads it. */
export interface Recognised {
  readonly kind: SourceKind;
  /** Of recordings, and of some arrays. */
  readonly reader?: SourceReader;
}

/** What a path may turn out to be. */
export interface KnownSources {
  /** Of files; the first that knows one by its content has it. */
  readonly readers: readonly SourceReader[];
  /** Of folders; they are given no first bytes. */
  readonly folderReaders: readonly SourceReader[];
  readonly pictures: readonly ImageCodec[];
  /** Whether a folder is one of pictures. */
  matchesImages(folder: string): Promise<boolean>;
}

/**
 * Finds out what a path is from its content; its name is only a hint. Reads a few bytes at most.
 * @throws {NotFoundError} if there is nothing; {FileFormatError} if it is empty, or neither a file nor a folder.
 */
export async function recogniseBy(path: string | URL, known: KnownSources): Promise<Recognised> {
  if (isRemote(path)) return { kind: "video" };
  const local = localPath(path);
  const found = await stat(local).catch((cause: NodeJS.ErrnoException) => {
    if (isFilePattern(basename(local))) return undefined;
    throw new NotFoundError(local, cause.code === "ENOENT" ? "no such file or folder" : cause.message, {
      cause,
    });
  });
  if (found === undefined) return { kind: "images" };
  if (found.isDirectory()) {
    const isStore = await stat(`${local}/metadata.yaml`).then(
      (metadata) => metadata.isFile(),
      () => false,
    );
    if (isStore) return { kind: "store" };
    for (const reader of known.folderReaders) {
      if (await reader.matches(new Uint8Array(0), local)) return { kind: reader.kind, reader };
    }
    if (await known.matchesImages(local)) return { kind: "images" };
    throw new NotFoundError(local, "neither a store (there is no metadata.yaml) nor a folder of pictures");
  }
  // A pipe or a device gives its bytes once, in order; any frame in any order needs a file.
  if (!found.isFile())
    throw new FileFormatError(local, "neither a file nor a folder, but a pipe or a device");
  if (found.size === 0) throw new FileFormatError(local, "an empty file");
  if (basename(local) === "metadata.yaml") return { kind: "store" };
  const head = await readHead(local);
  for (const reader of known.readers) {
    if (await reader.matches(head, local)) return { kind: reader.kind, reader };
  }
  return { kind: kindOfContent(head, extname(local).toLowerCase(), known.pictures) };
}

/** Where a picture's animation is announced: before its first data, so near the start. */
const headBytes = 4096;

async function readHead(path: string): Promise<Buffer> {
  try {
    const file = await openFile(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new NotFoundError(path, `cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function kindOfContent(head: Buffer, extension: string, pictures: readonly ImageCodec[]): SourceKind {
  const starts = (text: string): boolean => head.subarray(0, text.length).toString("latin1") === text;
  if (starts("\x93NUMPY") || starts("PK\x03\x04") || starts("PK\x05\x06")) return "array";
  // A bare stream of JPEGs begins as a single one does, and an animated PNG as a still one.
  if ([".mjpeg", ".mjpg"].includes(extension) || (starts("\x89PNG") && head.includes("acTL"))) return "video";
  return pictures.some((codec) => codec.matches(head.subarray(0, 16))) ? "images" : "video";
}

function isRemote(path: string | URL): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(String(path)) && !/^file:/i.test(String(path));
}

/** The path of a file's address. */
export function localPath(path: string | URL): string {
  return path instanceof URL || /^file:\/\//i.test(path) ? fileURLToPath(path) : path;
}
