// Still pictures against OpenCV, one thread of it; see README.md beside this file.
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inTurns, printTable, type Row, runJson } from "./measure.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const work = fileURLToPath(new URL("../../images/", import.meta.url));
const peers = fileURLToPath(new URL("../../../bench/peers/", import.meta.url));

/** Ratios to be reached on one core, and on all of them. */
const goals: { readonly [extension: string]: { readonly one: number; readonly all: number } } = {
  png: { one: 1, all: 1.7 },
  tif: { one: 1, all: 1.7 },
  jpg: { one: 0.8, all: 1.5 },
};

const only = process.env.BENCH_FORMATS?.split(",");

type Result = { readonly fps: number; readonly bytes: number };

for (const [kind, name, count] of [
  ["gray", "640x480 gray", 400],
  ["bgr", "1280x1024 BGR", 60],
] as const) {
  const pictures = `${work}${kind}.npy`;
  const folders = { marey: `${work}marey`, opencv: `${work}opencv` };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  if (!existsSync(pictures)) runJson("/usr/bin/python3", [`${peers}store.py`, "pictures", kind, pictures]);
  const rows: Row[] = [];
  const sizes: string[] = [];
  for (const extension of ["png", "tif", "jpg", "bmp"]) {
    if (only && !only.includes(extension)) continue;
    const args = (task: string, folder: string): string[] => [
      task,
      extension,
      pictures,
      folder,
      String(count),
    ];
    const ours = (task: string, cores: "one" | "all", folder: string): Result => {
      const node = ["node", `${here}images-task.js`, ...args(task, folder)];
      const [program, ...rest] = cores === "one" ? ["taskset", "-c", "0", ...node] : node;
      return runJson(program!, rest) as unknown as Result;
    };
    const theirs = (task: string): Result =>
      runJson("/usr/bin/python3", [`${peers}images.py`, ...args(task, folders.opencv)]) as unknown as Result;
    for (const cores of ["one", "all"] as const) {
      for (const task of ["write", "read"]) {
        const { marey, opencv } = inTurns(
          { marey: () => ours(task, cores, folders.marey).fps, opencv: () => theirs(task).fps },
          "more",
        );
        const goal = goals[extension]?.[cores];
        const what = `${extension} ${task}, ${cores === "one" ? "one core" : "all cores"}`;
        rows.push({
          what,
          marey,
          unit: "f/s",
          peer: "OpenCV",
          theirs: opencv,
          ...(goal && { goal: `>= ${goal}` }),
        });
      }
    }
    // Stores that Python wrote are read, too.
    process.env.FOREIGN = "1";
    const foreign = inTurns(
      { marey: () => ours("read", "all", folders.opencv).fps, opencv: () => theirs("read").fps },
      "more",
    );
    delete process.env.FOREIGN;
    rows.push({
      ...{ what: `${extension} by OpenCV, read, all cores`, marey: foreign.marey, unit: "f/s" },
      ...{ peer: "OpenCV", theirs: foreign.opencv },
    });
    const ratio = ours("write", "all", folders.marey).bytes / theirs("write").bytes;
    sizes.push(`${extension} ${ratio.toFixed(3)}`);
  }
  printTable(`Pictures, ${name}`, rows);
  console.log(`\nFile sizes, ours to OpenCV's: ${sizes.join(", ")}`);
}
