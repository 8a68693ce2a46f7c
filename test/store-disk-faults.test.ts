import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { DiskFullError } from "../src/core/errors.js";
import { createStore, openStore, repairStore } from "../src/index.js";
import { noStrace, withFault } from "./fixtures/strace.js";
import { expectTold, runTelling, type Told, tellingWriter } from "./fixtures/telling-writer.js";
import { countInPython } from "./peers/count-pictures.js";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "marey-disk-")));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 9 }));
let made = 0;
const fresh = (): string => join(folder, `store${made++}`);

afterEach(() => {
  if (noTmpfs === undefined)
    for (const name of readdirSync(tmpfs)) rmSync(join(tmpfs, name), { recursive: true });
});

const formats = ["npy", "avc1/mp4", "h264/mkv", "mjpeg/avi"];
const gray = { width: 32, height: 32, channels: 1, dtype: "uint8", color: "gray" } as const;
const picture = { ...gray, data: new Uint8Array(32 * 32) };

/** Frames of the stores that Python reads in the end. */
const counts = new Map<string, number>();

/** Every file under a final name is one that readers know: nothing half-written is left, and no lock. */
async function expectWhole(path: string, safe: readonly number[]): Promise<void> {
  const found = await expectTold(path, safe);
  await using store = await openStore(path);
  expect(store.problems).toEqual([]);
  expect(readdirSync(path).filter((name) => /journal|part|lock|left/.test(name))).toEqual([]);
  counts.set(path, found.length);
}

/** What a writer leaves that could not write its last files: all that was safe is read, and repair makes it whole. */
async function expectMendable(path: string, safe: readonly number[]): Promise<void> {
  await expectTold(path, safe);
  await repairStore(path);
  await expectWhole(path, safe);
}

const tmpfs = join(folder, "tmpfs");
/** Why no small disk can be made here. */
const noTmpfs: string | undefined = (() => {
  mkdirSync(tmpfs);
  const { status, stderr, error } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "none", tmpfs], {
    encoding: "utf8",
  });
  return status === 0 ? undefined : `a tmpfs cannot be mounted: ${error?.message ?? stderr.trim()}`;
})();
afterAll(() => {
  if (noTmpfs === undefined) execFileSync("umount", ["-l", tmpfs]);
});

describe.skipIf(noTmpfs !== undefined)("a disk of 4 MiB that becomes full", () => {
  test.each(formats)("%s: the writer is told, and what was safe is there", async (format) => {
    const path = join(tmpfs, "store");
    const told = await runTelling(
      tellingWriter(path, format, { frames: 2000, chunkSize: 15, width: 640, height: 360, noise: true }),
    );
    expect(told.safe.length).toBeGreaterThan(10);
    expect(told.failed[0]?.why).toMatch(/^ENCODE .*(the disk is full|No space left)/);
    // close() after the error ends, with or without an error of its own.
    expect(told.closed).toBeDefined();
    expect(existsSync(join(path, ".lock"))).toBe(false);
    await expectTold(path, told.safe);
    const elsewhere = fresh();
    execFileSync("cp", ["-r", path, elsewhere]);
    await expectMendable(elsewhere, told.safe);
  });

  test("with minFree the store is closed and whole before that, and Python opens it", async () => {
    const path = join(tmpfs, "careful");
    const told = await runTelling(
      tellingWriter(path, "npy", { frames: 2000, chunkSize: 40, minFree: 3 * 2 ** 20, pause: 10 }),
    );
    expect(told.safe.length).toBeGreaterThan(40);
    expect(told.failed[0]!.why).toMatch(/^DISK_FULL .* are to stay free/);
    expect(told.closed).toBe("");
    await expectWhole(path, told.safe);
  });

  test("a disk that has less than minFree from the start gets no frame", async () => {
    const path = join(tmpfs, "none");
    await using store = await createStore(path, { info: gray, format: "npy", minFree: 2 ** 40 });
    await expect(store.write({ image: picture, number: 0, time: 0 })).rejects.toThrow(DiskFullError);
  });
});

