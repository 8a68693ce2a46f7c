// Opening long stores and finding frames in them, against Python's imgstore; see README.md beside this file.
// IMGSTORE_SRC is a checkout of https://github.com/loopbio/imgstore; without it there is no peer.
// The stores need 1.5 GB in the temporary folder, and are removed at the end.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { encodeChunkIndex } from "../src/store/chunk-index.js";
import { formatStoreMetadata } from "../src/store/store-metadata.js";
import { printTable, ROUNDS, type Row, runJson } from "./measure.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const peer = fileURLToPath(new URL("../../../bench/peers/store.py", import.meta.url));
const hasPeer = process.env.IMGSTORE_SRC !== undefined;

interface Size {
  readonly name: string;
  readonly chunks: number;
  readonly perChunk: number;
  readonly withPeer: boolean;
  /** Milliseconds that opening may take. */
  readonly mostMs: number;
}

const sizes: readonly Size[] = [
  { name: "1 M frames, 1,000 chunks", chunks: 1000, perChunk: 1000, withPeer: true, mostMs: 10 },
  { name: "10 M frames, 1,000 chunks", chunks: 1000, perChunk: 10_000, withPeer: true, mostMs: 10 },
  { name: "80 M frames, 8,000 chunks", chunks: 8000, perChunk: 10_000, withPeer: false, mostMs: 100 },
  { name: "80 M frames, 80,000 chunks", chunks: 80_000, perChunk: 1000, withPeer: false, mostMs: 100 },
];

/** What is measured, its key, its unit, what it may be at most, and the key of imgstore's. */
const measures: readonly (readonly [string, string, string, number, string?])[] = [
  ["open", "ms", "ms", 0, "ms"],
  ["memory for it", "rss", "MB", 100, "rss"],
  ["find a number, chunk in memory", "warm", "us", 50, "number"],
  ["… 99th percentile", "warmTail", "us", 50],
  ["find a number, chunk on disk", "cold", "us", 2000, "number"],
  ["… 99th percentile", "coldTail", "us", 2000],
  ["nearest time, chunk in memory", "warmTime", "us", 50, "time"],
  ["nearest time, chunk on disk", "coldTime", "us", 2000, "time"],
  ["memory after 11,000 look-ups", "all", "MB", 100],
];

/** The indexes of a directory store, without the pictures. */
function makeStore(root: string, { chunks, perChunk }: Size): void {
  for (let chunk = 0; chunk < chunks; chunk++) {
    const folder = join(root, String(chunk).padStart(6, "0"));
    mkdirSync(folder, { recursive: true });
    const numbers = Array.from({ length: perChunk }, (_, i) => chunk * perChunk + i);
    const times = numbers.map((number) => 1_700_000_000 + number / 100);
    writeFileSync(join(folder, "index.npz"), encodeChunkIndex({ numbers, times, store: {} }));
  }
  const metadata = formatStoreMetadata({
    layout: "directory",
    format: "npy",
    extension: "",
    imgshape: [8, 8],
    imgdtype: "uint8",
    encoding: undefined,
    chunkSize: perChunk,
    created: new Date(),
    timezone: "UTC",
    uuid: "0".repeat(32),
    user: {},
  });
  writeFileSync(join(root, "metadata.yaml"), metadata);
}

/** Each figure the best of some runs; of memory, which may be given back in between, the worst. */
function best(rounds: number, run: () => Record<string, number>): Record<string, number> {
  const runs = Array.from({ length: rounds }, run);
  return Object.fromEntries(
    Object.keys(runs[0]!).map((key) => {
      const values = runs.map((figures) => figures[key]!);
      return [key, key === "rss" || key === "all" ? Math.max(...values) : Math.min(...values)];
    }),
  );
}

for (const size of sizes) {
  const root = mkdtempSync(join(tmpdir(), "marey-bench-index-"));
  try {
    makeStore(root, size);
    await setTimeout(2500); // what was written a moment ago is not taken into the catalogue
    const frames = size.chunks * size.perChunk;
    const task = (use: string): Record<string, number> =>
      runJson("node", [`${here}index-task.js`, use, root, String(frames)]);
    const without = best(1, () => task("ignore"));
    task("keep");
    const open = best(ROUNDS * 2, () => task("read"));
    const bare = best(ROUNDS * 2, () => task("limit"));
    const python =
      hasPeer && size.withPeer
        ? runJson("/usr/bin/python3", [
            peer,
            "index",
            "npy",
            "-",
            root,
            String(frames),
            String(size.perChunk),
          ])
        : undefined;
    const rows: Row[] = [];
    for (const [what, key, unit, limit, theirs] of measures) {
      const marey = open[key]!;
      const most = key === "ms" ? size.mostMs : limit;
      rows.push({ what, marey, unit, peer: "limit", theirs: most, goal: "<= 1" });
      if (python && theirs)
        rows.push({ what, marey, unit, peer: "imgstore", theirs: python[theirs]!, goal: "<= 0.01" });
    }
    const opening = { what: "open", marey: open.ms!, unit: "ms" };
    rows.push({ ...opening, peer: "readdir and lstat alone", theirs: bare.ms! });
    rows.push({ ...opening, peer: "without a catalogue", theirs: without.ms! });
    if (python)
      rows.push({
        ...opening,
        what: "open without a catalogue",
        marey: without.ms!,
        peer: "imgstore",
        theirs: python.ms!,
      });
    printTable(size.name, rows);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
