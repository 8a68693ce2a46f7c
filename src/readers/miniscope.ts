import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ColumnIndex } from "../core/column-index.js";
import { FileFormatError, type MareyError, UnsupportedError } from "../core/errors.js";
import { JoinedSource } from "../core/joined-source.js";
import type { SourceProblem } from "../core/ranked-source.js";
import type { SourceReader, SourceReaderOptions } from "../core/source-reader.js";
import type { StampColumns } from "../core/stamp-table.js";
import type { SeekableSource } from "../core/stream.js";
import { naturalOrder } from "../images/natural-order.js";
import { readText, stampsOfVersion3, stampsOfVersion4 } from "./miniscope/stamps.js";
import { countFrames, type MiniscopeVideo, openPart } from "./miniscope/videos.js";

/**
 * Folders of UCLA's Miniscopes: their videos, in the order in which people count, as one recording with the times of the
 * recorder.
 *
 * Version 4 (one folder a device): `0.avi`, `1.avi` … with `timeStamps.csv` and `metaData.json`. Version 3:
 * `msCam1.avi` …, maybe `behavCam1.avi` … of a second camera (`key` chooses: "msCam", the default, or "behavCam"), with
 * one `timestamp.dat` for both; which of its cameras it is is told by the number of frames, or by `channel`.
 *
 * Formats: Aharoni lab's Miniscope-DAQ-QT-Software, and its Miniscope_Analysis for version 3.
 */
export const miniscope: SourceReader = {
  name: "miniscope",
  kind: "recording",
  matches: async (_, path) => (await layoutOf(path)) !== undefined,
  open: openMiniscope,
};

interface Layout {
  readonly version: 3 | 4;
  /** Paths, in order. */
  readonly videos: readonly string[];
  readonly stamps: string | undefined;
  readonly metadata: string | undefined;
  /** Version 3: the cameras that there are. */
  readonly keys: readonly string[];
}

/** Undefined if the folder is none of a Miniscope. */
async function layoutOf(folder: string, key?: string): Promise<Layout | undefined> {
  const names: string[] = await readdir(folder).catch(() => []);
  const there = (name: string): string | undefined => (names.includes(name) ? join(folder, name) : undefined);
  const videosOf = (pattern: RegExp): string[] =>
    names
      .filter((name) => pattern.test(name))
      .sort(naturalOrder)
      .map((name) => join(folder, name));
  const stamps = there("timeStamps.csv");
  const metadata = there("metaData.json");
  const numbered = videosOf(/^\d+\.(avi|mkv|mp4)$/i);
  if (numbered.length > 0 && (stamps ?? metadata) !== undefined) {
    return { version: 4, videos: numbered, stamps, metadata, keys: [] };
  }
  const keys = ["msCam", "behavCam"].filter((each) => videosOf(videosOfCamera(each)).length > 0);
  if (keys.length === 0) return undefined;
  const videos = videosOf(videosOfCamera(key ?? keys[0]!));
  return {
    version: 3,
    videos,
    stamps: there("timestamp.dat"),
    metadata: there("settings_and_notes.dat"),
    keys,
  };
}

function videosOfCamera(key: string): RegExp {
  return new RegExp(`^${key.replace(/\W/g, "")}\\d+\\.avi$`, "i");
}