test.runIf(noTmpfs !== undefined)(`the full disk is left out: ${noTmpfs}`, () => {});

/**
 * Fails calls on one file of a store. Which thread a call comes from depends on how busy the machine is, and each counts for
 * itself: a writer that did not meet its fault is run again.
 */
async function runFaulty(
  path: string,
  format: string,
  call: string,
  file: string,
  fault: string,
  when: string,
  options = {},
): Promise<Told> {
  const writer = tellingWriter(path, format, {
    frames: 9,
    chunkSize: 3,
    durability: "frame",
    goOn: true,
    ...options,
  });
  const log = `${path}.trace`;
  for (let left = 10; left > 0; left--) {
    const told = await runTelling(withFault({ call, path: join(path, file), fault, when }, writer, log));
    if (readFileSync(log, "utf8").includes("(INJECTED)")) return told;
    rmSync(path, { recursive: true });
  }
  throw new Error(`no ${call} on ${file} was the ${when}th of its thread`);
}

describe.skipIf(noStrace !== undefined)("a disk that fails", () => {
  const chunkFiles: Record<string, string> = {
    npy: "000001/000001.npy",
    "avc1/mp4": "000001.mp4",
    "h264/mkv": "000001.mkv",
    "mjpeg/avi": "000001.avi",
  };
  const some: [string, string, string, string][] = formats.flatMap((format) => [
    format === "npy" ? [format, "writev", "error=ENOSPC", "1"] : [format, "write", "error=EIO", "2"],
    [format, "fdatasync", "error=EIO", "1"],
  ]);
  test.each(some)(
    "%s: %s with %s is told, and the writer goes on in a new chunk",
    async (format, call, fault, when) => {
      const path = fresh();
      const told = await runFaulty(path, format, call, chunkFiles[format]!, fault, when);
      expect(told.stderr).toBe("");
      expect(told.failed.length).toBeGreaterThan(0);
      for (const { why } of told.failed) expect(why).toMatch(/^ENCODE /);
      expect(told.safe, "frames of the chunk before").toEqual(expect.arrayContaining([0, 1, 2]));
      expect(told.safe.at(-1), "the last frame, in a chunk after the fault").toBe(8);
      expect(new Set([...told.safe, ...told.failed.map(({ frame }) => frame)]).size).toBe(9);
      expect(told.closed).toBeDefined();
      await expectMendable(path, told.safe);
    },
  );

  test.each(formats)("%s: a failed fdatasync is never asked for again on that file", async (format) => {
    const path = fresh();
    const log = join(folder, `${format.replace("/", "-")}.trace`);
    const file = join(path, chunkFiles[format]!);
    const writer = tellingWriter(path, format, { frames: 9, chunkSize: 3, durability: "frame", goOn: true });
    const command = ["-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync:error=EIO:when=1", ...writer];
    await runTelling(["strace", "-qq", "-f", "-y", "-o", log, "-P", file, ...command]);
    const calls = execFileSync("grep", ["-c", "sync(", log], { encoding: "utf8" });
    // A video that could not be synced is closed and, as a file of its own, not relied upon; its journal stays.
    expect(Number(calls)).toBe(1);
  });

  test.each([
    ["the journal at its start", "000001.journal", "write", "2"],
    ["the journal", "000001.journal", "writev", "1"],
    ["the journal", "000001.journal", "fdatasync", "2"],
    ["the index", "000001.npz.part", "write", "1"],
    ["the index", "000001.npz.part", "fdatasync", "1"],
    ["the name of the index", "000001.npz.part", "?rename", "1"],
    ["the rows", "000001.extra.json.part", "openat", "1"],
    ["the next chunk", "000002.mp4", "openat", "1+"],
  ])("an error on %s (%s, %s) costs nothing that was safe", async (_what, file, call, when) => {
    const path = fresh();
    const told = await runFaulty(path, "avc1/mp4", call, file, "error=EIO", when);
    expect(told.stderr).toBe("");
    expect([...told.failed.map(({ why }) => why), told.closed].join("\n"), "the error is told").toMatch(
      /EIO|I\/O error|Input\/output/,
    );
    expect(told.safe).toEqual(expect.arrayContaining([0, 1, 2]));
    await expectMendable(path, told.safe);
  });

  test.each([
    ["metadata.yaml.part", "write"],
    ["metadata.yaml.part", "?rename"],
    [".metadata.yaml.copy.part", "fdatasync"],
    [".lock", "?link"],
    ["000000.journal", "openat"],
    ["000000.mp4", "openat"],
  ])("an error on %s (%s) at the start is told, and the next writer has a free way", async (file, call) => {
    const path = fresh();
    const told = await runFaulty(path, "avc1/mp4", call, file, "error=ENOSPC", "1+", { goOn: false });
    // A link that fails is made up for by a plain file.
    if (call === "?link") expect(told.closed).toBe("");
    else expect(told.refused ?? told.failed[0]?.why).toMatch(/^ENCODE .*(disk is full|No space left|ENOSPC)/);
    const next = await runTelling(tellingWriter(path, "avc1/mp4", { frames: 2 }));
    expect(next).toMatchObject({ refused: undefined, closed: "", failed: [] });
    await expectWhole(path, next.safe);
  });
});

