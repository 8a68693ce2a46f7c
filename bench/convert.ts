// Whole conversions: two cores against one, and against the ffmpeg program; see README.md beside this file.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { inTurns, printTable, type Row, seconds } from "./measure.js";

const task = fileURLToPath(new URL("convert-task.js", import.meta.url));
const peer = fileURLToPath(new URL("../../../bench/peers/pimage.py", import.meta.url));
const work = fileURLToPath(new URL("../../convert/", import.meta.url));
const FRAMES = 300;

function film(): string {
  const path = `${work}film.mp4`;
  if (existsSync(path)) return path;
  mkdirSync(work, { recursive: true });
  const source = `testsrc2=size=1280x720:rate=30:duration=${FRAMES / 30},noise=alls=5:allf=t:all_seed=42,format=yuv420p`;
  const encode = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-g", "12", "-bf", "0"];
  execFileSync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", source, ...encode, path]);
  return path;
}

const input = film();
const outputs = { mp4: `${work}out.mp4`, avi: `${work}out.avi` };
const output = outputs.mp4;

/** Frames a second of a whole conversion, the start of the program included. */
function rate(cores: string, program: string, args: readonly string[]): number {
  for (const path of Object.values(outputs)) rmSync(path, { force: true });
  return FRAMES / seconds("taskset", ["-c", cores, program, ...args]);
}

const marey = (cores: string, chain: string, jobs = "auto", to = output): number =>
  rate(cores, "node", [task, input, to, chain, jobs]);

console.log(`load before: ${loadavg().map((load) => load.toFixed(1))}`);
const rows: Row[] = [];
for (const [what, chain] of [
  ["clahe, gaussian", "clahe;gaussian:2"],
  ["rotate, median of 5x5, clahe", "rotate:10;median:5;clahe"],
] as const) {
  const fps = inTurns(
    { one: () => marey("0", chain), two: () => marey("0,1", chain), alone: () => marey("0,1", chain, "0") },
    "more",
  );
  rows.push({ what, marey: fps.two, unit: "f/s", peer: "one core", theirs: fps.one, goal: ">= 1.5" });
  rows.push({ what, marey: fps.two, unit: "f/s", peer: "two, no threads", theirs: fps.alone });
}
printTable("Pictures bent in threads, 1280x720", rows);

// What Marey does by itself, said to ffmpeg: the same encoder, preset, quality, GOP and pixel format.
const encode = [
  "-c:v",
  "libx264",
  "-preset",
  "veryfast",
  "-crf",
  "18",
  "-g",
  "12",
  "-bf",
  "0",
  "-pix_fmt",
  "yuv420p",
];
const plain: Row[] = [];
for (const [what, cores] of [
  ["mp4 to mp4, one core", "0"],
  ["mp4 to mp4, two cores", "0,1"],
] as const) {
  const fps = inTurns(
    {
      marey: () => marey(cores, ""),
      ffmpeg: () => rate(cores, "ffmpeg", ["-v", "error", "-y", "-i", input, ...encode, output]),
    },
    "more",
  );
  plain.push({ what, marey: fps.marey, unit: "f/s", peer: "ffmpeg", theirs: fps.ffmpeg, goal: ">= 0.95" });
}
printTable("Whole conversions, 1280x720 H.264, equal settings", plain);
if (process.env.PIMAGE_SRC !== undefined) {
  const pimage = (how: string, to: string): number => rate("0,1", "/usr/bin/python3", [peer, how, input, to]);
  const rivals = [
    ["film to MJPEG avi", "converter", outputs.avi],
    ["film to MJPEG avi", "loop", outputs.avi],
    ["film to mp4, theirs in MPEG-4 Part 2", "loop", outputs.mp4],
  ] as const;
  const compared = rivals.map(([what, how, to]): Row => {
    const fps = inTurns({ marey: () => marey("0,1", "", "auto", to), pimage: () => pimage(how, to) }, "more");
    const peer = `pImage 2.0.2, ${how === "loop" ? "reader and writer" : "converter of two processes"}`;
    return { what, marey: fps.marey, unit: "f/s", peer, theirs: fps.pimage, goal: ">= 2" };
  });
  printTable("Whole conversions, 1280x720, two cores", compared);
} else console.log("\nPIMAGE_SRC is not set: not compared with pImage");
console.log(`\nload after: ${loadavg().map((load) => load.toFixed(1))}`);
for (const path of Object.values(outputs)) rmSync(path, { force: true });
