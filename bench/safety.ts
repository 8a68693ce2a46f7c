// What it costs that nothing is lost: durability, the journal, and the ends of chunks; see README.md beside this file.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inTurns, printTable, type Row, runJson } from "./measure.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const work = fileURLToPath(new URL("../../safety/", import.meta.url));
mkdirSync(work, { recursive: true });
const root = `${work}store`;

function run(...args: string[]): Record<string, number> {
  return runJson("node", [`${here}safety-task.js`, ...args]);
}

const rows: Row[] = [];
for (const [format, count] of [
  ["npy", 600],
  ["raw", 600],
  ["avc1/mp4", 300],
  ["mjpeg/avi", 300],
] as const) {
  const fps = inTurns(
    {
      flush: () => run("write", format, "flush", root, String(count)).fps!,
      second: () => run("write", format, "second", root, String(count)).fps!,
      frame: () => run("write", format, "frame", root, String(count)).fps!,
      file: () => run("file", root, String(count)).fps!,
      synced: () => run("synced", root, String(count)).fps!,
      files: () => run("files", root, String(count)).fps!,
    },
    "more",
  );
  const of = (what: string, marey: number, peer: string, theirs: number, goal?: string): void => {
    rows.push({ what: `${format}, ${what}`, marey, unit: "f/s", peer, theirs, ...(goal && { goal }) });
  };
  of("durability second", fps.second, "flush", fps.flush, ">= 0.95");
  of("durability frame", fps.frame, "flush", fps.flush);
  if (format === "npy") {
    of("flush", fps.flush, "one plain file", fps.file, ">= 0.8");
    of("flush", fps.flush, "a plain file for each frame", fps.files, ">= 0.8");
  }
  if (format === "raw") of("flush", fps.flush, "one plain file", fps.file, ">= 0.9");
  if (format === "raw" || format === "npy")
    of("durability second", fps.second, "one plain file, synced each second", fps.synced, ">= 0.9");
}
printTable("1280x1024 gray, from the first write to the closed store", rows);

const live: Row[] = [];
for (const format of ["npy", "avc1/mp4"]) {
  const { p50, p99, max, loopP99, loopMax } = run("live", format, root, "12");
  const of = (what: string, marey: number, goal?: string): void => {
    live.push({
      what: `${format}, ${what}`,
      marey,
      unit: "ms",
      peer: "a frame's time",
      theirs: 1000 / 60,
      ...(goal && { goal }),
    });
  };
  of("write to safe, p50", p50!);
  of("write to safe, p99", p99!);
  of("write to safe, longest", max!);
  of("event loop held up, p99", loopP99!, "< 5 ms");
  of("event loop held up, longest", loopMax!);
}
printTable("Four cameras of 640x480 at 60 frames/s, a new chunk every 1.5 s in each", live);
