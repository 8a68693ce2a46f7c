import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bytesOf } from "../src/core/image.js";
import { openVideo } from "../src/video/open-video.js";
import type { VideoReader } from "../src/video/video-reader.js";

interface Expected {
  readonly nframes: number | null;
  readonly frames?: readonly (readonly [
    pts: number | null,
    time: number | null,
    key: number,
    ...rest: unknown[],
  ])[];
  readonly md5_native?: readonly string[];
}

const folder = new URL("../../shared/corpus/videos/", import.meta.url).pathname;
const expected = JSON.parse(readFileSync(`${folder}expected.json`, "utf8")) as Record<string, Expected>;
const names = Object.keys(expected).filter((name) => name[0] !== "_" && existsSync(folder + name));
const readable = names.filter((name) => (expected[name]!.nframes ?? 0) > 0);
const unreadable = names.filter((name) => !readable.includes(name));

const md5 = (data: Uint8Array): string => createHash("md5").update(data).digest("hex");

async function hashAt(video: VideoReader, index: number): Promise<string> {
  return md5(bytesOf((await video.frame({ index })).image));
}

/** 0 … n - 1 in an order that is always the same and looks like chance. */
function shuffled(n: number): number[] {
  let seed = 12345;
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    const j = seed % (i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

describe.each(readable)("%s", (name) => {
  const { frames, md5_native: hashes } = expected[name]!;
  const open = (cacheBytes?: number): Promise<VideoReader> =>
    openVideo(folder + name, {
      as: "native",
      rotation: "none",
      ...(cacheBytes === undefined ? {} : { cacheBytes }),
    });

  test("has the frames, stamps and pictures that FFmpeg's own decode has", async () => {
    await using video = await open();
    const found: { pts: number | null; md5: string }[] = [];
    for await (const frame of video.frames()) {
      found.push({ pts: frame.pts ?? null, md5: md5(bytesOf(frame.image)) });
    }
    expect(found).toEqual(hashes!.map((hash, i) => ({ pts: frames![i]![0], md5: hash })));
    expect(video.index.length).toBe(hashes!.length);
  });

  test("backwards, with room for two frames and for all", async () => {
    await using video = await open(2 * 320 * 240 * 3);
    const found: string[] = [];
    for await (const frame of video.frames({ step: -1 })) found.push(md5(bytesOf(frame.image)));
    expect(found).toEqual(hashes!.toReversed());
    for (let i = hashes!.length - 1; i >= 0; i--) expect(await hashAt(video, i)).toBe(hashes![i]);
  });

  test.each([0, undefined])("in shuffled order, with a cache of %s bytes", async (cacheBytes) => {
    await using video = await open(cacheBytes);
    for (const i of shuffled(hashes!.length)) expect([i, await hashAt(video, i)]).toEqual([i, hashes![i]]);
  });

  test("every 7th, forwards and backwards, and by single requests", async () => {
    await using video = await open();
    const indices: number[] = [];
    for await (const frame of video.frames({ step: 7 })) {
      indices.push(frame.index);
      expect(md5(bytesOf(frame.image))).toBe(hashes![frame.index]);
    }
    for await (const frame of video.frames({ step: -7 })) {
      expect(md5(bytesOf(frame.image))).toBe(hashes![frame.index]);
    }
    expect(indices).toEqual(hashes!.map((_, i) => i).filter((i) => i % 7 === 0));
    for (const i of indices) expect(await hashAt(video, i)).toBe(hashes![i]);
  });

  test("four loops and a heap of requests at once", async () => {
    await using video = await open();
    const loop = async (step: number): Promise<void> => {
      for await (const frame of video.frames({ step })) {
        expect(md5(bytesOf(frame.image))).toBe(hashes![frame.index]);
      }
    };
    const single = shuffled(hashes!.length).map(async (i) => expect(await hashAt(video, i)).toBe(hashes![i]));
    await Promise.all([loop(1), loop(-1), loop(3), loop(1), ...single]);
  });
});

test.each(unreadable)("%s is refused with a typed error", async (name) => {
  await expect(openVideo(folder + name)).rejects.toMatchObject({ code: "FILE_FORMAT" });
});
