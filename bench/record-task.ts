// One measurement of bench/record.ts, in a process of its own. Prints one JSON line.
//   record-task.js marey WIDTH HEIGHT COLOR CAMERAS FRAMES ROOT FORMAT    from sources to closed stores
//   record-task.js pipe WIDTH HEIGHT COLOR CAMERAS FRAMES ROOT            the same frames through pipes to the ffmpeg program
//   record-task.js file WIDTH HEIGHT COLOR FRAMES ROOT                    the same bytes, one plain file, synced at its end
//   record-task.js live WIDTH HEIGHT RATE CAMERAS SECONDS ROOT            cameras in real time, each in its own process
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { monotonicSeconds } from "../src/capture/host-clock.js";
import type { Frame } from "../src/core/frame.js";
import type { ImageInfo } from "../src/core/image.js";
import { createStore, record, type TrackCounts } from "../src/index.js";
import { startRecording } from "../src/recording/index.js";

const [task, ...args] = process.argv.slice(2);

/** A texture that stays, animals that move, and noise that lossy codecs cannot throw away. */
function pictures({ width, height, channels }: ImageInfo, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => {
    const data = new Uint8Array(width * height * channels);
    let noise = at + 1;
    for (let i = 0; i < data.length; i++) {
      noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
      const pixel = Math.floor(i / channels);
      const [x, y] = [pixel % width, Math.floor(pixel / width)];
      const animal = (x - 100 - at * 9) ** 2 + (y - 200) ** 2 < 900 ? -60 : 0;
      data[i] = 120 + ((x ^ y) & 31) + animal + (noise >>> 30);
    }
    return data;
  });
}

function infoOf(width: string, height: string, color: string): ImageInfo {
  const channels = color === "gray" ? 1 : 3;
  return {
    width: Number(width),
    height: Number(height),
    channels,
    dtype: "uint8",
    color: color as "gray" | "bgr",
  };
}

/** A source as fast as the recorder is: it waits while frames wait, as no camera does. */
function source(info: ImageInfo, all: readonly Uint8Array[], count: number, waiting: () => number) {
  return {
    info,
    async *[Symbol.asyncIterator](): AsyncGenerator<Frame> {
      for (let number = 0; number < count; number++) {
        while (waiting() > 16) await new Promise((resolve) => setImmediate(resolve));
        // A camera gives memory of its own with each frame.
        yield { number, time: number / 60, image: { ...info, data: all[number % all.length]!.slice() } };
      }
    },
  };
}

/** Seconds of CPU, of this process and the children that have ended. */
function cpuSeconds(children: number): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + children;
}

