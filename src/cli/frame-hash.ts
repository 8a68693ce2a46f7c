import { createHash } from "node:crypto";
import { bytesOf, type Image } from "../core/image.js";

export const hashNames = ["md5", "sha256", "xxh3"] as const;

export type HashName = (typeof hashNames)[number];

/** The hash of a picture's bytes, as lower-case hexadecimal. */
export type FrameHash = (image: Image) => string;

/**
 * A hash over a picture's bytes: rows top to bottom without padding, little-endian samples. (Every platform that
 * Node's FFmpeg binding runs on is little-endian.)
 */
export async function frameHash(name: HashName): Promise<FrameHash> {
  if (name !== "xxh3") return (image) => createHash(name).update(bytesOf(image)).digest("hex");
  const { createXXHash3 } = await import("hash-wasm");
  const hasher = await createXXHash3();
  return (image) => hasher.init().update(bytesOf(image)).digest("hex");
}
