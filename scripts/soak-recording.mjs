// Records synthetic cameras for a long time, as `marey record` does, and looks whether memory grows, a frame is lost or an
// event loop is late; then reads every frame of every store. Exit code 1 if something is not as it should be.
//   node scripts/soak-recording.mjs --minutes 30 --cameras 4 --size 640x480 --rate 30 --preset ultrafast [--directory DIR]
// Judged: every frame; and unless --frames-only: no loss, less than 1 MB a minute, a 99th hundredth below 20 ms.
// --fault drop=0.1 and the like spoil the cameras, so that one can see it notice.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { openStore, readPaintedNumber } from "../dist/index.js";
import { startRecording } from "../dist/recording/index.js";

const { values: asked } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    cameras: { type: "string", default: "4" },
    size: { type: "string", default: "640x480" },
    rate: { type: "string", default: "30" },
    color: { type: "string", default: "gray" },
    preset: { type: "string", default: "ultrafast" },
    directory: { type: "string", default: tmpdir() },
    fault: { type: "string", default: "" },
    "frames-only": { type: "boolean", default: false },
  },
});
const [minutes, cameras, rate] = [asked.minutes, asked.cameras, asked.rate].map(Number);
if (!(minutes > 0 && cameras >= 1 && rate > 0 && /^\d+x\d+$/.test(asked.size))) {
  console.error("minutes and rate are above 0, cameras 1 or more, size is as 640x480");
  process.exit(2);
}

/** What a recording must stay below. */
const most = { slope: 1, lost: 0, p99: 20 };
/** Minutes at the start in which caches fill; of a short run the first third. */
const warmUp = Math.min(3, minutes / 3);
/** Milliseconds from sample to sample of memory. */
const sampleEvery = 1000;

const folder = mkdtempSync(join(asked.directory, "marey-soak-"));
const address = `synthetic:${asked.size}@${rate}${asked.fault && `,${asked.fault}`}`;
const probes = join(folder, "probes");
mkdirSync(probes);
process.env.MAREY_SOAK_PROBE = probes;
process.env.NODE_OPTIONS = `--import=${new URL("soak-probe.mjs", import.meta.url)}`;
// Two milliseconds are the resolution, as in the probe.
const loop = monitorEventLoopDelay({ resolution: 2 });

const faults = [];
try {
  const { recording, samples, pids } = await soak();
  const rows = [];
  for (const track of recording.tracks) {
    const { name, counts, restarts, failure } = track;
    const lost = Object.values(counts.losses).reduce((sum, each) => sum + each, 0);
    const words = Object.entries(counts.losses).flatMap(([cause, count]) =>
      count > 0 ? `${cause} ${count}` : [],
    );
    rows.push({
      name,
      ...memoryOf(samples.get(name)),
      ...probeOf(pids.get(name)),
      written: counts.written,
      lost,
      words,
    });
    for (const { reason } of restarts) faults.push(`${name}: started again, ${reason}`);
    if (failure) faults.push(`${name}: ${failure.message}`);
    if (counts.written === 0) faults.push(`${name}: no frame was written`);
    faults.push(...(await readAll(name, counts.written, lost)));
  }
  const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - 2);
  const own = { p99: late(loop.percentile(99)), max: late(loop.max) };
  rows.push({
    name: "recorder",
    ...memoryOf(samples.get("recorder")),
    ...own,
    written: undefined,
    lost: 0,
    words: [],
  });
  print(rows);
  if (!asked["frames-only"]) faults.push(...rows.flatMap(judge));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const fault of faults) console.log(`FAULT  ${fault}`);
console.log(faults.length === 0 ? "ok" : "not ok");
process.exitCode = faults.length === 0 ? 0 : 1;

