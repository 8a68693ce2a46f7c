import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { bytesOf } from "../src/core/image.js";
import { openVideo } from "../src/video/open-video.js";

// Films that the corpus has not, made by the ffmpeg program; its own sequential decode is the judge.
const folder = mkdtempSync(join(tmpdir(), "marey-awkward-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = "testsrc2=size=160x120:rate=30:duration=2,noise=alls=8:allf=t:all_seed=7,format=yuv420p";

const films: Record<string, readonly string[]> = {
  "intra-refresh.mkv": [
    "-c:v",
    "libx264",
    "-g",
    "250",
    "-x264-params",
    "intra-refresh=1:keyint=30",
    "-bf",
    "0",
  ],
  "intra-refresh.ts": [
    "-c:v",
    "libx264",
    "-g",
    "250",
    "-x264-params",
    "intra-refresh=1:keyint=30",
    "-bf",
    "0",
  ],
  "fragments.mp4": ["-c:v", "libx264", "-g", "30", "-bf", "3", "-movflags", "frag_every_frame+empty_moov"],
  "open-gop.avi": ["-c:v", "libx264", "-x264-params", "open-gop=1:keyint=24:bframes=3"],
  "open-gop.ts": ["-c:v", "libx264", "-x264-params", "open-gop=1:keyint=24:bframes=3"],
  "open-gop.hevc": ["-c:v", "libx265", "-x265-params", "open-gop=1:keyint=24:log-level=none"],
  "packed-b-frames.avi": ["-c:v", "libxvid", "-bf", "2"],
  "hidden-references.webm": [
    "-c:v",
    "libvpx-vp9",
    "-auto-alt-ref",
    "1",
    "-lag-in-frames",
    "25",
    "-b:v",
    "300k",
    "-cpu-used",
    "8",
  ],
  "hidden-references.ivf": ["-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "25", "-b:v", "300k"],
  "interlaced.mpg": ["-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-g", "12", "-bf", "2"],
  "pyramid.mp4": ["-c:v", "libx264", "-bf", "16", "-x264-params", "b-pyramid=strict:ref=16"],
  "ten-bits.mp4": ["-c:v", "libx264", "-pix_fmt", "yuv420p10le", "-g", "20"],
  "pictures.mjpeg": ["-c:v", "mjpeg", "-f", "mjpeg"],
  "deep-gray.nut": ["-c:v", "rawvideo", "-pix_fmt", "gray16le"],
  "animation.gif": ["-r", "10"],
};

const md5 = (data: Uint8Array): string => createHash("md5").update(data).digest("hex");

function framemd5(path: string): string[] {
  const output = execFileSync(
    "ffmpeg",
    ["-v", "error", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-"],
    { encoding: "utf8" },
  );
  const lines = output.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => line.split(",").at(-1)!.trim());
}

test("a recording that was never finished is refused with the reason", async () => {
  const corpus = fileURLToPath(new URL("../../shared/corpus/videos", import.meta.url));
  await expect(openVideo(join(corpus, "trunc_nomoov.mp4"))).rejects.toThrow(/its index \(moov\) is missing/);
});

test("a live recording, which promises no length, and one in fragments miss nothing", async () => {
  const options = "-v error -f lavfi -i testsrc=duration=1:size=64x48 -c:v libx264";
  for (const [name, more] of [
    ["live.mkv", "-live 1"],
    ["split.mp4", "-movflags frag_keyframe+empty_moov -g 1"],
  ] as const) {
    const path = join(folder, name);
    execFileSync("ffmpeg", [...options.split(" "), ...more.split(" "), path]);
    await using video = await openVideo(path);
    expect(video.index.length).toBe(25);
    expect(video.describe().missingBytes).toBeUndefined();
  }
});

describe.each(Object.keys(films))("%s", (name) => {
  test("is read forwards, backwards and shuffled as FFmpeg decodes it", async () => {
    const path = join(folder, name);
    execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, ...films[name]!, path]);
    const expected = framemd5(path);
    await using video = await openVideo(path, { as: "native" });
    const forwards: string[] = [];
    for await (const { image } of video.frames()) forwards.push(md5(bytesOf(image)));
    expect(forwards).toEqual(expected);
    const backwards: string[] = [];
    for await (const { image } of video.frames({ step: -1 })) backwards.push(md5(bytesOf(image)));
    expect(backwards.toReversed()).toEqual(expected);
    for (let i = 0; i < expected.length; i++) {
      const index = (i * 37 + 11) % expected.length;
      const { image } = await video.frame({ index });
      expect([index, md5(bytesOf(image))]).toEqual([index, expected[index]]);
    }
  });
});
