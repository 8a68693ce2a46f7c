import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createStore, exportIndex, openStore, reindexStore, repairStore } from "../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "marey-clocks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const info = { width: 16, height: 8, channels: 1, dtype: "uint8", color: "gray" } as const;

/** Frame 7 came from nowhere: no clock saw it. */
function clocksOf(number: number) {
  return number === 7
    ? undefined
    : {
        cameraNumber: number + 100,
        cameraTime: number / 50,
        arrived: 1000 + number,
        arrivedUtc: 1.7e9 + number,
      };
}

async function write(path: string, frames: number) {
  const store = await createStore(path, { info, format: "npy", chunkSize: 5, minFree: 0 });
  for (let number = 0; number < frames; number++) {
    const clocks = clocksOf(number);
    const image = { ...info, data: new Uint8Array(128).fill(number) };
    await store.write({ number, time: number, image, ...(clocks && { clocks }) });
  }
  return store;
}

async function expectClocks(path: string, frames: number): Promise<void> {
  await using store = await openStore(path);
  expect(store.index.length).toBe(frames);
  const { cameraNumber, cameraTime, arrived, arrivedUtc } = await store.clocks();
  for (let number = 0; number < frames; number++) {
    const clocks = clocksOf(number);
    const unknown = Number.NaN;
    expect([cameraNumber[number], cameraTime[number], arrived[number], arrivedUtc[number]]).toEqual(
      clocks
        ? [clocks.cameraNumber, clocks.cameraTime, clocks.arrived, clocks.arrivedUtc]
        : [unknown, unknown, unknown, unknown],
    );
  }
}

test("what the clocks said is kept with each frame, in every chunk", async () => {
  const path = join(folder, "whole");
  await (await write(path, 13)).close();
  await expectClocks(path, 13);
  await using store = await openStore(path);
  const some = await store.clocks({ start: 4, stop: 11 });
  expect([...some.cameraNumber]).toEqual([104, 105, 106, Number.NaN, 108, 109, 110]);
});

test("it is there while the store is written, after its writer was killed, and when it was made whole", async () => {
  const path = join(folder, "left");
  const writer = await write(path, 13);
  await expectClocks(path, 13);
  const copy = join(folder, "copy");
  cpSync(path, copy, { recursive: true });
  rmSync(join(copy, ".lock"), { force: true });
  await expectClocks(copy, 13);
  await repairStore(copy);
  await expectClocks(copy, 13);
  await writer.close();
});

test("frames that are counted anew keep the camera's own count", async () => {
  const path = join(folder, "reindexed");
  await (await write(path, 6)).close();
  await reindexStore(path, { zero: 3 });
  await using store = await openStore(path);
  expect(store.index.number(3)).toBe(0);
  expect((await store.clocks()).cameraNumber[3]).toBe(103);
});

test("stores without them say so by NaN", async () => {
  const path = join(folder, "none");
  await using writer = await createStore(path, { info, format: "npy", minFree: 0 });
  await writer.write({ number: 1, time: 2, image: { ...info, data: new Uint8Array(128) } });
  await writer.close();
  await using store = await openStore(path);
  expect([...(await store.clocks()).arrived]).toEqual([Number.NaN]);
});

test("they go into CSV and npz with the index, and NumPy reads them", async () => {
  const path = join(folder, "exported");
  await (await write(path, 9)).close();
  await using store = await openStore(path);
  await exportIndex(store, join(folder, "clocks.csv"), { clocks: true });
  const [head, ...rows] = readFileSync(join(folder, "clocks.csv"), "utf8").trim().split("\n");
  expect(head).toBe("frame_number,frame_time,camera_number,camera_time,arrival_monotonic,arrival_utc");
  expect(rows[6]).toBe("6,6,106,0.12,1006,1700000006");
  expect(rows[7]).toBe("7,7,,,,");
  await exportIndex(store, join(folder, "clocks.npz"), { clocks: true });
  const code =
    "import numpy, sys; z = numpy.load(sys.argv[1]); print(z['camera_number'][:7].tolist(), numpy.isnan(z['arrival_utc'][7]))";
  const output = execFileSync("/usr/bin/python3", ["-c", code, join(folder, "clocks.npz")], {
    encoding: "utf8",
  });
  expect(output).toBe("[100.0, 101.0, 102.0, 103.0, 104.0, 105.0, 106.0] True\n");
});
