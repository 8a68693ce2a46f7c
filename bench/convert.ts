// Whole conversions: two cores against one, and against the ffmpeg program; see README.md beside this file.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { inTurns, printTable, type Row, seconds } from "./measure.js";

const task = fileURLToPath(new URL("convert-task.js", import.meta.url));
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
const output = `${work}out.mp4`;

/** Frames a second of a whole conversion, the start of the program included. */
function rate(cores: string, program: string, args: readonly string[]): number {
  rmSync(output, { force: true });
  return FRAMES / seconds("taskset", ["-c", cores, program, ...args]);
}

const marey = (cores: string, chain: string, jobs = "auto"): number =>
  rate(cores, "node", [task, input, output, chain, jobs]);

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
      // Marey's pictures are BGR on their way, as a transform would want them.
      "ffmpeg, by way of bgr24": () =>
        rate(cores, "ffmpeg", ["-v", "error", "-y", "-i", input, "-vf", "format=bgr24", ...encode, output]),
      ffmpeg: () => rate(cores, "ffmpeg", ["-v", "error", "-y", "-i", input, ...encode, output]),
    },
    "more",
  );
  for (const [peer, goal] of [
    ["ffmpeg, by way of bgr24", ">= 0.95"],
    ["ffmpeg", ">= 0.95"],
  ] as const) {
    plain.push({ what, marey: fps.marey, unit: "f/s", peer, theirs: fps[peer], goal });
  }
}
printTable("Whole conversions, 1280x720 H.264, equal settings", plain);
console.log(`\nload after: ${loadavg().map((load) => load.toFixed(1))}`);
rmSync(output, { force: true });
