import { hasExtraData } from "../convert/extra-rows.js";
import { summarizeStamps } from "../core/stamp-summary.js";
import type { SeekableSource } from "../core/stream.js";
import { type FrameHash, frameHash } from "./frame-hash.js";
import { countOf } from "./output.js";
import { readFrames, readOne } from "./read-frames.js";
import { shuffled } from "./selection.js";

export interface VerifyOptions {
  /** Frames to read a second time, in shuffled order. @default all */
  readonly shuffle?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (pass: "in order" | "shuffled", done: number, total: number) => void;
}

/** Something that is not as it should be. */
export interface Problem {
  /** `decode`, `missing`, `stamp`, `shuffled`, `count` or `source`. */
  readonly kind: string;
  /** The frame's index, where it is about one. */
  readonly frame?: number;
  readonly message: string;
}

export interface VerifyReport {
  readonly frames: number;
  /** Frames that could be read in order. */
  readonly read: number;
  readonly failed: number;
  /** Frames that were read again in shuffled order, and how many came out otherwise. */
  readonly shuffled: number;
  readonly different: number;
  /** Bytes of pixels read in order. */
  readonly bytes: number;
  readonly problems: readonly Problem[];
}

/**
 * Reads every frame in order and keeps nothing but its hash; then reads them again in shuffled order and compares.
 * A damaged frame is a problem in the report, not an error.
 */
export async function verifySource(
  source: SeekableSource,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const total = source.index.length;
  const problems: Problem[] = [];
  const hashes: (string | undefined)[] = [];
  const hash = await frameHash("xxh3");
  let bytes = 0;
  const all = { start: 0, count: total, step: 1 };
  for await (const { index, frame, error } of readFrames(source, all, "forward")) {
    options.signal?.throwIfAborted();
    if (error) problems.push({ kind: "decode", frame: index, message: error.message });
    if (frame) {
      const stamp = source.index.stamp(hashes.length);
      if (
        frame.index !== hashes.length ||
        !Object.is(frame.number, stamp.number) ||
        !Object.is(frame.time, stamp.time)
      ) {
        const found = `frame ${frame.index} with number ${frame.number} and time ${frame.time}`;
        const expected = `${hashes.length} with number ${stamp.number} and time ${stamp.time}`;
        problems.push({
          kind: "stamp",
          frame: hashes.length,
          message: `read ${found}, the index says ${expected}`,
        });
      }
      bytes += frame.image.data.byteLength;
    }
    hashes.push(frame && hash(frame.image));
    options.onProgress?.("in order", hashes.length, total);
  }
  const again = shuffled(all).subarray(0, options.shuffle ?? total);
  const different = await compareShuffled(source, { hashes, hash, order: again }, problems, options);
  const failed = problems.filter(({ kind }) => kind === "decode").length;
  // Last, because a store may find out more while it is read.
  if (hasExtraData(source)) await source.extraData();
  problems.push(...ownProblems(source));
  return {
    frames: total,
    read: total - failed,
    failed,
    shuffled: again.length,
    different,
    bytes,
    problems,
  };
}

async function compareShuffled(
  source: SeekableSource,
  {
    hashes,
    hash,
    order,
  }: {
    readonly hashes: readonly (string | undefined)[];
    readonly hash: FrameHash;
    readonly order: Uint32Array;
  },
  problems: Problem[],
  options: VerifyOptions,
): Promise<number> {
  let [done, different] = [0, 0];
  for (const index of order) {
    options.signal?.throwIfAborted();
    const { frame, error } = await readOne(source, index);
    if ((frame && hash(frame.image)) !== hashes[index] || (frame && frame.index !== index)) {
      different++;
      const found = error
        ? `cannot be read (${error.message})`
        : "is another picture than when read in order";
      const message = `frame ${index}, read in shuffled order, ${found}`;
      problems.push({ kind: "shuffled", frame: index, message });
    }
    options.onProgress?.("shuffled", ++done, order.length);
  }
  return different;
}

/** What a source found wrong with itself; without a severity it is an error. */
function toldBy(source: SeekableSource, severity: "error" | "warning"): string[] {
  const { problems = [] } = source as {
    problems?: readonly { path: string; message: string; severity?: "error" | "warning" }[];
  };
  return problems
    .filter((problem) => (problem.severity ?? "error") === severity)
    .map(({ path, message }) => `${path}: ${message}`);
}

/** What a container claims and does not hold, and what a store found wrong with itself. */
function ownProblems(source: SeekableSource): Problem[] {
  const found: Problem[] = toldBy(source, "error").map((message) => ({ kind: "source", message }));
  const { missingBytes } = source.describe();
  if (typeof missingBytes === "number" && missingBytes > 0) {
    const message = `the file is cut short: its header tells of ${countOf(missingBytes, "more byte")}`;
    found.push({ kind: "source", message });
  }
  // An edit list may hide packets that are there, so it is these that the container's claim is about.
  const { container, claimedFrames, packets = source.index.length } = source.describe();
  if (typeof claimedFrames !== "number" || typeof packets !== "number") return found;
  // FFmpeg gives an AVI with B-frames twice its rate, an empty packet between two frames, and counts those too.
  const isPadded = container === "avi" && claimedFrames === 2 * packets;
  if (claimedFrames > packets && !isPadded) {
    const message = `the file says that it holds ${countOf(claimedFrames, "frame")}, but there are ${packets}`;
    found.push({ kind: "count", message });
  }
  return found;
}

/** Neither right nor wrong: what the camera lost, clocks that ran backwards, files that do not belong there. */
export function remarksOn(source: SeekableSource): string[] {
  const stamps = summarizeStamps(source.index);
  const remarks: [number, string, string][] = [
    [stamps.missingNumbers, "frame number", "missing between the lowest and the highest"],
    [stamps.duplicateNumbers, "frame", "with a number that an earlier frame has"],
    [stamps.backwardNumbers, "frame", "with a lower number than the frame before"],
    [stamps.unnumbered, "frame", "without a number"],
    [stamps.backwardTimes, "frame", "with an earlier time than the frame before"],
    [stamps.equalTimes, "frame", "with the same time as the frame before"],
    [stamps.untimed, "frame", "without a time"],
  ];
  const ofStamps = remarks
    .filter(([count]) => count > 0)
    .map(([count, what, text]) => `${countOf(count, what)} ${text}`);
  return [...ofStamps, ...toldBy(source, "warning")];
}
