import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { ExistsError } from "../src/core/errors.js";
import { createStore, openStore, repairStore } from "../src/index.js";
import { expectTold, runTelling, tellingWriter } from "./fixtures/telling-writer.js";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "marey-writers-")));
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 9 }));
let made = 0;
const fresh = (): string => join(folder, `store${made++}`);

const info = { width: 64, height: 48, channels: 1, dtype: "uint8", color: "gray" } as const;

/** A writer that goes on until it is stopped. */
function endlessWriter(path: string, format: string, started: (line: string) => void) {
  const stop = new AbortController();
  const told = runTelling(tellingWriter(path, format, { frames: 1e9, chunkSize: 10, pause: 25 }), {
    signal: stop.signal,
    onLine: started,
  });
  return { told, kill: () => stop.abort() };
}

function ownerOf(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(path, ".lock"), "utf8"));
}

test.each(["npy", "avc1/mp4"])(
  "%s: while one writes, others are refused and told who it is; readers see it grow",
  async (format) => {
    const path = fresh();
    let safe = 0;
    const writer = endlessWriter(path, format, (line) => {
      if (line.startsWith("safe ")) safe = Number(line.slice(5));
    });
    while (safe < 5) await setTimeout(20);
    const { pid } = ownerOf(path);
    const other = await runTelling(tellingWriter(path, format, {}));
    expect(other).toMatchObject({
      safe: [],
      refused: expect.stringContaining(`by process ${pid} on ${hostname()}`),
    });
    await expect(createStore(path, { info, format, overwrite: true })).rejects.toThrow(ExistsError);
    await expect(repairStore(path)).rejects.toThrow(ExistsError);
    let before = 0;
    for (let look = 0; look < 8; look++) {
      const known = safe;
      const found = await expectTold(
        path,
        Array.from({ length: known + 1 }, (_, i) => i),
      );
      expect(found, "nothing is missing between frames").toEqual(found.map((_, i) => i));
      expect(found.length).toBeGreaterThanOrEqual(before);
      before = found.length;
      await setTimeout(20);
    }
    expect(before).toBeGreaterThan(5);
    writer.kill();
    const { safe: all } = await writer.told;
    const next = await runTelling(tellingWriter(path, format, { frames: 2 }));
    expect(next).toMatchObject({ closed: "" });
    await expectTold(path, [...all, ...next.safe]);
  },
);

test("of twenty writers at once one gets the store, the others are told; none is left over", async () => {
  const path = fresh();
  const all = await Promise.all(
    Array.from({ length: 20 }, () => runTelling(tellingWriter(path, "npy", { frames: 40, pause: 100 }))),
  );
  const winners = all.filter(({ closed }) => closed === "");
  // Whoever comes after the first has closed its store goes on in it: at once, there is one.
  expect(winners.length).toBeGreaterThan(0);
  for (const { closed, refused, stderr } of all) {
    expect(stderr).toBe("");
    if (closed === undefined) expect(refused).toMatch(/^EXISTS /);
  }
  const found = await expectTold(path, []);
  expect(found.length, "each frame once").toBe(40 * winners.length);
  await using store = await openStore(path);
  expect(store.problems).toEqual([]);
});

/** A store whose writer was killed, and the lock that it left. */
async function abandoned(): Promise<{ path: string; owner: Record<string, unknown> }> {
  const path = fresh();
  let safe = 0;
  const writer = endlessWriter(path, "npy", () => safe++);
  while (safe < 3) await setTimeout(10);
  writer.kill();
  await writer.told;
  return { path, owner: ownerOf(path) };
}

async function isFree(path: string): Promise<boolean> {
  const { closed, refused } = await runTelling(tellingWriter(path, "npy", { frames: 1 }));
  if (closed === undefined) expect(refused).toMatch(/^EXISTS .*is being written/);
  return closed === "";
}

test("a lock says by itself that its owner is gone: killed, of another start of the machine, its number used again", async () => {
  const { path, owner } = await abandoned();
  const relock = (changes: Record<string, unknown>): void =>
    writeFileSync(join(path, ".lock"), JSON.stringify({ ...owner, ...changes }));
  await using store = await openStore(path);
  expect(store.problems.map(({ message }) => message).join()).toMatch(/its writer is gone/);
  expect(await isFree(path), "killed").toBe(true);
  const mine = readFileSync(`/proc/${process.pid}/stat`, "utf8");
  const started = mine.slice(mine.lastIndexOf(")") + 2).split(" ")[19];
  relock({ pid: process.pid, started });
  expect(await isFree(path), "alive").toBe(false);
  relock({ pid: process.pid, started, boot: "00000000-0000-0000-0000-000000000000" });
  expect(await isFree(path), "another start of the machine").toBe(true);
  relock({ pid: process.pid, started: "1" });
  expect(await isFree(path), "its number was given to another process").toBe(true);
  relock({ host: "elsewhere.example", pid: 1 });
  expect(await isFree(path), "of another machine").toBe(false);
  rmSync(join(path, ".lock"));
});

test("a writer that is dead but not yet buried by its parent holds no lock", async () => {
  const { path, owner } = await abandoned();
  const zombie = spawn("bash", ["-c", "sleep 0.05 & echo $!; exec sleep 60"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const pid = Number(await firstLine(zombie));
    while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) await setTimeout(20);
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    writeFileSync(join(path, ".lock"), JSON.stringify({ ...owner, pid, started }));
    expect(await isFree(path)).toBe(true);
  } finally {
    zombie.kill("SIGKILL");
  }
});

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.stdout!.once("data", (text) => resolve(`${text}`.split("\n")[0]!)));
}

test.each(["fifo", "folder", "garbage", "huge"])(
  "a lock that is none (%s) is nobody's, and hangs nobody",
  async (kind) => {
    const { path } = await abandoned();
    const lock = join(path, ".lock");
    rmSync(lock);
    if (kind === "fifo") execFileSync("mkfifo", [lock]);
    if (kind === "folder") execFileSync("mkdir", [lock]);
    if (kind === "garbage") writeFileSync(lock, '{"pid": "x"');
    if (kind === "huge") execFileSync("truncate", ["-s", "1T", lock]);
    await using store = await openStore(path);
    expect(store.index.length).toBeGreaterThan(0);
    const { refused } = await runTelling(tellingWriter(path, "npy", { frames: 1 }));
    expect(refused).toMatch(/^EXISTS /);
    if (kind === "folder") return;
    await repairStore(path, { force: true });
    expect(await isFree(path)).toBe(true);
  },
);
