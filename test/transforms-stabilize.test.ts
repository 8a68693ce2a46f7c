import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Image } from "../src/core/image.js";
import { decodeNpy, encodeNpy } from "../src/core/npy.js";
import { bend, stabilize, syntheticCamera } from "../src/index.js";
import { PhaseCorrelation } from "../src/transforms/kernels/phase-correlation.js";
import { listSource } from "./contracts/transform.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";

const folder = mkdtempSync(join(tmpdir(), "marey-stabilize-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Movements of a picture of spots, made by OpenCV, and what OpenCV's own phase correlation finds. */
const moves = [
  [0, 0],
  [7, -4],
  [-12.5, 3.25],
  [0.4, 0.7],
  [21, 17],
] as const;
const make = `
import json, os, sys, numpy as np, cv2
os.chdir(sys.argv[1])
random = np.random.default_rng(1)
scene = cv2.GaussianBlur(random.random((400, 500)).astype(np.float32), (0, 0), 3)
scene = (255 * (scene - scene.min()) / (scene.max() - scene.min())).astype(np.float32)
def view(dx, dy):
    moved = cv2.warpAffine(scene, np.float32([[1, 0, dx], [0, 1, dy]]), (500, 400), flags=cv2.INTER_CUBIC)
    cut = moved[100:300, 100:340] + random.normal(0, 2, (200, 240)).astype(np.float32)
    return np.clip(np.rint(cut), 0, 255).astype(np.uint8)
moves = json.loads(sys.argv[2])
views = [view(*move) for move in moves]
np.save("views.npy", np.stack(views))
window = cv2.createHanningWindow((240, 200), cv2.CV_64F)
found = [cv2.phaseCorrelate(views[0].astype(np.float64), one.astype(np.float64), window)[0] for one in views]
print(json.dumps(found))
`;
const opencv: [number, number][] = JSON.parse(python(make, [folder, JSON.stringify(moves)]));
const { data: all } = decodeNpy(new Uint8Array(readFileSync(join(folder, "views.npy"))));
const size = 240 * 200;
const views = moves.map(
  (_, at): Image => ({
    width: 240,
    height: 200,
    channels: 1,
    dtype: "uint8",
    color: "gray",
    data: (all as Uint8Array).subarray(at * size, (at + 1) * size),
  }),
);

test("movements are found to a fraction of a pixel, at least as well as OpenCV's phase correlation finds them", () => {
  const correlation = new PhaseCorrelation(240, 200);
  const spectra = views.map(({ data }) => correlation.spectrum(Float64Array.from(data as Uint8Array)));
  for (const [at, [x, y]] of moves.entries()) {
    const { dx, dy, response } = correlation.shift(spectra[0]!, spectra[at]!);
    const off = Math.hypot(dx - x, dy - y);
    const [theirX, theirY] = opencv[at]!;
    expect(off).toBeLessThan(Math.max(0.15, Math.hypot(theirX - x, theirY - y) + 0.05));
    expect(response).toBeGreaterThan(0.02);
  }
});

test("a film of a shaking camera is held still, in the middle of the picture to a gray level or two", async () => {
  await using source = bend(listSource(views), stabilize({ interpolation: "cubic" }));
  for await (const { image } of source.frames()) {
    let sum = 0;
    let count = 0;
    for (let y = 30; y < 170; y++) {
      for (let x = 30; x < 210; x++) {
        sum += Math.abs(Number(image.data[y * 240 + x]) - Number(views[0]!.data[y * 240 + x]));
        count++;
      }
    }
    // Noise of a standard deviation of 2 in both pictures is a mean distance of 2.3.
    expect(sum / count).toBeLessThan(4);
  }
});

test("a frame that has nothing in common with the reference stays where it is", async () => {
  const other = noiseImage({ width: 240, height: 200, dtype: "uint8", color: "gray" }, 5);
  const flat: Image = { ...other, data: new Uint8Array(size).fill(90) };
  await using source = bend(listSource([views[0]!, flat]), stabilize());
  expect((await source.frame({ index: 1 })).image).toBe(flat);
});

test("a still film stays as it is, in colour, too", async () => {
  const images: Image[] = [];
  for await (const { image } of syntheticCamera({
    width: 96,
    height: 64,
    frames: 1,
    color: "bgr",
    pace: "free",
  })) {
    images.push(image, image);
  }
  await using source = bend(listSource(images), stabilize());
  writeFileSync(
    join(folder, "still.npy"),
    encodeNpy({ dtype: "uint8", shape: [64, 96, 3], data: images[0]!.data }),
  );
  for await (const { image } of source.frames()) {
    expect(Buffer.compare(image.data as Uint8Array, images[0]!.data as Uint8Array)).toBe(0);
  }
});
