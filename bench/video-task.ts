// One measurement of our reader in a process of its own; prints one JSON line.
// usage: video-task.js {bgr|gray} {sequential|random|random-no-cache|step-back|back|first|second|scan|loop|encode} FILE THREADS

import { rmSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { IndexedFrame } from "../src/core/frame.js";
import { openVideo } from "../src/video/open-video.js";
import { createVideo } from "../src/video/video-writer.js";

const [colour, task, path, threads] = process.argv.slice(2) as ["bgr" | "gray", string, string, string];
const options = {
  as: colour,
  threads: Number(threads),
  ...(task === "random-no-cache" ? { cacheBytes: 0 } : {}),
};

function randomNumbers(count: number, below: number): number[] {
  let seed = 12345;
  return Array.from({ length: count }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return seed % below;
  });
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function firstFrames(keepTable: boolean): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 15; i++) {
    times.push(
      await time(async () => {
        const video = await openVideo(path, { ...options, keepTable });
        await video.frame({ index: 0 });
        await video.close();
      }),
    );
  }
  return median(times);
}

/** Encodes the film's first pictures as fast as it can. */
async function encode(): Promise<Record<string, number>> {
  await using video = await openVideo(path, options);
  const frames: IndexedFrame[] = [];
  for await (const frame of video.frames({ stop: 30 })) frames.push(frame);
  const target = `${path}.encoded.mkv`;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const out = await createVideo(target, { overwrite: true, threads: Number(threads) });
  const ms = await time(async () => {
    for (let i = 0; i < 300; i++) await out.write(frames[i % frames.length]!);
    await out.close();
  });
  rmSync(target);
  return { fps: 300_000 / ms, ms: delay.percentile(99) / 1e6 };
}

async function measure(): Promise<Record<string, number>> {
  if (task === "encode") return encode();
  if (task === "first" || task === "second") return { ms: await firstFrames(task === "second") };
  await using video = await openVideo(path, options);
  const count = video.index.length;
  if (task === "scan") {
    await video.close();
    const opened = await time(async () => (await openVideo(path, options)).close());
    return { fps: (count / opened) * 1000 };
  }
  if (task === "sequential" || task === "back" || task === "loop") {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const ms = await time(async () => {
      for await (const _ of video.frames({ step: task === "back" ? -1 : 1 }));
    });
    return { fps: (count / ms) * 1000, ms: delay.percentile(99) / 1e6 };
  }
  const times: number[] = [];
  for (const index of randomNumbers(203, count)) {
    const cold = await time(() => video.frame({ index }));
    if (task !== "step-back") times.push(cold);
    else
      for (let back = 1; back <= 5 && index >= back; back++)
        times.push(await time(() => video.frame({ index: index - back })));
  }
  return { ms: median(times.slice(3)) };
}

console.log(JSON.stringify(await measure()));
