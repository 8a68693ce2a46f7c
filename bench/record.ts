// Recording, from the source to the closed store, against the ffmpeg program fed by pipes as the peer feeds it, against a plain
// file, and in real time; see README.md beside this file.
import { mkdirSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { inTurns, printTable, ROUNDS, type Row, runJson } from "./measure.js";

const task = fileURLToPath(new URL("record-task.js", import.meta.url));
const work = fileURLToPath(new URL("../../record/", import.meta.url));
mkdirSync(work, { recursive: true });

const run = (...args: (string | number)[]): Record<string, number> =>
  runJson("node", [task, ...args.map(String)]);
const load = (): string =>
  loadavg()
    .map((each) => each.toFixed(1))
    .join(" ");

console.log(`load before: ${load()}`);
const rows: Row[] = [];
for (const [width, height, color, cameras, frames] of [
  [640, 480, "gray", 1, 600],
  [640, 480, "gray", 2, 300],
  [640, 480, "gray", 4, 150],
  [1280, 1024, "gray", 1, 200],
  [1280, 1024, "gray", 4, 50],
  [1280, 1024, "bgr", 1, 150],
  [1280, 1024, "bgr", 2, 75],
] as const) {
  const shape = [width, height, color, cameras, frames] as const;
  const cpu = { marey: Number.POSITIVE_INFINITY, ffmpeg: Number.POSITIVE_INFINITY };
  const fps = inTurns(
    {
      marey: () => {
        const found = run("marey", ...shape, `${work}stores`, "avc1/mp4");
        cpu.marey = Math.min(cpu.marey, found.cpu!);
        return found.fps!;
      },
      ffmpeg: () => {
        const found = run("pipe", ...shape, `${work}piped`);
        cpu.ffmpeg = Math.min(cpu.ffmpeg, found.cpu!);
        return found.fps!;
      },
    },
    "more",
  );
  const what = `${width}x${height} ${color}, ${cameras} camera${cameras > 1 ? "s" : ""}`;
  rows.push({
    what,
    marey: fps.marey,
    unit: "f/s",
    peer: "ffmpeg, piped",
    theirs: fps.ffmpeg,
    goal: ">= 1.0",
  });
  rows.push({
    what: `${what}, CPU`,
    ...{ marey: cpu.marey, unit: "ms a frame", peer: "ffmpeg, piped", theirs: cpu.ffmpeg, goal: "<= 1.05" },
  });
}
printTable("H.264 veryfast, QP 15, yuv420p, as fast as it goes", rows);

const raw = inTurns(
  {
    marey: () => run("marey", 1280, 1024, "gray", 1, 800, `${work}raw`, "raw").fps!,
    file: () => run("file", 1280, 1024, "gray", 800, `${work}raw.bytes`).fps!,
  },
  "more",
);
printTable("Raw", [
  {
    what: "1280x1024 gray into a raw store",
    ...{ marey: raw.marey, unit: "f/s", peer: "one plain file, synced", theirs: raw.file, goal: ">= 0.8" },
  },
]);

console.log("\n### Real time, each camera in its own process\n");
console.log(
  "| cameras | lost | cores | frame to safe, median / p95 / p99 | memory of a process |\n|---|---|---|---|---|",
);
for (const [width, height, rate, cameras] of [
  [640, 480, 60, 4],
  [1280, 1024, 60, 1],
  [1280, 1024, 30, 2],
] as const) {
  for (let round = 0; round < Math.min(ROUNDS, 2); round++) {
    const { lost, cores, median, p95, p99, memory } = run(
      "live",
      width,
      height,
      rate,
      cameras,
      10,
      `${work}live`,
    );
    const delay = [median, p95, p99].map((each) => each!.toFixed(1)).join(" / ");
    console.log(
      `| ${cameras} x ${width}x${height} at ${rate}/s | ${lost} | ${cores!.toFixed(2)} | ${delay} ms | ${memory!.toFixed(0)} MiB |`,
    );
  }
}
console.log(`\nload after: ${load()}`);
