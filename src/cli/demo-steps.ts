import { basename, join } from "node:path";
import { readPaintedNumber } from "../capture/painted-number.js";
import { summarizeStamps } from "../core/stamp-summary.js";
import type { FrameSink, SeekableSource } from "../core/stream.js";
import type { ExtraRow } from "../store/extra/row.js";
import type { StoreWriter } from "../store/store-writer.js";
import type { CommonOptions, Context } from "./context.js";
import { likeness } from "./likeness.js";
import { shuffled } from "./selection.js";
import { sideBySide } from "./side-by-side.js";

interface Step {
  readonly context: Context;
  readonly options: CommonOptions;
}

export interface DemoCheck {
  readonly path: string;
  readonly frames: number;
  readonly checked: number;
  readonly wrong: number;
  /** Frame numbers that are missing: a machine that is too busy loses frames, as with any camera. */
  readonly lost: number;
  /** How each frame was found to be right, for people. */
  readonly how: string;
}

/** Two cameras as they stand in a laboratory: a fast small one from above, a slow big one from the side. */
const cameras = [
  { name: "top", width: 320, height: 256, rate: 50, color: "gray", format: "png", chunkSize: 100 },
  { name: "side", width: 640, height: 480, rate: 30, color: "bgr", format: "avc1/mp4", chunkSize: 60 },
] as const;

/** @returns the paths of the two stores. */
export async function recordCameras(
  folder: string,
  seconds: number,
  { context, options }: Step,
): Promise<string[]> {
  const { createStore, record, syntheticCamera } = await import("../index.js");
  const tracks = [];
  const stores: StoreWriter[] = [];
  const total = cameras.reduce((sum, { rate }) => sum + Math.round(rate * seconds), 0);
  const progress = context.progress("recording", total, options);
  try {
    for (const { name, format, chunkSize, ...asked } of cameras) {
      const camera = syntheticCamera(asked);
      const path = join(folder, name);
      const store = await createStore(path, {
        info: camera.info,
        format,
        chunkSize,
        overwrite: true,
        metadata: { camera: name, rate: asked.rate, made_by: "marey demo" },
      });
      stores.push(store);
      tracks.push({
        name,
        source: camera,
        sink: withExtraData(store, (index) => ({ temperature: 21 + index / 100 })),
      });
    }
    await record(tracks, {
      seconds,
      signal: context.signal,
      onProgress: (counts) => progress.update(counts.reduce((sum, { written }) => sum + written, 0)),
    });
  } finally {
    progress.end();
    await Promise.all(stores.map((store) => store.close()));
  }
  return stores.map(({ path }) => join(folder, basename(path)));
}

/** The first seconds of a video in two stores: one exact, one small. */
export async function copyVideo(
  video: string,
  folder: string,
  seconds: number,
  { context, options }: Step,
): Promise<string[]> {
  const { createStore, open } = await import("../index.js");
  await using source = await open(video, { signal: context.signal });
  const end = (source.index.timeRange?.min ?? 0) + seconds;
  const fits = Array.from({ length: source.index.length }, (_, at) => at).filter(
    (at) => !(source.index.time(at) >= end),
  );
  const names = { exact: source.info.dtype === "uint8" ? "png" : "npy", small: "avc1/mp4" };
  const formats = source.info.dtype === "uint8" ? names : { exact: names.exact };
  const progress = context.progress("copying", fits.length, options);
  const stores: StoreWriter[] = [];
  try {
    for (const [name, format] of Object.entries(formats)) {
      const metadata = { copied_from: basename(video), made_by: "marey demo" };
      const path = join(folder, name);
      stores.push(await createStore(path, { info: source.info, format, overwrite: true, metadata }));
    }
    const sinks = stores.map((store) =>
      withExtraData(store, (index) => ({ second_of_video: source.index.time(index) })),
    );
    for await (const frame of source.frames({ stop: fits.length })) {
      context.signal.throwIfAborted();
      for (const sink of sinks) await sink.write(frame);
      progress.update(frame.index + 1);
    }
  } finally {
    progress.end();
    await Promise.all(stores.map((store) => store.close()));
  }
  return stores.map(({ path }) => join(folder, basename(path)));
}

/** A row of extra data with every tenth frame. */
function withExtraData(
  store: StoreWriter,
  row: (index: number) => ExtraRow,
): Pick<FrameSink, "write"> & FrameSink {
  let index = 0;
  return {
    async write(frame) {
      await store.write(frame);
      if (index % 10 === 0) await store.addExtraData(row(index));
      index++;
    },
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

/** Every frame in shuffled order: the painted number is the frame's number. */
export async function checkPainted(path: string, step: Step): Promise<DemoCheck> {
  const { openStore } = await import("../index.js");
  await using store = await openStore(path);
  const wrong = await countWrong(store, step, async (index) => {
    const { image, number } = await store.frame({ index });
    return readPaintedNumber(image) === number;
  });
  const frames = store.index.length;
  const { missingNumbers: lost } = summarizeStamps(store.index);
  const how = "carries the painted number that its index says";
  return { path, frames, checked: frames, wrong, lost, how };
}

/** Every frame in shuffled order: the same picture as in the video, or for a lossy store one that is much like it. */
export async function checkCopy(video: string, path: string, step: Step): Promise<DemoCheck> {
  const { open, openStore } = await import("../index.js");
  await using source = await open(video);
  await using store = await openStore(path);
  const lossless = store.metadata.format === "png" || store.metadata.format === "npy";
  const least = lossless ? Number.POSITIVE_INFINITY : 20;
  const wrong = await countWrong(store, step, async (index) => {
    const [copy, original] = await Promise.all([store.frame({ index }), source.frame({ index })]);
    const cropped = copy.image.data.length !== original.image.data.length;
    return copy.number === original.number && (cropped || likeness(copy.image, original.image) >= least);
  });
  const frames = store.index.length;
  return {
    path,
    frames,
    checked: frames,
    wrong,
    lost: 0,
    how: lossless ? "equal to the video's, bit for bit" : "like the video's",
  };
}

async function countWrong(
  { index }: SeekableSource,
  { context, options }: Step,
  isRight: (index: number) => Promise<boolean>,
): Promise<number> {
  const progress = context.progress("checking", index.length, options);
  let [wrong, done] = [0, 0];
  try {
    for (const at of shuffled({ start: 0, count: index.length, step: 1 })) {
      context.signal.throwIfAborted();
      if (!(await isRight(at))) wrong++;
      progress.update(++done);
    }
  } finally {
    progress.end();
  }
  return wrong;
}

/** For each frame of the first source the one of the last that was on the screen at that time, beside it. */
export async function writeSideBySide(
  stores: readonly string[],
  film: string,
  { context, options }: Step,
): Promise<void> {
  const { createVideo, openStore } = await import("../index.js");
  await using left = await openStore(stores[0]!);
  await using right = await openStore(stores.at(-1)!);
  const { rate } = summarizeStamps(left.index);
  const video = await createVideo(film, { fps: rate ?? 25, overwrite: true });
  const progress = context.progress("writing", left.index.length, options);
  try {
    for await (const frame of left.frames()) {
      context.signal.throwIfAborted();
      const first = right.index.time(0);
      const time = Math.max(frame.time, first);
      const other = await right.frame({ time, match: "playing" });
      await video.write({ ...frame, image: sideBySide(frame.image, other.image) });
      progress.update(frame.index + 1);
    }
  } catch (error) {
    await video.abort?.();
    throw error;
  } finally {
    progress.end();
  }
  await video.close();
}
