// What it costs that somebody looks on, and how late they see it; see README.md beside this file.
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startRecording } from "../src/recording/index.js";
import { serveLive } from "../src/view/index.js";
import { printTable, ROUNDS, type Row } from "./measure.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const directory = fileURLToPath(new URL("../../preview/", import.meta.url));
const widths = [320, 640];

/** Not `runJson`: this process serves the pictures meanwhile. */
async function run(...args: (string | number)[]): Promise<Record<string, number>> {
  const all = [`${here}preview-task.js`, ...args.map(String)];
  const { stdout } = await promisify(execFile)("node", all);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

const rows: Row[] = [];
const recording = await startRecording({
  ...{ directory, pattern: "{name}" },
  cameras: [{ name: "cam1", camera: "synthetic:1280x1024@30" }],
});
const server = await serveLive(recording);
type Late = { readonly p50: number; readonly p95: number };
const never: Late = { p50: Number.POSITIVE_INFINITY, p95: Number.POSITIVE_INFINITY };
for (const width of widths) {
  const best = { floor: never, ws: never, mjpeg: never, h264: never };
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of ["floor", "ws", "mjpeg", "h264"] as const) {
      const asked = way === "floor" ? ["floor", 5] : ["latency", server.port, way, width, 5];
      const found = (await run(...asked)) as unknown as Late;
      if (found.p95 < best[way].p95) best[way] = found;
    }
  }
  for (const way of ["ws", "mjpeg", "h264"] as const) {
    const machine = { unit: "ms", peer: "a few bytes the same way" };
    rows.push({
      what: `${way}, ${width} wide, median`,
      marey: best[way].p50,
      ...machine,
      theirs: best.floor.p50,
    });
    rows.push({
      what: `${way}, ${width} wide, p95`,
      marey: best[way].p95,
      ...machine,
      theirs: best.floor.p95,
    });
    rows.push({
      ...{ what: "… to the goal", marey: best[way].p95, unit: "ms" },
      peer: "",
      theirs: 30,
      goal: "1.0",
    });
  }
}
await server.close();
await recording.stop();
const { written, dropped } = recording.tracks[0]!.counts;
rmSync(directory, { recursive: true, force: true });
printTable(`From camera to client while ${written} frames are saved (${dropped} dropped)`, rows);

const costs: Row[] = [];
for (const width of widths) {
  const { none, jpeg, h264 } = await run("cpu", width, 5, ROUNDS);
  const limit = { unit: "% of a core", peer: "limit", theirs: 2, goal: "1.0" };
  costs.push({ what: `JPEG, ${width} wide`, marey: (jpeg! - none!) / 10, ...limit });
  costs.push({ what: `H.264, ${width} wide`, marey: (h264! - none!) / 10, ...limit });
  costs.push({
    what: "the camera's process alone",
    marey: none! / 10,
    unit: "% of a core",
    peer: "",
    theirs: 1,
  });
}
printTable("What looking on costs a camera's process, 30 pictures a second of 1280x1024", costs);
