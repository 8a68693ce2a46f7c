import { basename } from "node:path";
import { FileFormatError } from "../../core/errors.js";
import type { JoinedPart } from "../../core/joined-source.js";
import type { SourceProblem } from "../../core/ranked-source.js";
import type { SeekableSource } from "../../core/stream.js";
import { FilePieces } from "../../images/file-pieces.js";

export type MiniscopeVideo = JoinedPart;

/** A part is read in order or here and there; what is decoded of it is not kept long. */
const cacheBytes = 2 ** 25;

/** FFmpeg is loaded when the first video is opened. */
export async function openPart(path: string): Promise<SeekableSource> {
  const { openVideo } = await import("../../video/open-video.js");
  return await openVideo(path, { cacheBytes });
}

export interface CountOptions {
  /** Time stamps of each camera. */
  readonly counts: readonly number[];
  /** Frames after which the recorder begins a new file. */
  readonly perFile?: number;
  readonly problems: SourceProblem[];
}

/**
 * How many frames each video has. What the headers of the files say is taken if it is confirmed by the number of time
 * stamps: a session of an hour is 20 GB, which need not be read to open it. Whenever such a video is opened, it must have
 * as many frames as it said. Otherwise all videos are read.
 */
export async function countFrames(
  paths: readonly string[],
  { counts, perFile, problems }: CountOptions,
): Promise<MiniscopeVideo[]> {
  const part = (path: string, length: number): MiniscopeVideo => ({
    path,
    length,
    open: () => openPart(path),
  });
  const claims = await Promise.all(paths.map(claimOf));
  const claimed = claims.reduce<number>((sum, claim) => sum + (claim ?? Number.NaN), 0);
  if (counts.includes(claimed)) return paths.map((path, i) => part(path, claims[i]!));
  const videos: MiniscopeVideo[] = [];
  for (const [i, path] of paths.entries()) {
    try {
      await using source = await openPart(path);
      videos.push(part(path, source.index.length));
    } catch (error) {
      if (!(error instanceof FileFormatError)) throw error;
      const isLast = i === paths.length - 1;
      // Of a file in the middle the number of frames must be known, or those behind it would move.
      if (!isLast && perFile === undefined) throw error;
      const length = isLast ? 0 : perFile!;
      problems.push({ path, message: `${basename(path)} cannot be read: ${error.found}` });
      videos.push(part(path, length));
    }
  }
  return videos;
}

/** The number of frames in the header of an AVI; undefined if it is none, or was never closed. */
async function claimOf(path: string): Promise<number | undefined> {
  const file = await FilePieces.open(path);
  try {
    const head = await file.readUpTo(0, 52);
    const text = String.fromCharCode(...head);
    if (head.length < 52 || !text.startsWith("RIFF") || text.slice(24, 28) !== "avih") return undefined;
    return new DataView(head.buffer).getUint32(48, true) || undefined;
  } finally {
    await file.close();
  }
}
