import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPaintedNumber } from "../capture/painted-number.js";
import { toColor } from "../core/color.js";
import { UnsupportedError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import { describeImage, type Image } from "../core/image.js";
import type { FrameSink, SeekableSource } from "../core/stream.js";
import type { VideoWriteOptions } from "../video/video-writer.js";
import { measureDisk } from "./disk-speed.js";
import { likeness } from "./likeness.js";
import { shuffled } from "./selection.js";

/** One thing that was tried. */
export interface Trial {
  readonly kind: "store format" | "video codec" | "disk";
  readonly name: string;
  /** `missing`: this build does not have it, and says so; nothing is broken. */
  readonly result: "works" | "missing" | "broken";
  /** For people: how well, or why not. */
  readonly detail: string;
}

const frames = 12;

/** What comes in: each a small moving picture with its number painted in. */
const inputs = [
  { dtype: "uint8", color: "gray" },
  { dtype: "uint8", color: "bgr" },
  { dtype: "uint16", color: "gray" },
] as const;

const codecs: readonly {
  readonly name: string;
  readonly file: string;
  readonly options: VideoWriteOptions;
}[] = [
  ...(["h264", "h265", "av1"] as const).map((codec) => ({ name: codec, file: "a.mp4", options: { codec } })),
  ...(["h264", "h265", "av1"] as const).map((codec) => ({
    name: `${codec}, hardware`,
    file: "a.mp4",
    options: { codec, hardware: "auto" as const },
  })),
  { name: "h264-rgb", file: "a.mp4", options: { codec: "h264-rgb", quality: 0 } },
  { name: "mjpeg", file: "a.avi", options: { codec: "mjpeg" } },
  { name: "ffv1", file: "a.mkv", options: { codec: "ffv1" } },
  { name: "raw", file: "a.avi", options: { codec: "raw" } },
];

/** Writes, reads back in shuffled order and compares, with every store format and video codec. */
export async function* tryEverything(signal: AbortSignal): AsyncGenerator<Trial> {
  const { builtInFormats, createStore, createVideo, openStore, openVideo } = await import("../index.js");
  const folder = await mkdtemp(join(tmpdir(), "marey-doctor-"));
  try {
    let count = 0;
    for (const { name, lossless, storedAs } of builtInFormats) {
      signal.throwIfAborted();
      const trials = inputs.map(async (input) => {
        const pictures = await testPattern(input);
        const info = pictures[0]!.image;
        if (!storedAs({ ...input, width: 64, height: 48, channels: info.channels })) return undefined;
        const path = join(folder, `store-${count++}`);
        return roundTrip(pictures, lossless, {
          create: () => createStore(path, { info, format: name, chunkSize: 5 }),
          open: () => openStore(path),
        });
      });
      yield summarize("store format", name, await Promise.all(trials));
    }
    const software = new Set<string>();
    for (const { name, file, options } of codecs) {
      signal.throwIfAborted();
      const path = join(folder, `${count++}-${file}`);
      const pictures = await testPattern({ dtype: "uint8", color: name === "h264-rgb" ? "bgr" : "gray" });
      const lossless = ["ffv1", "raw", "h264-rgb"].includes(name);
      const found = await roundTrip(pictures, lossless, {
        create: () => createVideo(path, options),
        open: () => openVideo(path),
      });
      if (options.hardware === "auto" && found.encoder !== undefined && software.has(found.encoder)) {
        yield { kind: "video codec", name, result: "missing", detail: "no hardware encoder opens here" };
        continue;
      }
      if (found.encoder !== undefined) software.add(found.encoder);
      yield summarize("video codec", name, [found]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function testPattern(input: (typeof inputs)[number]): Promise<Frame[]> {
  const { syntheticCamera } = await import("../index.js");
  const pictures: Frame[] = [];
  const camera = syntheticCamera({
    ...input,
    width: 64,
    height: 48,
    frames,
    pace: "free",
    firstNumber: 1000,
  });
  for await (const frame of camera) pictures.push(frame);
  return pictures;
}

interface Found {
  readonly input: string;
  /** Undefined if all is well. */
  readonly fault?: string;
  readonly isMissing?: boolean;
  /** Decibels of the worst frame. */
  readonly likeness?: number;
  /** Whose work it was, where there is a choice. */
  readonly encoder?: string;
}

async function roundTrip(
  pictures: readonly Frame[],
  lossless: boolean,
  { create, open }: { create: () => Promise<FrameSink>; open: () => Promise<SeekableSource> },
): Promise<Found> {
  const input = describeImage(pictures[0]!.image);
  try {
    const sink = await create();
    for (const frame of pictures) await sink.write(frame);
    await sink.close();
    await using source = await open();
    if (source.index.length !== pictures.length) {
      return { input, fault: `${source.index.length} of ${pictures.length} frames came back` };
    }
    let worst = Number.POSITIVE_INFINITY;
    for (const index of shuffled({ start: 0, count: pictures.length, step: 1 })) {
      const { image } = await source.frame({ index });
      const fault = compare(pictures[index]!, image, lossless);
      if (fault) return { input, fault: `frame ${index}: ${fault}` };
      worst = Math.min(worst, likenessInColor(pictures[index]!.image, image));
    }
    return { input, likeness: worst, ...("encoder" in sink && { encoder: String(sink.encoder) }) };
  } catch (error) {
    return { input, fault: (error as Error).message, isMissing: error instanceof UnsupportedError };
  }
}

function compare(wanted: Frame, found: Image, lossless: boolean): string | undefined {
  const number = readPaintedNumber(found);
  if (number !== wanted.number) return `shows number ${number ?? "none"} instead of ${wanted.number}`;
  if (!lossless) return undefined;
  const same = likenessInColor(wanted.image, found) === Number.POSITIVE_INFINITY;
  return same ? undefined : "is not what was written, though the format is lossless";
}

/** A codec without gray gives gray frames back as colour; in gray they are compared. */
function likenessInColor(wanted: Image, found: Image): number {
  return likeness(wanted, wanted.color === "gray" && found.color !== "gray" ? toColor(found, "gray") : found);
}

function summarize(kind: Trial["kind"], name: string, found: readonly (Found | undefined)[]): Trial {
  const tried = found.filter((one) => one !== undefined);
  const fault = tried.find((one) => one.fault !== undefined);
  if (fault) {
    return {
      kind,
      name,
      result: fault.isMissing ? "missing" : "broken",
      detail: `${fault.input}: ${fault.fault}`,
    };
  }
  const worst = Math.min(...tried.map((one) => one.likeness ?? Number.POSITIVE_INFINITY));
  const quality = worst === Number.POSITIVE_INFINITY ? "exact" : `${worst.toFixed(1)} dB`;
  const shapes = tried.map(({ input }) => input.split(" ").slice(1).join(" ")).join(", ");
  const encoder = tried[0]?.encoder ? `, by ${tried[0].encoder}` : "";
  return { kind, name, result: "works", detail: `${shapes}; ${quality}${encoder}` };
}

/** Writes and reads `bytes` in that folder. */
export async function tryDisk(folder: string, bytes: number): Promise<Trial> {
  const trial = { kind: "disk", name: folder } as const;
  const megabytes = (rate: number): number => Math.round(rate / 1e6);
  try {
    const { write, read } = await measureDisk(folder, bytes);
    const detail = `writes ${megabytes(write)} MB/s (on the disk), reads ${megabytes(read)} MB/s (cached)`;
    return { ...trial, result: "works", detail };
  } catch (error) {
    return { ...trial, result: "broken", detail: (error as Error).message };
  }
}