async function openMiniscope(folder: string, options: SourceReaderOptions): Promise<SeekableSource> {
  const layout = await layoutOf(folder, options.key);
  if (layout === undefined) throw new FileFormatError(folder, "is no folder of a Miniscope");
  const { version, stamps, keys } = layout;
  if (layout.videos.length === 0) throw new UnsupportedError("camera", `${options.key} in ${folder}`, keys);
  const problems: SourceProblem[] = [];
  const facts = await factsOf(layout, problems);
  const found = stamps === undefined ? [] : await readStamps(version, stamps, problems);
  const perFile = Number(facts?.framesPerFile);
  const videos = await countFrames(layout.videos, {
    counts: found.map(({ times }) => times.length),
    ...(perFile > 0 && Number.isSafeInteger(perFile) && { perFile }),
    problems,
  });
  const length = videos.reduce((sum, video) => sum + video.length, 0);
  const columns = choose(found, length, options.channel, stamps ?? folder);
  const rate = options.fps ?? rateOf(facts) ?? 25;
  if (!(rate > 0)) throw new RangeError(`fps must be above 0, got ${rate}`);
  const index = columns ? fitted(columns, length, stamps!, problems) : ColumnIndex.regular(length, rate);
  if (stamps === undefined) {
    problems.push({
      path: folder,
      message: `there are no time stamps; times follow ${rate} frames a second`,
    });
  }
  return new JoinedSource(videos, {
    ...{ what: "Miniscope recording", path: folder, index, problems },
    info: await firstInfo(videos, folder),
    describe: () => ({
      ...{ kind: "recording", format: "miniscope", version, path: folder },
      videos: videos.map(({ path, length: frames }) => ({ path, frames })),
      ...(keys.length > 1 && { cameras: keys }),
      ...(facts && { device: facts }),
    }),
  });
}

async function readStamps(
  version: 3 | 4,
  path: string,
  problems: SourceProblem[],
): Promise<readonly StampColumns[]> {
  return version === 4 ? [await stampsOfVersion4(path)] : await stampsOfVersion3(path, problems);
}

/** What the recorder says of the device. Of version 3: its first lines, tab after tab. */
async function factsOf(
  { version, metadata }: Layout,
  problems: SourceProblem[],
): Promise<Record<string, unknown> | undefined> {
  if (metadata === undefined) return undefined;
  const text = await readText(metadata);
  if (version === 3) {
    const [names = "", values = ""] = text.split(/\r?\n/);
    const cells = values.split("\t");
    return Object.fromEntries(names.split("\t").map((name, i) => [name.trim(), cells[i]?.trim() ?? ""]));
  }
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === "object" && found !== null && !Array.isArray(found)) return { ...found };
    problems.push({ path: metadata, message: "there is no object in it" });
  } catch (error) {
    problems.push({ path: metadata, message: `is no JSON: ${(error as Error).message}` });
  }
  return undefined;
}

/** Frames a second: a number, or "20FPS" in newer versions. */
function rateOf(facts: Record<string, unknown> | undefined): number | undefined {
  const rate = Number.parseFloat(String(facts?.frameRate));
  return rate > 0 && Number.isFinite(rate) ? rate : undefined;
}

/** @throws {FileFormatError} if several cameras could be meant: nothing is guessed. */
function choose(
  found: readonly (StampColumns & { readonly camera?: number })[],
  length: number,
  channel: number | undefined,
  path: string,
): StampColumns | undefined {
  const wanted = found.filter(
    ({ camera }) => camera === undefined || channel === undefined || camera === channel,
  );
  if (wanted.length <= 1) return wanted[0];
  const fitting = wanted.filter(({ times }) => times.length === length);
  if (fitting.length === 1) return fitting[0];
  const counts = wanted.map(({ camera, times }) => `camera ${camera} has ${times.length}`).join(", ");
  throw new FileFormatError(
    path,
    `which stamps are those of the ${length} frames? ${counts}; say which as channel`,
  );
}

/** Frames without a stamp have no time: nothing is moved to make the counts equal. */
function fitted(
  { times, numbers }: StampColumns,
  length: number,
  path: string,
  problems: SourceProblem[],
): ColumnIndex {
  if (times.length === length) return new ColumnIndex({ times, numbers });
  problems.push({ path, message: `holds ${times.length} time stamps, but there are ${length} frames` });
  const all = (values: Float64Array): Float64Array => {
    const column = new Float64Array(length).fill(Number.NaN);
    column.set(values.subarray(0, length));
    return column;
  };
  return new ColumnIndex({ times: all(times), numbers: numbers && all(numbers) });
}

async function firstInfo(videos: readonly MiniscopeVideo[], folder: string) {
  let failure: MareyError | undefined;
  for (const video of videos.filter(({ length }) => length > 0)) {
    try {
      await using source = await openPart(video.path);
      return source.info;
    } catch (error) {
      failure ??= error as MareyError;
    }
  }
  throw failure ?? new FileFormatError(folder, "there is no frame in its videos");
}
