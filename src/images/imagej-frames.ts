import { readTiffDirectory } from "./tiff-directory.js";
import type { TiffSource } from "./tiff-source.js";

/** Frames that lie one behind the other, of which the file describes the first only. */
export interface ImageJFrames {
  readonly count: number;
  /** How many the file says there are. */
  readonly described: number;
  /** From one to the next. */
  readonly bytes: number;
}

/** Tags of TIFF. */
const tags = { compression: 259, description: 270, offsets: 273, lengths: 279 };

/**
 * What ImageJ writes beyond 4 GiB: one directory, whose description says how many pictures follow the first without a gap
 * (ImageJ's `TiffDecoder`).
 * @returns undefined if it is something else. Fewer than described, if the file ends before.
 */
export function imageJFrames(source: TiffSource, path: string): ImageJFrames | undefined {
  const { tag, text, next } = readTiffDirectory(source, path);
  const description = text(tags.description) ?? "";
  const images = Number(/^images=(\d+)$/m.exec(description)?.[1] ?? 0);
  if (next !== 0 || !description.startsWith("ImageJ=") || images < 2) return undefined;
  const [offsets = [], lengths = []] = [tag(tags.offsets), tag(tags.lengths)];
  const isDense = offsets.every((offset, i) => i === 0 || offset === offsets[i - 1]! + lengths[i - 1]!);
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  if (
    (tag(tags.compression)?.[0] ?? 1) !== 1 ||
    offsets.length !== lengths.length ||
    !isDense ||
    bytes === 0
  ) {
    return undefined;
  }
  const there = Math.floor((source.byteLength - offsets[0]!) / bytes);
  return { count: Math.min(images, there), described: images, bytes };
}