test.runIf(noStrace !== undefined)(`failing disks are left out: ${noStrace}`, () => {});

const shim = join(folder, "short-writes.so");
/** Why writes cannot be cut short here. */
const noShim: string | undefined = (() => {
  const source = fileURLToPath(new URL("fixtures/short-writes.c", import.meta.url));
  const { status, stderr, error } = spawnSync("gcc", ["-shared", "-fPIC", "-o", shim, source, "-ldl"], {
    encoding: "utf8",
  });
  return status === 0 ? undefined : `gcc cannot build the shim: ${error?.message ?? stderr}`;
})();

test.skipIf(noShim !== undefined).each(formats)(
  "%s: writes that are cut short are completed",
  async (format) => {
    const path = fresh();
    const told = await runTelling(tellingWriter(path, format, { frames: 5, chunkSize: 3 }), {
      env: { LD_PRELOAD: shim, MAREY_SHORT: path },
    });
    expect(told).toMatchObject({ safe: [0, 1, 2, 3, 4], closed: "" });
    await expectWhole(path, told.safe);
  },
);

test.runIf(noShim !== undefined)(`short writes are left out: ${noShim}`, () => {});

/** A writer that goes on until it is told of an error, so that whatever is done to it comes in time. */
const endless = { frames: 1e9, chunkSize: 5, pause: 1 } as const;

