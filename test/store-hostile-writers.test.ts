import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MareyError } from "../src/core/errors.js";
import { createStore, openStore, repairStore } from "../src/index.js";
import { encodeJournalHeader, encodeJournalRecord } from "../src/store/journal.js";

// What a store that comes from somebody else may do to those who write in it or mend it: nothing.

const folder = mkdtempSync(join(tmpdir(), "marey-hostile-writers-"));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;
const info = { width: 4, height: 4, channels: 1, dtype: "uint8", color: "gray" } as const;

/** A store of one chunk with three frames. */
async function honest(format = "npy"): Promise<{ path: string; uuid: string }> {
  const path = join(folder, `store${made++}`);
  await using store = await createStore(path, { info, format, minFree: 0 });
  for (let i = 0; i < 3; i++) {
    await store.write({ image: { ...info, data: new Uint8Array(16).fill(i) }, number: i, time: i });
  }
  return { path, uuid: store.uuid };
}

function writeJournal(
  path: string,
  uuid: string,
  chunk: number,
  frames: readonly { offset: number; size: number }[],
): void {
  const records = frames.map((frame, i) =>
    encodeJournalRecord({ kind: "frame", number: i, time: i, digest: 0n, ...frame }),
  );
  writeFileSync(path, Buffer.concat([encodeJournalHeader(uuid, chunk), ...records]));
}

async function tryAll(path: string, format = "npy"): Promise<void> {
  const attempts = [
    async () => void (await (await openStore(path)).close()),
    async () => void (await repairStore(path)),
    async () => void (await (await createStore(path, { info, format, append: true, minFree: 0 })).close()),
  ];
  for (const attempt of attempts) {
    await attempt().catch((error) => {
      if (!(error instanceof MareyError)) throw error;
    });
  }
}

test.each(["npy", "mjpeg/avi"])(
  "%s: a chunk that is a link to somewhere else is neither changed nor emptied",
  async (format) => {
    const { path, uuid } = await honest(format);
    const elsewhere = join(folder, `elsewhere${made++}`);
    mkdirSync(elsewhere);
    const names = Array.from({ length: 3 }, (_, i) => `00000${i}${format === "npy" ? ".npy" : ".avi"}`);
    for (const name of names) writeFileSync(join(elsewhere, name), "precious");
    if (format === "npy") symlinkSync(elsewhere, join(path, "000001"));
    else symlinkSync(join(elsewhere, names[1]!), join(path, "000001.avi"));
    writeJournal(join(path, "000001.journal"), uuid, 1, [{ offset: 0, size: 2 }]);
    await tryAll(path, format);
    expect(readdirSync(elsewhere).sort()).toEqual(names);
    for (const name of names) expect(readFileSync(join(elsewhere, name), "utf8")).toBe("precious");
  },
);

test.each([
  "000001.journal",
  "metadata.yaml",
  ".metadata.yaml.copy",
  "000000/index.npz",
  "000000/index.extra.json",
  ".lock",
])("a pipe in the place of %s hangs nobody", async (name) => {
  const { path } = await honest();
  rmSync(join(path, name), { force: true });
  execFileSync("mkfifo", [join(path, name)]);
  if (name === "000001.journal") mkdirSync(join(path, "000001"));
  await tryAll(path);
});

test("a journal that is a link out of the store is not read", async () => {
  const { path, uuid } = await honest();
  writeJournal(join(folder, "outside.journal"), uuid, 1, [{ offset: 0, size: 1 }]);
  mkdirSync(join(path, "000001"));
  symlinkSync(join(folder, "outside.journal"), join(path, "000001.journal"));
  await tryAll(path);
  expect(existsSync(join(folder, "outside.journal"))).toBe(true);
  await using store = await openStore(path);
  expect(store.index.length).toBe(3);
});

test.each([
  ["beyond the end of the file", { offset: 0, size: 2 ** 52 }],
  ["far beyond any file", { offset: 2 ** 52, size: 8 }],
  ["the same bytes again and again", { offset: 0, size: 2 ** 20 }],
])("a journal of 200,000 frames that names %s costs little", async (_what, range) => {
  const { path, uuid } = await honest("mjpeg/avi");
  writeFileSync(join(path, "000001.avi"), new Uint8Array(2 ** 20));
  writeJournal(join(path, "000001.journal"), uuid, 1, Array(200_000).fill(range));
  await using store = await openStore(path);
  expect(store.index.length).toBe(3);
});

test("a journal that claims a million pictures of a folder that holds none costs little", async () => {
  const { path, uuid } = await honest();
  mkdirSync(join(path, "000001"));
  writeJournal(join(path, "000001.journal"), uuid, 1, Array(1e6).fill({ offset: 0, size: 100 }));
  await using store = await openStore(path);
  expect(store.index.length).toBe(3);
  expect(store.problems.length).toBeLessThan(10);
});

test("a store that is reached through a link is gone on in, and mended", async () => {
  const { path, uuid } = await honest();
  const link = `${path}-link`;
  symlinkSync(path, link);
  mkdirSync(join(path, "000001"));
  writeJournal(join(path, "000001.journal"), uuid, 1, []);
  {
    await using store = await createStore(link, { info, format: "npy", append: true, minFree: 0 });
    await store.write({ image: { ...info, data: new Uint8Array(16) }, number: 3, time: 3 });
  }
  renameSync(join(path, "000000/index.npz"), join(path, "000000/index.npz.away"));
  expect((await repairStore(link)).steps).toHaveLength(1);
  await using store = await openStore(link);
  expect(store.index.length).toBe(4);
});
