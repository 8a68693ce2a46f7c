import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { bytesOf } from "../src/core/image.js";
import { openVideo } from "../src/video/open-video.js";
import type { VideoReader } from "../src/video/video-reader.js";

// The claims that the old VideoReader gist makes of itself in its own test, and the ones that it should have made.
// Its clamping and its inclusive time interval are recipes of one line here (see README).

const folder = new URL("../../shared/corpus/videos/", import.meta.url).pathname;
const files = [
  "ref_h264_bf0.mp4",
  "fps29_97.mp4",
  "vfr.mp4",
  "vfr.mkv",
  "h264_bf3.ts",
  "h264_bf3.avi",
  "editlist_delay.mp4",
  "noeditlist_bf3.mp4",
];

const hash = (data: Uint8Array): string => createHash("md5").update(data).digest("hex");

async function hashesOf(frames: AsyncIterable<{ image: Parameters<typeof bytesOf>[0] }>): Promise<string[]> {
  const all: string[] = [];
  for await (const { image } of frames) all.push(hash(bytesOf(image)));
  return all;
}

describe.each(files)("%s", (name) => {
  describe.each([
    ["with a cache", undefined],
    ["without", 0],
  ] as const)("%s", (_, cacheBytes) => {
    const open = (): Promise<VideoReader> =>
      openVideo(folder + name, cacheBytes === undefined ? {} : { cacheBytes });

    test("all 13 claims of its own test hold", async () => {
      await using video = await open();
      const count = video.index.length;
      const last = count - 1;
      const request = async (index: number): Promise<[number, string]> => {
        // request_frame(i) clamps: this is its recipe.
        const clamped = Math.min(last, Math.max(0, index < 0 ? index + count : index));
        const frame = await video.frame({ index: clamped });
        return [frame.index, hash(bytesOf(frame.image))];
      };

      const all = await hashesOf(video.frames());
      expect(await hashesOf(video.frames())).toEqual(all);

      const zero = video.index.time(0);
      const start = video.index.locate({ time: zero + 1, match: "nearest" });
      const stop = video.index.locate({ time: zero + 2, match: "nearest" }) + 1;
      const byTime = await hashesOf(video.frames({ start, stop }));
      expect(byTime.length).toBeGreaterThan(20);
      expect(byTime).toEqual(all.slice(start, start + byTime.length));

      const ten: number[] = [];
      for await (const frame of video.frames({ start: 10, stop: 20 })) ten.push(frame.index);
      expect(ten).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
      expect(await hashesOf(video.frames({ start: 10, stop: 20 }))).toEqual(all.slice(10, 20));

      expect(await request(-1)).toEqual([last, all[last]]);
      expect((await request(last))[0]).toBe(last);
      expect((await request(count))[0]).toBe(last);
      expect(await request(count - 2)).toEqual([count - 2, all[count - 2]]);
      expect(await request(count - 3)).toEqual([count - 3, all[count - 3]]);
      expect(await request(-1)).toEqual([last, all[last]]);
      expect(await request(0)).toEqual([0, all[0]]);
      expect(await request(20)).toEqual([20, all[20]]);
    });

    test("and the 6 that it should have made", async () => {
      await using video = await open();
      const count = video.index.length;
      const all = await hashesOf(video.frames());
      const at = async (index: number): Promise<string> =>
        hash(bytesOf((await video.frame({ index })).image));

      // 1 Every index in every order (shuffled here; test/video-reader.test.ts does all orders for all files).
      for (let i = 0; i < count; i++)
        expect(await at((i * 37 + 11) % count)).toBe(all[(i * 37 + 11) % count]);
      // 2 After an error the next request is right.
      await expect(video.frame({ index: count })).rejects.toMatchObject({ code: "FRAME_NOT_FOUND" });
      await expect(video.frame({ time: Number.NaN })).rejects.toMatchObject({ code: "FRAME_NOT_FOUND" });
      expect(await at(5)).toBe(all[5]);
      // 3 Memory stays under the limit.
      expect(video.stats().cacheBytes).toBeLessThanOrEqual(
        Math.max(cacheBytes ?? 256 * 2 ** 20, 320 * 240 * 2),
      );
      // 4 A stop of n includes the last frame.
      expect((await hashesOf(video.frames({ start: count - 5, stop: count }))).length).toBe(5);
      expect((await hashesOf(video.frames({ start: count - 5, stop: 1e9 }))).length).toBe(5);
      // 5 Requests at once are right.
      const many = [3, 80, 3, 41, 0, count - 1, 42, 40];
      expect(await Promise.all(many.map(at))).toEqual(many.map((index) => all[index]));
      // 6 Times are the container's.
      for (const index of [0, 1, count - 1]) {
        const { pts, time } = await video.frame({ index });
        const { num, den } = video.stream.timeBase;
        if (pts !== undefined) expect(time).toBeCloseTo((pts * num) / den, 9);
        else expect(time).toBeGreaterThan(video.index.time(index - 1));
      }
    });
  });
});