async function soak() {
  console.log(
    `${cameras} x ${asked.size} ${asked.color} at ${rate}/s for ${minutes} min, ${asked.preset}; load ${load()}`,
  );
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  loop.enable();
  const recording = await startRecording(
    {
      ...{ directory: folder, pattern: "{name}", minFree: 0, seconds: minutes * 60 },
      cameras: Array.from({ length: cameras }, (_, i) => ({
        ...{ name: `cam${i + 1}`, camera: address, color: asked.color },
        ...(asked.color === "gray" || asked.color === "bgr" ? { preset: asked.preset } : {}),
      })),
    },
    {
      signal: stop.signal,
      onEvent: ({ kind, track, text }) => {
        if (!["running", "saved", "ended"].includes(kind)) console.log(`${track}: ${kind}: ${text}`);
      },
    },
  );
  const pids = new Map(recording.tracks.map(({ name, pid }) => [name, pid]));
  const samples = new Map([...pids.keys(), "recorder"].map((name) => [name, []]));
  const started = performance.now();
  let told = 0;
  const sample = () => {
    const at = (performance.now() - started) / 60_000;
    for (const { name, status } of recording.tracks)
      if (status) samples.get(name).push([at, status.memory / 1e6]);
    samples.get("recorder").push([at, process.memoryUsage.rss() / 1e6]);
    if (at < told + 1) return;
    told = Math.floor(at);
    const written = recording.tracks.reduce((sum, { counts }) => sum + counts.written, 0);
    const memory = [...samples.values()].map((all) => all.at(-1)[1].toFixed(0)).join(" ");
    console.log(`${told} min: ${written} frames, ${lostOf(recording)} lost, MB ${memory}, load ${load()}`);
  };
  const timer = setInterval(sample, sampleEvery);
  await recording.done;
  clearInterval(timer);
  loop.disable();
  return { recording, samples, pids };
}

function load() {
  return loadavg()[0].toFixed(1);
}

function lostOf({ tracks }) {
  return tracks.flatMap(({ counts }) => Object.values(counts.losses)).reduce((sum, each) => sum + each, 0);
}

/** MB at the end, at most, and a minute: the line through all samples after the warm-up that is nearest to them. */
function memoryOf(all) {
  const points = all.filter(([at]) => at >= warmUp);
  const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, size]) => size))];
  const above = points.reduce((sum, [at, size]) => sum + (at - x) * (size - y), 0);
  const below = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return { end: all.at(-1)?.[1], peak: Math.max(...all.map(([, size]) => size)), slope: above / below };
}

/** Of a process that died before its time nothing is known. */
function probeOf(pid) {
  try {
    return JSON.parse(readFileSync(join(probes, `${pid}.json`), "utf8"));
  } catch {
    return { p99: Number.NaN, max: Number.NaN };
  }
}

/** What is wrong with the frames of a store: numbers follow one another, but for those that are known to be lost, and are painted. */
async function readAll(name, written, lost) {
  const store = await openStore(join(folder, name));
  let [count, first, last] = [0, undefined, undefined];
  const wrong = [];
  for await (const { image, number } of store.frames()) {
    const painted = readPaintedNumber(image);
    if (painted !== number) wrong.push(`frame ${number} shows ${painted ?? "no number"}`);
    if (lost === 0 && last !== undefined && number !== last + 1) wrong.push(`${number} follows ${last}`);
    first ??= number;
    last = number;
    count++;
  }
  await store.close();
  if (count !== written) wrong.push(`${count} frames can be read, ${written} were written`);
  if (count > 0 && last - first + 1 > count + lost) {
    wrong.push(`numbers ${first} to ${last} in ${count} frames, but only ${lost} are said to be lost`);
  }
  console.log(`${name}: every frame read, ${count}, ${wrong.length} faults`);
  return wrong.slice(0, 10).map((text) => `${name}: ${text}`);
}

function judge({ name, slope, p99, lost, words }) {
  return [
    ...(slope < most.slope ? [] : [`${name}: memory grows by ${slope.toFixed(2)} MB a minute`]),
    ...(lost <= most.lost ? [] : [`${name}: ${lost} frames lost (${words.join(", ")})`]),
    ...(p99 < most.p99
      ? []
      : [`${name}: a hundredth of its event loop was late by ${p99.toFixed(1)} ms or more`]),
  ];
}

function print(rows) {
  console.log("\n| process | frames | lost | MB at the end | at most | MB a minute | loop p99 ms | max ms |");
  console.log("|---|---|---|---|---|---|---|---|");
  for (const { name, written, lost, words, end, peak, slope, p99, max } of rows) {
    const losses = lost === 0 ? "0" : `${lost} (${words.join(", ")})`;
    const memory = `${end?.toFixed(0)} | ${peak.toFixed(0)} | ${slope.toFixed(3)}`;
    console.log(
      `| ${name} | ${written ?? ""} | ${losses} | ${memory} | ${p99.toFixed(1)} | ${max.toFixed(1)} |`,
    );
  }
  console.log(`\nafter ${warmUp.toFixed(1)} min of warm-up; load ${load()}`);
}