if (task === "marey") {
  const [width, height, color, cameras, frames, root, format] = args as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const info = infoOf(width, height, color);
  const all = pictures(info, 16);
  const [count, tracks] = [Number(frames), Number(cameras)];
  rmSync(root, { recursive: true, force: true });
  const cpu = cpuSeconds(0);
  const start = performance.now();
  let counts: readonly TrackCounts[] = [];
  const sinks = await Promise.all(
    Array.from({ length: tracks }, (_, i) =>
      createStore(`${root}/${i}`, {
        ...{ info, format, minFree: 0 },
        ...(format === "avc1/mp4" && { preset: "veryfast", qp: 15, gop: 250, pixelFormat: "yuv420p" }),
      }),
    ),
  );
  await record(
    sinks.map((sink, i) => ({
      name: String(i),
      source: source(info, all, count, () => counts[i]?.waiting ?? 0),
      sink,
    })),
    {
      onProgress: (now) => {
        counts = now;
      },
    },
  );
  await Promise.all(sinks.map((sink) => sink.close()));
  const seconds = (performance.now() - start) / 1000;
  console.log(
    JSON.stringify({
      fps: (count * tracks) / seconds,
      cpu: ((cpuSeconds(0) - cpu) * 1000) / (count * tracks),
    }),
  );
  rmSync(root, { recursive: true, force: true });
} else if (task === "pipe") {
  const [width, height, color, cameras, frames, root] = args as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const info = infoOf(width, height, color);
  const all = pictures(info, 16);
  const [count, tracks] = [Number(frames), Number(cameras)];
  mkdirSync(root, { recursive: true });
  const cpu = cpuSeconds(0);
  const start = performance.now();
  // The peer's own arguments (VideoSaver, H264, FASTEST, yuv420p, quantization 15).
  const encode = [
    "-vcodec",
    "libx264",
    "-x264-params",
    "qp=15",
    "-preset",
    "veryfast",
    "-profile",
    "high422",
  ];
  const run = async (i: number): Promise<number> => {
    const input = [
      "-f",
      "rawvideo",
      "-pix_fmt",
      color === "gray" ? "gray" : "bgr24",
      "-s",
      `${width}x${height}`,
    ];
    const output = ["-pix_fmt", "yuv420p", "-color_range", "pc", `${root}/${i}.mp4`];
    const command = [
      "-f",
      "%U %S",
      "ffmpeg",
      "-v",
      "error",
      "-y",
      ...input,
      "-r",
      "60",
      "-i",
      "pipe:",
      ...encode,
      ...output,
    ];
    const child = spawn("/usr/bin/time", command, { stdio: ["pipe", "ignore", "pipe"] });
    let told = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      told += text;
    });
    for (let number = 0; number < count; number++) {
      const bytes = all[number % all.length]!.slice();
      if (!child.stdin.write(bytes)) await once(child.stdin, "drain");
    }
    child.stdin.end();
    await once(child, "close");
    const [user, system] = told.trim().split("\n").at(-1)!.split(" ").map(Number);
    return user! + system!;
  };
  const children = await Promise.all(Array.from({ length: tracks }, (_, i) => run(i)));
  const seconds = (performance.now() - start) / 1000;
  const theirs = children.reduce((sum, each) => sum + each, 0);
  console.log(
    JSON.stringify({
      fps: (count * tracks) / seconds,
      cpu: ((cpuSeconds(theirs) - cpu) * 1000) / (count * tracks),
    }),
  );
  rmSync(root, { recursive: true, force: true });
} else if (task === "file") {
  const [width, height, color, frames, root] = args as [string, string, string, string, string];
  const info = infoOf(width, height, color);
  const all = pictures(info, 16);
  const start = performance.now();
  const fd = openSync(root, "w");
  for (let i = 0; i < Number(frames); i++) writeSync(fd, all[i % all.length]!);
  fdatasyncSync(fd);
  closeSync(fd);
  const seconds = (performance.now() - start) / 1000;
  rmSync(root);
  console.log(JSON.stringify({ fps: Number(frames) / seconds }));
} else {
  const [width, height, rate, cameras, seconds, root] = args as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  rmSync(root, { recursive: true, force: true });
  const start = monotonicSeconds();
  const recording = await startRecording({
    directory: root,
    pattern: "{name}",
    minFree: 0,
    seconds: Number(seconds),
    cameras: Array.from({ length: Number(cameras) }, (_, i) => ({
      ...{ name: `cam${i}`, camera: `synthetic:${width}x${height}@${rate}`, preset: "ultrafast" },
    })),
  });
  const before = { cpu: process.cpuUsage(), at: monotonicSeconds() };
  const first = recording.tracks.map(({ status }) => status?.cpu ?? 0);
  await recording.done;
  const elapsed = monotonicSeconds() - before.at;
  const own = process.cpuUsage(before.cpu);
  const cpu =
    recording.tracks.reduce((sum, { status }, i) => sum + (status?.cpu ?? 0) - first[i]!, 0) +
    (own.user + own.system) / 1e6;
  const lost = recording.tracks.reduce(
    (sum, { counts }) => sum + Object.values(counts.losses).reduce((total, each) => total + each, 0),
    0,
  );
  const latency = recording.tracks.map(({ saved }) => saved[0]!.report!.latency!);
  const memory = Math.max(...recording.tracks.map(({ status }) => status!.memory));
  console.log(
    JSON.stringify({
      started: before.at - start,
      lost,
      cores: cpu / elapsed,
      median: Math.max(...latency.map((each) => each.median)) * 1000,
      p95: Math.max(...latency.map((each) => each.p95)) * 1000,
      p99: Math.max(...latency.map((each) => each.p99)) * 1000,
      memory: memory / 2 ** 20,
    }),
  );
  rmSync(root, { recursive: true, force: true });
}
