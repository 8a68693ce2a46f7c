import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { syntheticCamera } from "../src/cameras/synthetic.js";
import type { Camera } from "../src/capture/camera.js";
import { record, type Track, type TrackReceipt } from "../src/capture/recorder.js";
import type { SegmentReport } from "../src/capture/segment.js";
import { createStore, openStore, verifyStore } from "../src/index.js";
import { indexProfile } from "../src/recording/index-profile.js";
import { makeReceipt } from "../src/recording/make-receipt.js";
import type { MachineFacts, RecordingFacts, TrackFacts } from "../src/recording/receipt.js";
import { receiptPage } from "../src/recording/receipt-page.js";
import { storePage } from "../src/recording/store-page.js";
import { chunkSeals } from "../src/store/chunk-seals.js";
import { marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-page-"));
afterAll(() => rmSync(folder, { recursive: true }));

const machine: MachineFacts = { host: "rig", system: "Linux", marey: "0.1.0", node: "20.20.2" };
const zone = "Europe/Berlin";
const noLosses = { camera: 0, queue: 0, encoder: 0, disk: 0 };
const hostile = `<script>alert("1")</script>&'\u0000\ud800]]>`;

let pages = 0;
const parsers = ["xmllint", "python3"].filter((name) => spawnSync(name, ["--version"]).status === 0);

/** By a strict parser that did not write it: every element closed, everything escaped, nothing from elsewhere. */
function expectSound(page: string): void {
  const path = join(folder, `page-${pages++}.html`);
  writeFileSync(path, page);
  if (parsers.length === 0) console.warn("No xmllint and no Python here: the pages were not parsed.");
  const [parser] = parsers;
  if (parser !== undefined) {
    const code = "import sys, xml.dom.minidom as m; m.parse(sys.argv[1])";
    const args = parser === "xmllint" ? ["--noout", "--nonet", path] : ["-c", code, path];
    const { status, stderr } = spawnSync(parser, args, { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  }
  expect(page).not.toMatch(/<script|<link|<img|<iframe|\son\w+=|javascript:|url\(|@import/i);
  expect(page.match(/https?:\/\/[^"]+/g)).toEqual(["http://www.w3.org/1999/xhtml"]);
  expect(page).not.toMatch(/NaN|undefined|\[object|Infinity/);
}

/** A camera that loses every frame whose number `loses` says. */
function losing(camera: Camera, loses: (number: number) => boolean): Camera {
  return {
    ...{ id: camera.id, info: camera.info, counts: true },
    async *[Symbol.asyncIterator]() {
      for await (const frame of camera) if (!loses(Number(frame.number))) yield frame;
    },
    close: () => camera.close(),
    [Symbol.asyncDispose]: () => camera.close(),
  };
}

/** What a rig's recorder knows of a track that `record` has recorded. */
async function factsOf(track: TrackReceipt, source: Camera, path: string): Promise<TrackFacts> {
  await using store = await openStore(path);
  const { points } = indexProfile(store.index);
  return {
    ...{ name: track.name, format: store.format.name, counts: track, restarts: [], outages: [] },
    facts: { id: source.id, info: source.info, describe: { serial: "A12" } },
    saved: [{ path, frames: track.written, report: track, chunks: await chunkSeals(store), points }],
    ...(track.clock && { clock: track.clock }),
  };
}

let facts: RecordingFacts;

beforeAll(async () => {
  const top = losing(
    syntheticCamera({ width: 32, height: 24, rate: 400, frames: 300, pace: "free" }),
    (n) => n % 100 === 40 || n % 100 === 41,
  );
  const side = syntheticCamera({ width: 32, height: 24, rate: 200, frames: 150, pace: "free" });
  const paths = [join(folder, "top"), join(folder, "side")] as const;
  const started = Date.now() / 1000;
  const tracks: Track[] = [];
  for (const [at, source] of [top, side].entries()) {
    const sink = await createStore(paths[at]!, {
      info: source.info,
      format: "npy",
      chunkSize: 100,
      minFree: 0,
    });
    tracks.push({ name: ["top", "side"][at]!, source, sink });
  }
  const receipt = await record(tracks);
  for (const { sink } of tracks) await sink.close();
  facts = {
    rig: {
      cameras: [
        { name: "top", camera: "synthetic" },
        { name: "side", camera: "synthetic" },
      ],
    },
    ...{ machine, started, ended: Date.now() / 1000, stoppedBy: receipt.stoppedBy },
    clockSteps: receipt.clockSteps,
    tracks: [
      await factsOf(receipt.tracks[0]!, top, paths[0]),
      await factsOf(receipt.tracks[1]!, side, paths[1]),
    ],
  };
});

test("the receipt of a recording adds up, names what was lost and by whom, and seals the chunks", async () => {
  const receipt = makeReceipt(facts);
  expect(JSON.parse(JSON.stringify(receipt))).toMatchObject({ kind: "rig", version: 1 });
  const [top, side] = receipt.tracks;
  expect(top!.losses.camera).toBe(6);
  for (const { expected, written, losses } of [top!, side!, receipt.totals]) {
    expect(expected).toBe(written + losses.camera + losses.queue + losses.encoder + losses.disk);
  }
  expect(receipt.onset?.skew).toBeGreaterThanOrEqual(0);
  expect(receipt.warnings).toContain("top lost 6 frames by the camera, before anyone could take them");
  const { chunks = [], path } = top!.stores[0]!;
  await using store = await openStore(path);
  const { chunks: verified } = await verifyStore(store);
  expect(verified.map(({ seal }) => seal)).toEqual(chunks.map(({ seal }) => seal));
  expect(new Set(chunks.map(({ seal }) => seal)).size).toBe(chunks.length);
});

test("the page says in words what was lost, and when, and holds nothing that runs or comes from elsewhere", () => {
  const page = receiptPage(makeReceipt(facts), zone);
  expectSound(page);
  expect(page).toMatch(/294 of 300 frames; 6 lost by the camera, first at \d\d:\d\d:\d\d/);
  expect(page).toContain("Frames that were lost: 3 gaps");
  expect(page).toContain("<h2>side</h2>");
  expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(5);
  expect(page.match(/<caption>/g)).toHaveLength(3);
  expect(Buffer.byteLength(page)).toBeLessThan(100_000);
});

test("names, reasons and metadata of any kind are text on the page, and nothing else", () => {
  const [track] = facts.tracks as [TrackFacts];
  const [store] = track.saved;
  const report = {
    ...store!.report!,
    gaps: [{ number: 5, count: 1, time: 0, cause: "disk" as const, reason: hostile }],
  };
  const evil: TrackFacts = {
    ...track,
    ...{ name: hostile, format: hostile, failure: new Error(hostile) },
    facts: { ...track.facts!, id: hostile, describe: { [hostile]: { [hostile]: hostile } } },
    saved: [{ path: hostile, frames: 1, report, error: { name: hostile, message: hostile } }],
    restarts: [{ time: 1e9, reason: hostile }],
    outages: [{ time: 1e9, reason: hostile }],
  };
  const metadata = { [hostile]: hostile, list: [() => 1] };
  const rig = { cameras: [], metadata, directory: hostile };
  const page = receiptPage(makeReceipt({ ...facts, rig, tracks: [evil], stoppedBy: hostile }), zone);
  expectSound(page);
  expect(page).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;\ufffd\ufffd]]&gt;");
});

const blankReport: SegmentReport = {
  ...{ offered: 0, written: 0, dropped: 0, waiting: 0, missing: 0, losses: noLosses },
  ...{ first: undefined, last: undefined, progress: undefined, gaps: [], gapCount: 0 },
  ...{ intervals: undefined, intervalBins: [], latency: undefined, peakBytes: 0 },
};

test("no track, no frame, one frame: the page is sound and says so", () => {
  const blank = makeReceipt({ ...facts, tracks: [] });
  expectSound(receiptPage(blank, zone));
  const base = { ...facts.tracks[0]!, facts: undefined };
  const none: TrackFacts = { ...base, counts: blankReport, saved: [] };
  const page = receiptPage(makeReceipt({ ...facts, tracks: [none] }), zone);
  expectSound(page);
  expect(page).toContain("top has no frames");
  const stamp = { number: 7, time: 1_750_000_000 };
  const one = { ...blankReport, offered: 1, written: 1, first: stamp, last: stamp };
  const single = { ...base, counts: one, saved: [{ path: "a", frames: 1, report: one }] };
  const singlePage = receiptPage(makeReceipt({ ...facts, tracks: [single] }), zone);
  expectSound(singlePage);
  expect(singlePage).toContain("1 frame, none lost");
});

test("ten thousand gaps are drawn, the first are listed, the page stays small", () => {
  const gaps = Array.from({ length: 10_000 }, (_, at) => ({
    ...{ number: at * 3, count: 2, time: 1_750_000_000 + at, reason: "the queue was full" },
    cause: (["camera", "queue", "encoder", "disk"] as const)[at % 4]!,
  }));
  const losses = { camera: 5000, queue: 5000, encoder: 5000, disk: 5000 };
  const report: SegmentReport = {
    ...blankReport,
    ...{ written: 10_000, missing: 5000, dropped: 15_000, losses, gaps, gapCount: 12_345 },
    ...{ first: { number: 0, time: 1_750_000_000 }, last: { number: 30_000, time: 1_750_010_000 } },
  };
  const track = { ...facts.tracks[0]!, counts: report, saved: [{ path: "a", frames: 10_000, report }] };
  const page = receiptPage(makeReceipt({ ...facts, tracks: [track] }), zone);
  expectSound(page);
  expect(page).toContain("and 12,295 more in the JSON");
  expect(page).toContain("10,000 of 30,000 frames; 5,000 lost by the camera, 5,000 dropped by a full queue");
  expect(Buffer.byteLength(page)).toBeLessThan(100_000);
});

test("clocks that were set, slept and jumped, and processes that died, are told", () => {
  const [track] = facts.tracks as [TrackFacts];
  const clock = { samples: 300, offset: 1, drift: 350, late: { mean: 0.001, longest: 0.02 }, jumps: 2 };
  const receipt = makeReceipt({
    ...facts,
    clockSteps: [
      { time: 1_750_000_000, seconds: 3600, kind: "set" },
      { time: 1_750_000_100, seconds: 12.5, kind: "slept" },
    ],
    tracks: [
      {
        ...{ ...track, clock, restarts: [{ time: 1_750_000_000, reason: "SIGKILL" }] },
        saved: [...track.saved, { path: "top", frames: 12, report: undefined }],
      },
    ],
  });
  const words = receipt.warnings.join("\n");
  for (const part of [
    ...["clock was set 1 time, by 3600.00 s", "slept 1 time, 12.50 s", "jumped 2 times", "350 millionths"],
    ...["of 1 part only the frames are known", "started again 1 time"],
  ])
    expect(words).toContain(part);
  expectSound(receiptPage(receipt, zone));
});

test("the profile of an index counts each interval once, and every number that never came", async () => {
  await using store = await openStore(join(folder, "top"));
  const { points, bins } = indexProfile(store.index, 10);
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  expect(sum(points.map(({ frames }) => frames))).toBe(store.index.length);
  expect(sum(points.map(({ missing }) => missing))).toBe(6);
  expect(sum(bins.map(({ count }) => count))).toBe(store.index.length - 1 - 3);
  for (const { shortest, mean, longest } of points) {
    expect(shortest).toBeLessThanOrEqual(mean + 1e-12);
    expect(mean).toBeLessThanOrEqual(longest + 1e-12);
  }
});

test("verify --page writes the page of any store, does not replace one, and refuses what is no store", async () => {
  const page = join(folder, "top.html");
  const store = join(folder, "top");
  const { code, stdout } = await marey(["verify", store, "--page", page], { env: { TZ: zone } });
  expect(stdout).toContain("ok");
  expect(code).toBe(0);
  const text = readFileSync(page, "utf8");
  expectSound(text);
  expect(text).toContain("The store is whole.");
  expect(text).toMatch(/294 of 300 frames; 6 missing, first at/);
  expect((await marey(["verify", store, "--page", page])).stderr).toContain("--overwrite");
  expect((await marey(["verify", store, "--page", page, "--overwrite"])).code).toBe(0);
  const film = await marey(["verify", page, "--page", join(folder, "no.html")]);
  expect(film.code).not.toBe(0);
});

test("a store without frames, with one, and a damaged one with hostile metadata have pages", async () => {
  const info = syntheticCamera({ width: 32, height: 24 }).info;
  for (const count of [0, 1]) {
    const path = join(folder, `few-${count}-<b>`);
    await using store = await createStore(path, {
      info,
      format: "npy",
      minFree: 0,
      metadata: { [hostile.slice(0, 20)]: "<i>" },
    });
    for (let number = 0; number < count; number++) {
      await store.write({ number, time: 1e9, image: { ...info, data: new Uint8Array(32 * 24) } });
    }
    await store.close();
    await using back = await openStore(path);
    const receipt = await verifyStore(back);
    const describe = { ...back.describe(), metadata: back.userMetadata };
    const page = storePage(receipt, {
      profile: indexProfile(back.index),
      describe,
      problems: [hostile],
      zone,
    });
    expectSound(page);
    expect(page).toContain("1 problem found.");
  }
});
