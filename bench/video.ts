// Reading 1280x720 video against the ffmpeg program, PyAV and OpenCV; see README.md beside this file.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inTurns, printTable, ROUNDS, type Row, runJson, seconds } from "./measure.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const films = fileURLToPath(new URL("../../films/", import.meta.url));
const peers = fileURLToPath(new URL("../../../bench/peers/video.py", import.meta.url));
const FRAMES = 600;

/** The same films as in the measurements of the peers: test pattern and noise, 600 frames. */
function film(name: string, args: readonly string[]): string {
  const path = films + name;
  if (existsSync(path)) return path;
  mkdirSync(films, { recursive: true });
  const source = "testsrc2=size=1280x720:rate=30:duration=20,noise=alls=5:allf=t:all_seed=42,format=yuv420p";
  execFileSync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", source, ...args, path]);
  return path;
}

const x264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-sc_threshold", "0", "-threads", "2"];
const marey = (colour: string, task: string, path: string, threads: number) =>
  runJson("node", [`${here}video-task.js`, colour, task, path, String(threads)]);
const python = (peer: string, colour: string, task: string, path: string, threads: number) =>
  runJson("/usr/bin/python3", [peers, peer, colour, task, path, String(threads)]);
const ffmpeg = (path: string, pixelFormat: string, threads: number): number =>
  FRAMES /
  seconds("ffmpeg", [
    "-v",
    "error",
    "-threads",
    String(threads),
    "-i",
    path,
    "-pix_fmt",
    pixelFormat,
    "-f",
    "null",
    "-",
  ]);

for (const [gop, b] of [
  [12, 0],
  [12, 3],
  [250, 0],
  [250, 3],
] as const) {
  const path = film(`gop${gop}-b${b}.mp4`, [...x264, "-g", String(gop), "-bf", String(b)]);
  const rows: Row[] = [];
  for (const [colour, format] of [
    ["bgr", "bgr24"],
    ["gray", "gray"],
  ] as const) {
    for (const threads of [1, 2]) {
      const fps = inTurns(
        {
          marey: () => marey(colour, "sequential", path, threads).fps!,
          "ffmpeg -f null": () => ffmpeg(path, format, threads),
          OpenCV: () => python("cv2", colour, "sequential", path, threads).fps!,
          PyAV: () => python("av", colour, "sequential", path, threads).fps!,
        },
        "more",
      );
      const what = `sequential ${colour}, ${threads} thread${threads > 1 ? "s" : ""}`;
      for (const [peer, goal] of [
        ["ffmpeg -f null", ">= 1.05"],
        ["OpenCV", ">= 1.0"],
        ["PyAV", ">= 1.2"],
      ] as const) {
        rows.push({ what, marey: fps.marey, unit: "f/s", peer, theirs: fps[peer], goal });
      }
    }
  }
  const ms = inTurns(
    {
      marey: () => marey("bgr", "random", path, 0).ms!,
      noCache: () => marey("bgr", "random-no-cache", path, 0).ms!,
      stepBack: () => marey("bgr", "step-back", path, 0).ms!,
      OpenCV: () => python("cv2", "bgr", "random", path, 0).ms!,
      // With several threads, PyAV deadlocks on seeks.
      PyAV: () => python("av", "bgr", "random", path, 1).ms!,
    },
    "less",
    Math.ceil(ROUNDS / 2),
  );
  const [goalAv, goalCv] = gop === 12 ? ["<= 0.6", "<= 0.35"] : ["<= 0.5", "<= 0.6"];
  rows.push({ what: "random", marey: ms.marey, unit: "ms", peer: "PyAV", theirs: ms.PyAV, goal: goalAv });
  rows.push({ what: "random", marey: ms.marey, unit: "ms", peer: "OpenCV", theirs: ms.OpenCV, goal: goalCv });
  rows.push({ what: "random, no cache", marey: ms.noCache, unit: "ms", peer: "PyAV", theirs: ms.PyAV });
  rows.push({ what: "random, no cache", marey: ms.noCache, unit: "ms", peer: "OpenCV", theirs: ms.OpenCV });
  rows.push({
    what: "1 – 5 frames back",
    marey: ms.stepBack,
    unit: "ms",
    peer: "cold",
    theirs: ms.noCache,
    goal: "<= 0.1",
  });
  const way = inTurns(
    {
      back: () => marey("bgr", "back", path, 0).fps!,
      forth: () => marey("bgr", "sequential", path, 0).fps!,
    },
    "more",
  );
  rows.push({
    what: "backwards",
    marey: way.back,
    unit: "f/s",
    peer: "forwards",
    theirs: way.forth,
    goal: ">= 0.5",
  });
  printTable(`GOP ${gop}, ${b} B-frames`, rows);
}