describe("a folder that is taken away, or cannot be written", () => {
  test.each(formats)(
    "%s: the store is removed while it is written: an error is told, and nothing hangs",
    async (format) => {
      const path = fresh();
      const told = await runTelling(tellingWriter(path, format, { ...endless, durability: "frame" }), {
        onLine: (line) => {
          if (line !== "safe 7") return;
          // In one step: while its files are removed one by one, the writer would make new ones.
          renameSync(path, `${path}-gone`);
          rmSync(`${path}-gone`, { recursive: true, maxRetries: 9 });
        },
      });
      expect(told.stderr).toBe("");
      expect(told.failed[0]?.why).toMatch(/^ENCODE /);
      expect(told.closed).toMatch(/^ENCODE /);
      expect(existsSync(path)).toBe(false);
    },
  );

  test.each(formats)("%s: the store is removed before it is closed: that is told, too", async (format) => {
    for (const [lost, found] of [
      [["."], /store/],
      [["metadata.yaml"], /: metadata.yaml (is|are) /],
      [["000000", "000000.mp4", "000000.mkv", "000000.avi"], /: 000000(\.\w+)? is /],
    ] as const) {
      const path = fresh();
      const store = await createStore(path, { info: gray, format, chunkSize: 2, minFree: 0 });
      for (let number = 0; number < 6; number++) await store.write({ image: picture, number, time: number });
      await store.sync();
      for (const name of lost) rmSync(join(path, name), { recursive: true, force: true });
      await expect(store.close(), lost[0]).rejects.toMatchObject({
        code: "ENCODE",
        message: expect.stringMatching(found),
      });
      expect(existsSync(join(path, ".lock"))).toBe(false);
    }
  });

  const isRoot = process.getuid?.() === 0;
  const asNobody = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];

  test("a folder that is read only is refused", async () => {
    const path = mkdtempSync("/tmp/marey-read-only-");
    chmodSync(path, 0o555);
    const told = await runTelling([...asNobody, ...tellingWriter(join(path, "store"), "npy", {})]);
    expect(told).toMatchObject({ refused: expect.stringMatching(/^ENCODE .*cannot be created/), safe: [] });
    const inside = await runTelling([...asNobody, ...tellingWriter(path, "npy", {})]);
    expect(inside).toMatchObject({ refused: expect.stringMatching(/^ENCODE .*cannot be written/), safe: [] });
    expect(readdirSync(path)).toEqual([]);
    rmSync(path, { recursive: true });
  });

  test("a folder that becomes read only keeps the chunk at work, and refuses the next", async () => {
    const path = mkdtempSync("/tmp/marey-read-only-");
    chmodSync(path, 0o777);
    const told = await runTelling([...asNobody, ...tellingWriter(path, "avc1/mp4", endless)], {
      onLine: (line) => line === "safe 7" && chmodSync(path, 0o555),
    });
    expect(told.failed[0]?.why).toMatch(/^ENCODE .*permission denied/i);
    expect(told.closed).toMatch(/^ENCODE .*permission denied|^$/i);
    chmodSync(path, 0o777);
    // Its lock could not be taken away, but its owner is gone.
    await expectMendable(path, told.safe);
    rmSync(path, { recursive: true });
  });

  test.skipIf(noTmpfs !== undefined)(
    "a disk that is unmounted under a writer is an error, told",
    async () => {
      const other = join(folder, "pulled");
      mkdirSync(other);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1g", "none", other]);
      const told = await runTelling(tellingWriter(join(other, "store"), "npy", endless), {
        onLine: (line) => line === "safe 7" && execFileSync("umount", ["-l", other]),
      });
      expect(told.failed[0]?.why).toMatch(/^ENCODE /);
      expect(told.closed).toBeDefined();
    },
  );
});

describe("a process that may have little", () => {
  test.each(formats)(
    "%s: with 64 open files, 42 of its own, it writes what another writes",
    async (format) => {
      const path = fresh();
      const told = await runTelling(
        tellingWriter(path, format, { frames: 200, chunkSize: 100, durability: "second", spareFiles: 42 }),
      );
      expect(told).toMatchObject({ closed: "", failed: [], refused: undefined });
      await expectWhole(path, told.safe);
    },
  );

  test("with too few open files it says so, and leaves no half store", async () => {
    const path = fresh();
    let refused = 0;
    for (const spareFiles of [1, 3, 6]) {
      const options = { frames: 8, chunkSize: 3, goOn: true, spareFiles } as const;
      const told = await runTelling(tellingWriter(path, "avc1/mp4", options));
      expect(told.signal).toBeNull();
      const complaints = [told.refused, told.closed, ...told.failed.map(({ why }) => why)].filter(
        (why) => why,
      );
      refused += complaints.length;
      for (const why of complaints) expect(why).toMatch(/^ENCODE .*(too many open files|EMFILE)/i);
      if (existsSync(join(path, "metadata.yaml"))) await expectMendable(path, told.safe);
      rmSync(path, { recursive: true, force: true });
    }
    expect(refused, "complaints").toBeGreaterThan(0);
  });
});

test("all these stores are read in Python, frame by frame", () => {
  const paths = [...counts.keys()].filter((path) => existsSync(path));
  expect(paths.length).toBeGreaterThan(3);
  const wanted = paths.map((path) => ({ frames: counts.get(path), pictures: counts.get(path) }));
  expect(countInPython(paths)).toEqual(wanted);
});
