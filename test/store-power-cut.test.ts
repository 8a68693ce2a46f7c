import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { openStore, repairStore } from "../src/index.js";
import { randomFrom } from "./fixtures/simulated-disk.js";
import { expectTold, runTelling, tellingWriter } from "./fixtures/telling-writer.js";
import { countInPython } from "./peers/count-pictures.js";

// The power is cut, as far as a disk can tell: the store is written on ext4, in an image file on XFS, which is cloned in
// an instant while the writer goes on. A clone holds what the disk held at that moment; what the system had not written
// yet is not in it. Needs root and loop devices: `MAREY_POWER_CUTS=64 npx vitest run test/store-power-cut.test.ts`.
const cuts = Number(process.env.MAREY_POWER_CUTS ?? 4);
const seed = Number(process.env.MAREY_SEED ?? Date.now() % 1e6);

const folder = mkdtempSync(join(tmpdir(), "marey-power-cut-"));
const [outer, inner, found] = ["outer", "inner", "found"].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
const disk = join(outer, "disk.img");

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr.trim()}`);
}

function unmount(path: string): void {
  spawnSync("umount", ["-l", path]);
}

/** Why no power can be cut here. */
const notHere: string | undefined = (() => {
  try {
    for (const path of [outer, inner, found]) mkdirSync(path);
    const image = join(folder, "outer.img");
    writeFileSync(image, "");
    truncateSync(image, 2 ** 31); // sparse
    run("mkfs.xfs", "-q", "-m", "reflink=1", image);
    run("mount", "-o", "loop", image, outer);
    writeFileSync(disk, "");
    truncateSync(disk, 2 ** 28);
    run("mkfs.ext4", "-q", "-F", disk);
    run("cp", "--reflink=always", disk, join(outer, "blank.img"));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
})();
afterAll(() => {
  for (const path of [found, inner, outer]) unmount(path);
  rmSync(folder, { recursive: true });
});

interface Cut {
  readonly image: string;
  /** When it began, milliseconds. */
  readonly at: number;
}

const stories = ["avc1/mp4", "npy", "h264/mkv", "mjpeg/avi"].flatMap((format) =>
  (["second", "frame"] as const).map((durability) => [format, durability] as const),
);
const each = Math.max(2, Math.ceil(cuts / stories.length));

describe.skipIf(notHere !== undefined)(`when the power is cut (seed ${seed})`, () => {
  const random = randomFrom(seed);
  test.each(stories.slice(0, Math.ceil(cuts / each)))(
    `%s, durability "%s": what the disk was said to have is there, and earlier chunks are whole (${each} cuts)`,
    { timeout: 60_000 + each * 20_000 },
    async (format, durability) => {
      run("cp", "--reflink=always", join(outer, "blank.img"), disk);
      run("mount", "-o", "loop", disk, inner);
      const told: { frame: number; at: number }[] = [];
      const synced: { count: number; at: number }[] = [];
      const stop = new AbortController();
      const options = { frames: 1e9, chunkSize: 60, durability, pause: 4, tellSynced: true };
      const ended = runTelling(tellingWriter(join(inner, "store"), format, options), {
        signal: stop.signal,
        onLine: (line) => {
          const [word, number] = line.split(" ");
          if (word === "safe") told.push({ frame: Number(number), at: performance.now() });
          if (word === "synced") synced.push({ count: Number(number), at: performance.now() });
        },
      });
      const made: Cut[] = [];
      while (told.length === 0) await setTimeout(20);
      for (let cut = 0; cut < each; cut++) {
        await setTimeout(300 + random() * 1500);
        const image = join(outer, `cut${cut}.img`);
        const at = performance.now();
        execFileSync("cp", ["--reflink=always", disk, image]);
        made.push({ image, at });
      }
      stop.abort();
      await ended;
      unmount(inner);
      for (const { image, at } of made) {
        const promised = synced.findLast((entry) => entry.at < at)?.count ?? 0;
        const acknowledged = told.filter((entry) => entry.at < at);
        run("mount", "-o", "loop", image, found);
        try {
          const path = join(found, "store");
          const safe = durability === "frame" ? acknowledged.map(({ frame }) => frame) : range(promised);
          const there = await expectTold(path, safe);
          expect(there, "no frame is missing between others").toEqual(range(there.length));
          const lost = acknowledged.filter(({ frame }) => frame >= there.length);
          const seconds = lost.length === 0 ? 0 : (at - lost[0]!.at) / 1000;
          console.log(
            `${format}, ${durability}: ${acknowledged.length} acknowledged, ${promised} synced, ${there.length} found: ` +
              `${lost.length} lost, the first of them ${seconds.toFixed(2)} s old`,
          );
          await repairStore(path);
          const mended = await expectTold(path, safe);
          await using store = await openStore(path);
          expect(store.problems).toEqual([]);
          expect(countInPython([path])).toEqual([{ frames: mended.length, pictures: mended.length }]);
        } finally {
          unmount(found);
          rmSync(image);
        }
      }
    },
  );
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

test.runIf(notHere !== undefined)(`the power is not cut here: ${notHere}`, () => {});
