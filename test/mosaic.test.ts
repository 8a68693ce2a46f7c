import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnsupportedError } from "../src/core/errors.js";
import type { Image } from "../src/core/image.js";
import { decodeNpy, encodeNpy } from "../src/core/npy.js";
import {
  bend,
  createStore,
  createVideo,
  crop,
  type MosaicOptions,
  mosaic,
  open,
  openStore,
  readPaintedNumber,
  stillPicture,
  syntheticCamera,
} from "../src/index.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { listSource } from "./contracts/transform.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";

const folder = mkdtempSync(join(tmpdir(), "marey-mosaic-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** A store whose frames have their numbers painted in, each at `start + number / rate` seconds but for a jitter. */
async function camera(
  name: string,
  frames: number,
  rate: number,
  start: number,
  size = { width: 160, height: 120 },
) {
  const source = syntheticCamera({ ...size, frames, rate, pace: "free" });
  await using store = await createStore(at(name), { info: source.info, format: "npy" });
  let count = 0;
  for await (const frame of source) {
    await store.write({ ...frame, time: start + (count + ((count * 7) % 5) * 0.02) / rate });
    count++;
  }
}

beforeAll(async () => {
  await camera("quick", 60, 60, 1000);
  await camera("slow", 10, 25, 1000.3, { width: 320, height: 120 });
  const film = await createVideo(at("film.mp4"), { fps: 30, preset: "ultrafast", quality: 10 });
  for await (const frame of syntheticCamera({ width: 160, height: 120, frames: 30, pace: "free" }))
    await film.write(frame);
  await film.close();
});

testSeekableSource("mosaic", async () =>
  mosaic([
    await openStore(at("quick")),
    { source: await openStore(at("slow")), after: "loop", title: "slow" },
  ]),
);

test("each cell shows, at every instant, the frame that was on its camera's screen then", async () => {
  const quick = await openStore(at("quick"));
  const slow = await openStore(at("slow"));
  await using both = mosaic([quick, { source: slow, after: "blank" }], { layout: "row", padding: 2 });
  expect(both.index.length).toBe(60);
  let blank = 0;
  for (const [cell, source] of [quick, slow].entries()) {
    const { left, top, width, height } = both.cells[cell]!;
    for await (const { image, time } of bend(both, crop({ left, top, width, height })).frames()) {
      const seen = readPaintedNumber(image);
      const { index } = source;
      const { max } = index.timeRange!;
      const end = max + (max - index.timeRange!.min) / (index.length - 1);
      const times = Array.from({ length: index.length }, (_, rank) => index.time(rank));
      const begun = times.filter((one) => one <= time + 0.001).length;
      if (begun === 0 || time + 0.001 >= end) {
        expect(image.data.every((sample) => sample === 0)).toBe(true);
        blank++;
      } else expect(seen).toBe(begun - 1);
    }
  }
  expect(blank).toBeGreaterThan(30);
});

test("a film on its own clock begins with the others when they are told to, at half its speed", async () => {
  await using all = mosaic([
    await openStore(at("quick")),
    { source: await open(at("film.mp4"), { as: "gray" }), offset: 0.1, speed: 0.5 },
  ]);
  const { left, top, width, height } = all.cells[1]!;
  expect(all.index.time(0)).toBe(0);
  for await (const { image, time } of bend(all, crop({ left, top, width, height })).frames()) {
    const expected = Math.floor((time + 0.001 - 0.1) * 0.5 * 30 + 1e-9);
    expect(readPaintedNumber(image)).toBe(expected < 0 ? undefined : Math.min(29, expected));
  }
});

describe("pictures stand where the plan says, as OpenCV shrinks and places them", () => {
  const wide = noiseImage({ width: 90, height: 30, dtype: "uint8", color: "bgr" }, 1);
  const tall = noiseImage({ width: 40, height: 80, dtype: "uint8", color: "bgr" }, 2);
  const cases: readonly [name: string, options: MosaicOptions, code: string][] = [
    [
      "contain",
      { columns: 2, cellWidth: 30, cellHeight: 20, background: "#102030", padding: 4, border: 3 },
      `out[:] = (0x30, 0x20, 0x10)
put(fit(a, 30, 10), 3, 3 + 5); put(fit(b, 10, 20), 3 + 30 + 4 + 10, 3)`,
    ],
    [
      "cover",
      { columns: 1, cellWidth: 30, cellHeight: 20, fit: "cover" },
      `put(fit(a, 60, 20)[:, 15:45], 0, 0); put(fit(b, 30, 60)[20:40], 0, 20)`,
    ],
    [
      "stretch",
      { columns: 2, cellWidth: 20, cellHeight: 20, fit: "stretch" },
      `put(fit(a, 20, 20), 0, 0); put(fit(b, 20, 20), 20, 0)`,
    ],
    [
      "none",
      { columns: 2, cellWidth: 50, cellHeight: 40, fit: "none" },
      `put(a[:, 20:70], 0, 5); put(b[20:60], 50 + 5, 0)`,
    ],
    ["row", { layout: "row", cellHeight: 16 }, `put(fit(a, 48, 16), 0, 0); put(fit(b, 8, 16), 48, 0)`],
  ];
  const judge = `
import json, os, sys, numpy as np, cv2
os.chdir(sys.argv[1])
a, b = np.load("wide.npy"), np.load("tall.npy")
fit = lambda p, w, h: cv2.resize(p, (w, h), interpolation=cv2.INTER_AREA)
for name, w, h, code in json.loads(sys.argv[2]):
    out = np.zeros((h, w, 3), np.uint8)
    def put(p, x, y): out[y:y + p.shape[0], x:x + p.shape[1]] = p
    exec(code)
    np.save(name + ".npy", out)
`;
  beforeAll(() => {
    for (const [name, { width, height, data, dtype }] of Object.entries({ wide, tall }))
      writeFileSync(at(`${name}.npy`), encodeNpy({ dtype, shape: [height, width, 3], data }));
    const asked = cases.map(([name, options, code]) => {
      const { width, height } = mosaic([stillPicture(wide), stillPicture(tall)], options).info;
      return [name, width, height, code];
    });
    python(judge, [folder, JSON.stringify(asked)]);
  });

  test.each(cases)("%s", async (name, options) => {
    await using both = mosaic([stillPicture(wide), stillPicture(tall)], options);
    const { image } = await both.frame({ index: 0 });
    const expected = decodeNpy(new Uint8Array(readFileSync(at(`${name}.npy`))));
    expect([image.height, image.width, 3]).toEqual(expected.shape);
    const found = image.data as Uint8Array;
    const most = found.reduce(
      (worst, sample, i) => Math.max(worst, Math.abs(sample - Number(expected.data[i]))),
      0,
    );
    // OpenCV's sums over areas are in single precision.
    expect(most).toBeLessThanOrEqual(1);
  });
});

test("gray stands beside colour, 8 bits beside 16, and white stays white", async () => {
  const white = (image: Image, value: number): Image => ({
    ...image,
    data: image.data.map(() => value as never) as never,
  });
  const gray = white(noiseImage({ width: 8, height: 8, dtype: "uint8", color: "gray" }, 1), 255);
  const deep = white(noiseImage({ width: 8, height: 8, dtype: "uint16", color: "bgr" }, 1), 65_535);
  await using both = mosaic([stillPicture(gray), stillPicture(deep)], { layout: "row" });
  expect(both.info).toMatchObject({ dtype: "uint16", color: "bgr", channels: 3 });
  const { image } = await both.frame({ index: 0 });
  expect(image.data.every((sample) => sample === 65_535)).toBe(true);
  const float = noiseImage({ width: 8, height: 8, dtype: "float32", color: "gray" }, 1);
  expect(() => mosaic([stillPicture(gray), stillPicture(float)])).toThrow(UnsupportedError);
});

test("titles are drawn above their cells, and nothing of them into the pictures", async () => {
  const black = {
    ...noiseImage({ width: 120, height: 60, dtype: "uint8", color: "gray" }, 1),
    data: new Uint8Array(7200),
  };
  await using both = mosaic(
    [
      { source: stillPicture(black), title: "left" },
      { source: stillPicture(black), title: "a title that is much too long for its cell, and is cut off" },
    ],
    { columns: 2 },
  );
  const { image } = await both.frame({ index: 0 });
  const data = image.data as Uint8Array;
  const lit = (row: number): number[] =>
    [0, 120].map((left) => {
      const start = row * image.width + left;
      return data.subarray(start, start + 120).filter((sample) => sample > 128).length;
    });
  const { top } = both.cells[0]!;
  expect(top).toBe(18);
  const inTitle = Array.from({ length: top }, (_, row) => lit(row)).reduce(
    (sum, [a, b]) => [sum[0]! + a!, sum[1]! + b!],
    [0, 0],
  );
  for (const count of inTitle) expect(count).toBeGreaterThan(20);
  for (let row = top; row < image.height; row++) expect(lit(row)).toEqual([0, 0]);
});

test("a mosaic is a source of another, and sixteen cameras share one picture", async () => {
  const images = [1, 2, 3].map((seed) =>
    noiseImage({ width: 16, height: 12, dtype: "uint8", color: "gray" }, seed),
  );
  const four = () => mosaic([1, 2, 3, 4].map(() => listSource(images)));
  await using all = mosaic([four(), four(), four(), four()]);
  expect(all.info).toMatchObject({ width: 64, height: 48 });
  for await (const { image, index } of all.frames()) {
    for (let y = 0; y < 48; y++) {
      for (let x = 0; x < 64; x++) {
        expect(image.data[y * 64 + x]).toBe(images[index]!.data[(y % 12) * 16 + (x % 16)]);
      }
    }
  }
});
