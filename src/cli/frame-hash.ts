import { createHash } from "node:crypto";
import { createXXHash3 } from "hash-wasm";
import { bytesOf, type Image } from "../core/image.js";

export const hashNames = ["md5", "sha256", "xxh3"] as const;

export type HashName = (typeof hashNames)[number];

const xxh3 = await createXXHash3();

/**
 * The hash of a picture's bytes, rows top to bottom without padding, little-endian samples, as lower-case
 * hexadecimal. (Every platform that Node's FFmpeg binding runs on is little-endian.)
 */
export function hashFrame(image: Image, name: HashName): string {
  const bytes = bytesOf(image);
  if (name === "xxh3") return xxh3.init().update(bytes).digest("hex");
  return createHash(name).update(bytes).digest("hex");
}
