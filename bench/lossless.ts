// Lossless formats, Marey's and those of Python: frames a second, and how much smaller; see README.md beside this file.
import { existsSync, mkdirSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { runJson } from "./measure.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const work = fileURLToPath(new URL("../../lossless/", import.meta.url));
const peer = fileURLToPath(new URL("../../../bench/peers/lossless.py", import.meta.url));

const rounds = Number(process.env.BENCH_ROUNDS ?? 1);
const count = "36";

const formats = ["npy", "raw", "blosc", "bpk", "png", "tif", "ffv1/mkv", "h264-lossless/mkv"];
const peers = ["npy", "h5py-none", "h5py-lzf", "h5py-gzip1", "zarr-lz4", "zarr-zstd"];
const kinds = [
  { name: "gray, 8 bit", file: "gray8", color: "gray", skip: [], withPeers: true },
  {
    name: "gray, 12 bit in uint16",
    file: "gray12",
    color: "gray",
    skip: ["h264-lossless/mkv"],
    withPeers: true,
  },
  {
    name: "Bayer mosaic, 8 bit",
    file: "bayer8",
    color: "bayer-rg",
    skip: ["raw", "blosc", "bpk"],
    withPeers: false,
  },
] as const;

interface Figures {
  readonly write: number;
  readonly read: number;
  /** Milliseconds of processor a frame: what is left to compare by where a machine is busy. */
  readonly writeCpu: number;
  readonly readCpu: number;
  readonly size: number;
}

mkdirSync(work, { recursive: true });
for (const { name, file, color, skip, withPeers } of kinds) {
  const pictures = `${work}${file}.npy`;
  if (!existsSync(pictures)) runJson("/usr/bin/python3", [peer, "pictures", file, pictures]);
  const rivals = [
    ...formats
      .filter((format) => !(skip as readonly string[]).includes(format))
      .map((format) => ({
        title: format,
        run: () =>
          runJson("node", [`${here}lossless-task.js`, format, color, pictures, `${work}store`, count]),
      })),
    ...(withPeers ? peers : []).map((library) => ({
      title: `Python: ${library}`,
      run: () => runJson("/usr/bin/python3", [peer, library, pictures, `${work}peer`, count]),
    })),
  ];
  const best = new Map<string, Figures>();
  for (let round = 0; round < rounds; round++) {
    for (const { title, run } of rivals) {
      const found = run() as unknown as Figures;
      const before = best.get(title) ?? found;
      best.set(title, {
        write: Math.max(found.write, before.write),
        read: Math.max(found.read, before.read),
        writeCpu: Math.min(found.writeCpu, before.writeCpu),
        readCpu: Math.min(found.readCpu, before.readCpu),
        size: found.size,
      });
    }
  }
  console.log(`\n### 1280x1024 ${name}; load ${loadavg()[0]!.toFixed(1)}\n`);
  console.log(
    "| format | written, f/s | … ms of processor | read, f/s | … ms of processor | bytes to raw |\n|---|---|---|---|---|---|",
  );
  for (const [title, { write, writeCpu, read, readCpu, size }] of best) {
    const figures = [
      write.toFixed(0),
      writeCpu.toFixed(1),
      read.toFixed(0),
      readCpu.toFixed(1),
      size.toFixed(3),
    ];
    console.log(`| ${title} | ${figures.join(" | ")} |`);
  }
}
