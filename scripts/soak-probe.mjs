// Loaded into every process of soak-recording.mjs: how late its event loop was, over its whole life, is left in a file of
// the folder MAREY_SOAK_PROBE when it ends.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Milliseconds; the histogram counts them in. */
const resolution = 2;
const loop = monitorEventLoopDelay({ resolution });
loop.enable();

process.on("exit", () => {
  const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolution);
  const found = { p50: late(loop.percentile(50)), p99: late(loop.percentile(99)), max: late(loop.max) };
  writeFileSync(join(process.env.MAREY_SOAK_PROBE, `${process.pid}.json`), JSON.stringify(found));
});
