import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openStore, repairStore } from "../src/index.js";
import { randomFrom } from "./fixtures/simulated-disk.js";
import { type Call, callsIn, noStrace, traced, withFault } from "./fixtures/strace.js";
import { expectTold, runTelling, type TellingOptions, tellingWriter } from "./fixtures/telling-writer.js";
import { countInPython } from "./peers/count-pictures.js";

// A writer that fills three chunks is killed before the n-th call that changes a file of its store: `MAREY_KILLS=999
// npx vitest run test/store-kill-points.test.ts` goes through all of them, CI through some.
const most = Number(process.env.MAREY_KILLS ?? 3);
const seed = Number(process.env.MAREY_SEED ?? Date.now() % 1e6);
const folder = realpathSync(mkdtempSync(join(tmpdir(), "marey-kill-points-")));
afterAll(() => rmSync(folder, { recursive: true }));

interface Point {
  readonly call: string;
  readonly path: string;
  readonly when: number;
}

/** Every call of a run, told by its file and how often that thread has done the same to it before. */
function pointsOf(calls: readonly Call[]): Point[] {
  const counts = new Map<string, number>();
  const points = new Map<string, Point>();
  for (const { thread, call, path } of calls) {
    // A lock gets its name from its link; before that it has one that changes from run to run.
    if (/\.lock\.\w+$/.test(path)) continue;
    const key = `${thread} ${call} ${path}`;
    const when = (counts.get(key) ?? 0) + 1;
    counts.set(key, when);
    points.set(`${call} ${path} ${when}`, { call, path, when });
  }
  return [...points.values()];
}

function sample<T>(all: readonly T[], count: number, random: () => number): T[] {
  const left = [...all];
  return Array.from({ length: Math.min(count, left.length) }, () =>
    left.splice(Math.floor(random() * left.length), 1),
  ).flat();
}

const stories: [string, NonNullable<TellingOptions["durability"]>][] = [
  ["npy", "frame"],
  ["avc1/mp4", "second"],
  ["h264/mkv", "frame"],
  ["mjpeg/avi", "second"],
];

describe.skipIf(noStrace !== undefined)(`a writer killed at one of its system calls (seed ${seed})`, () => {
  test.each(stories)(
    "%s, %s: what was safe is read; repaired or gone on in, Python reads it",
    { timeout: 60_000 + most * 20_000 },
    async (format, durability) => {
      const options = { frames: 7, chunkSize: 3, durability } as const;
      const name = format.replace("/", "-");
      const whole = join(folder, `${name}-whole`);
      const log = join(folder, `${name}.trace`);
      const run = await runTelling(traced(log, tellingWriter(whole, format, options)));
      expect(run).toMatchObject({ closed: "", safe: [0, 1, 2, 3, 4, 5, 6] });
      const points = pointsOf(callsIn(readFileSync(log, "utf8"), whole));
      expect(points.length).toBeGreaterThan(50);

      const random = randomFrom(seed);
      const counts = new Map<string, number>();
      let killed = 0;
      for (const [rank, point] of sample(points, most, random).entries()) {
        const { call, when } = point;
        const path = join(folder, `${name}-${rank}`);
        const where = point.path.replace(whole, path);
        const story = `killed at ${call} ${when} on ${basename(where)}`;
        const fault = { call, path: where, fault: "signal=SIGKILL", when: `${when}` };
        const { safe, signal, closed, refused } = await runTelling(
          withFault(fault, tellingWriter(path, format, options)),
        );
        expect({ closed, refused }, story).toEqual({
          closed: signal === null ? "" : undefined,
          refused: undefined,
        });
        if (signal !== null) killed++;
        // Before its metadata it is no store yet: the next writer begins one.
        const isStore = existsSync(join(path, "metadata.yaml"));
        if (isStore) await expectTold(path, safe);
        else expect(safe, story).toEqual([]);
        if (isStore && random() < 0.7) {
          const planned = await repairStore(path, { dryRun: true });
          expect((await repairStore(path)).steps, story).toEqual(planned.steps);
          expect((await repairStore(path)).steps, story).toEqual([]);
        } else {
          const next = await runTelling(tellingWriter(path, format, { ...options, frames: 2 }));
          expect({ story, ...next }).toMatchObject({ story, closed: "" });
        }
        const found = await expectTold(path, safe);
        await using store = await openStore(path);
        expect({ story, problems: store.problems }).toEqual({ story, problems: [] });
        counts.set(path, found.length);
      }
      expect(killed, "writers that were killed").toBeGreaterThanOrEqual(Math.floor(0.6 * counts.size));
      const inPython = countInPython([...counts.keys()]);
      expect(inPython).toEqual([...counts.values()].map((frames) => ({ frames, pictures: frames })));
    },
  );
});

test.runIf(noStrace !== undefined)(`writers are not killed at their system calls: ${noStrace}`, () => {});
