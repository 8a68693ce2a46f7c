// Writing and reading stores against Python's imgstore; see README.md beside this file.
// IMGSTORE_SRC is a checkout of https://github.com/loopbio/imgstore.
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inTurns, printTable, type Row, runJson } from "./measure.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const work = fileURLToPath(new URL("../../stores/", import.meta.url));
const peer = fileURLToPath(new URL("../../../bench/peers/store.py", import.meta.url));

if (process.env.IMGSTORE_SRC === undefined) throw new Error("IMGSTORE_SRC must name a checkout of imgstore");
mkdirSync(work, { recursive: true });

/** Ratios to be reached: [write, read] on one core, and on all of them. */
const goals: Record<string, { one: [number, number]; all: [number, number] }> = {
  npy: { one: [1, 1.5], all: [2, 2] },
  png: { one: [1, 1], all: [1.7, 1.7] },
  tif: { one: [1, 1], all: [1.7, 1.7] },
  jpg: { one: [0.8, 0.8], all: [1.5, 1.5] },
};
const only = process.env.BENCH_FORMATS?.split(",");

/** Pinned to one core, every thread of a program shares it: that is what "one thread" costs in all. */
function pinned(cores: "one" | "all", program: string): [string, string[]] {
  return cores === "one" ? ["taskset", ["-c", "0", program]] : [program, []];
}

for (const [kind, name, count] of [
  ["gray", "640x480 gray", 600],
  ["bgr", "1280x1024 BGR", 120],
] as const) {
  const pictures = `${work}${kind}.npy`;
  if (!existsSync(pictures)) runJson("/usr/bin/python3", [peer, "pictures", kind, pictures]);
  const rows: Row[] = [];
  for (const format of ["npy", "png", "tif", "bmp", "jpg", "mjpeg/avi", "avc1/mp4", "h264/mkv"]) {
    if (only && !only.includes(format)) continue;
    const frames = format === "npy" || format === "bmp" ? count : count / 2;
    const chunkSize = format.includes("/") ? 500 : 200;
    const roots = { marey: `${work}marey`, imgstore: `${work}imgstore` };
    const args = (task: string, root: string) => [
      task,
      format,
      pictures,
      root,
      String(frames),
      String(chunkSize),
    ];
    const rivals = (task: string, cores: "one" | "all", unit: "fps" | "ms") => {
      const run = (program: string, script: string, root: string) => () => {
        const [command, before] = pinned(cores, program);
        return runJson(command, [...before, script, ...args(task, root)])[unit]!;
      };
      return {
        marey: run("node", `${here}store-task.js`, roots.marey),
        imgstore: run("/usr/bin/python3", peer, roots.imgstore),
      };
    };
    for (const cores of ["one", "all"] as const) {
      for (const [i, task] of ["write", "read"].entries()) {
        const { marey, imgstore } = inTurns(rivals(task, cores, "fps"), "more");
        const goal = goals[format]?.[cores][i];
        const what = `${format} ${task}, ${cores} core${cores === "one" ? "" : "s"}`;
        rows.push({
          what,
          marey,
          unit: "f/s",
          peer: "imgstore",
          theirs: imgstore,
          ...(goal && { goal: `>= ${goal}` }),
        });
      }
    }
    const { marey, imgstore } = inTurns(rivals("random", "all", "ms"), "less");
    const goal = format === "mjpeg/avi" ? { goal: "<= 0.15" } : {};
    rows.push({
      what: `${format} random frame`,
      marey,
      unit: "ms",
      peer: "imgstore",
      theirs: imgstore,
      ...goal,
    });
  }
  printTable(`Stores, ${name}`, rows);
}
