// Crop, resize, CLAHE and text one after the other: against OpenCV on one thread, and two threads against one; see README.md.
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { inTurns, printTable, type Row, runJson } from "./measure.js";

const task = fileURLToPath(new URL("chain-task.js", import.meta.url));
const peer = fileURLToPath(new URL("../../../bench/peers/chain.py", import.meta.url));
const chain = [
  "crop:left=160,top=60,width=960,height=600",
  "resize:width=640,height=400",
  "clahe",
  "text:frame {number:06d},x=10,y=14,size=18",
].join(";");

console.log(`load before: ${loadavg().map((load) => load.toFixed(1))}`);
const rows = (["gray", "bgr"] as const).flatMap((color): Row[] => {
  const marey = (jobs: number, what: "fps" | "spent"): number =>
    runJson("node", [task, chain, color, String(jobs)])[what]!;
  const fps = inTurns(
    {
      spent: () => marey(0, "spent"),
      opencv: () => runJson("/usr/bin/python3", [peer, color]).spent!,
      one: () => marey(0, "fps"),
      two: () => marey(1, "fps"),
    },
    "more",
  );
  return [
    {
      what: `one thread, of processor time, ${color}`,
      marey: fps.one,
      unit: "f/s",
      peer: "OpenCV",
      theirs: fps.opencv,
      goal: ">= 1.0",
    },
    {
      what: `two threads, by the clock, ${color}`,
      marey: fps.two,
      unit: "f/s",
      peer: "one",
      theirs: fps.one,
      goal: ">= 1.7",
    },
  ];
});
printTable("Crop, resize to 640x400, CLAHE, text; of 1280x720", rows);
console.log(`\nload after: ${loadavg().map((load) => load.toFixed(1))}`);
