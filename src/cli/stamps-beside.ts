import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { FileFormatError } from "../core/errors.js";
import type { FrameNumber } from "../core/frame.js";
import type { NpyArray } from "../core/npy.js";
import { parseTimecodes } from "../core/timecodes.js";

/** Frame numbers and times of a video, one a frame, from a file beside it. */
export interface StampsBeside {
  readonly path: string;
  readonly numbers?: FrameNumber[];
  /** Seconds. */
  readonly times?: number[];
}

/** Longest file that is looked at, in bytes. */
const longest = 2 ** 29;

const readers: readonly (readonly [
  ending: string,
  read: (bytes: Uint8Array, path: string) => StampsBeside | undefined | Promise<StampsBeside>,
])[] = [
  [".npz", npzStamps],
  [".csv", csvStamps],
  [".timecodes.txt", timecodeStamps],
  [".txt", timecodeStamps],
];

/**
 * What stands beside `clip.avi`: `clip.npz` (arrays `frame_number`, `frame_time`), `clip.csv` (columns of these names),
 * `clip.timecodes.txt` or `clip.txt` (time codes as mkvmerge takes them); the first of them that is there.
 * @returns undefined if there is none.
 * @throws {FileFormatError} if it has neither numbers nor times.
 */
export async function stampsBeside(video: string): Promise<StampsBeside | undefined> {
  const stem = video.slice(0, video.length - extname(video).length);
  for (const [ending, read] of readers) {
    const path = stem + ending;
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw new FileFormatError(path, `cannot be read: ${error.message}`, { cause: error });
    });
    if (bytes === undefined) continue;
    if (bytes.length > longest)
      throw new FileFormatError(path, `has ${bytes.length} bytes; at most ${longest} are read`);
    const found = await read(bytes, path);
    if (found) return found;
  }
  return undefined;
}

async function npzStamps(bytes: Uint8Array, path: string): Promise<StampsBeside> {
  const { readNpz } = await import("../core/npz.js");
  const npz = readNpz(bytes, path);
  const column = (name: string): NpyArray["data"] | undefined =>
    npz.has(name) ? npz.array(name).data : undefined;
  const [numbers, times] = [column("frame_number"), column("frame_time")];
  return needSome({
    path,
    ...(numbers && { numbers: Array.from(numbers as ArrayLike<FrameNumber>, simple) }),
    ...(times && { times: Array.from(times as ArrayLike<FrameNumber>, Number) }),
  });
}

function csvStamps(bytes: Uint8Array, path: string): StampsBeside {
  const [head, ...lines] = new TextDecoder().decode(bytes).split(/\r?\n/);
  const names = head!
    .replace(/^\uFEFF/, "")
    .split(",")
    .map((name) => name.trim());
  const rows = lines.filter((line) => line.trim() !== "").map((line) => line.split(","));
  const column = (name: string): string[] | undefined => {
    const at = names.indexOf(name);
    return at < 0 ? undefined : rows.map((row) => row[at]?.trim() ?? "");
  };
  const [numbers, times] = [column("frame_number"), column("frame_time")];
  const parse = (text: string, row: number): number => {
    const value = text === "" ? Number.NaN : Number(text);
    if (text === "" || Number.isFinite(value)) return value;
    throw new FileFormatError(path, `row ${row + 1}: "${text}" is no number`);
  };
  return needSome({
    path,
    ...(numbers && {
      numbers: numbers.map((text, row) =>
        /^[+-]?\d+$/.test(text) ? simple(BigInt(text)) : parse(text, row),
      ),
    }),
    ...(times && { times: times.map(parse) }),
  });
}

function timecodeStamps(bytes: Uint8Array, path: string): StampsBeside | undefined {
  const times = parseTimecodes(new TextDecoder().decode(bytes));
  return times && { path, times: Array.from(times) };
}

function simple(number: FrameNumber): FrameNumber {
  return Number.isSafeInteger(Number(number)) ? Number(number) : number;
}

function needSome(found: StampsBeside): StampsBeside {
  if (found.numbers !== undefined || found.times !== undefined) return found;
  throw new FileFormatError(found.path, "has neither frame_number nor frame_time");
}