const intra: Row[] = [];
for (const [name, args] of [
  ["mjpeg.avi", ["-c:v", "mjpeg", "-q:v", "3"]],
  ["png.mov", ["-c:v", "png", "-frames:v", "200"]],
  ["ffv1.mkv", ["-c:v", "ffv1", "-g", "1", "-frames:v", "200"]],
] as const) {
  const path = film(name, args);
  const ms = inTurns(
    {
      marey: () => marey("bgr", "random-no-cache", path, 0).ms!,
      OpenCV: () => python("cv2", "bgr", "random", path, 0).ms!,
    },
    "less",
    2,
  );
  intra.push({
    what: `random, ${name}`,
    marey: ms.marey,
    unit: "ms",
    peer: "OpenCV",
    theirs: ms.OpenCV,
    goal: "<= 0.2",
  });
}
printTable("Intra-only", intra);

const opening: Row[] = [];
const gop12 = `${films}gop12-b3.mp4`;
const open = inTurns(
  {
    first: () => marey("bgr", "first", gop12, 0).ms!,
    second: () => marey("bgr", "second", gop12, 0).ms!,
    OpenCV: () => python("cv2", "bgr", "first", gop12, 0).ms!,
    PyAV: () => python("av", "bgr", "first", gop12, 0).ms!,
  },
  "less",
);
rmSync(`${gop12}.marey-frames`, { force: true });
for (const peer of ["OpenCV", "PyAV"] as const) {
  const goal = peer === "OpenCV" ? "<= 0.5" : "";
  opening.push({
    what: "first frame after open",
    marey: open.first,
    unit: "ms",
    peer,
    theirs: open[peer],
    goal,
  });
}
opening.push({
  what: "… with a kept table",
  marey: open.second,
  unit: "ms",
  peer: "OpenCV",
  theirs: open.OpenCV,
});
const long = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "35", "-g", "30", "-frames:v", "36000"];
for (const name of ["long.mp4", "long.mkv"]) {
  if (!existsSync(films + name)) {
    const source = "testsrc2=size=320x240:rate=100:duration=360,format=yuv420p";
    execFileSync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", source, ...long, films + name]);
  }
  const scan = inTurns({ marey: () => marey("bgr", "scan", films + name, 0).fps! }, "more");
  opening.push({
    what: `packet scan, ${name}`,
    marey: scan.marey,
    unit: "f/s",
    peer: "limit",
    theirs: 150_000,
    goal: ">= 1.0",
  });
}
const loop = inTurns({ marey: () => marey("bgr", "loop", gop12, 2).ms! }, "less");
opening.push({
  what: "event-loop delay, p99, decoding at full rate",
  marey: loop.marey,
  unit: "ms",
  peer: "limit",
  theirs: 20,
  goal: "<= 1.0",
});
const encode = inTurns({ marey: () => marey("bgr", "encode", gop12, 2).ms! }, "less");
opening.push({
  what: "event-loop delay, p99, encoding at full rate",
  marey: encode.marey,
  unit: "ms",
  peer: "limit",
  theirs: 20,
  goal: "<= 1.0",
});
printTable("Opening, scanning, responsiveness", opening);
