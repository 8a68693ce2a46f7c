// Transforms against OpenCV, one thread each; see README.md beside this file. BENCH_ONLY=resize measures those only.
import { fileURLToPath } from "node:url";
import { formatTransform } from "../src/index.js";
import { inTurns, printTable, type Row, runJson } from "./measure.js";
import type { TransformCase } from "./transforms-case.js";
import { filterCases } from "./transforms-cases-filters.js";
import { toneCases } from "./transforms-cases-tone.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const peers = fileURLToPath(new URL("../../../bench/peers/", import.meta.url));

const cases: readonly TransformCase[] = [
  ...toneCases,
  ...filterCases.map(({ transform, peer }) => ({
    transform: formatTransform(transform.step),
    peer: `(lambda img: ${peer})(a)`,
    colors: ["gray", "bgr"] as const,
  })),
];
const only = process.env.BENCH_ONLY ?? "";

const rows = cases
  .filter(({ transform }) => transform.includes(only))
  .flatMap(({ transform, peer, colors, dtype = "uint8" }) =>
    colors.map((color): Row => {
      const { marey, opencv } = inTurns(
        {
          marey: () => runJson("node", [`${here}transforms-task.js`, transform, color, dtype]).fps!,
          opencv: () => runJson("/usr/bin/python3", [`${peers}transforms.py`, peer, color, dtype]).fps!,
        },
        "more",
      );
      const what = `${transform}, ${color} ${dtype}`;
      return { what, marey, unit: "f/s", peer: "OpenCV", theirs: opencv, goal: "≥ 0.5" };
    }),
  );
printTable("Transforms, 1280x720", rows);
