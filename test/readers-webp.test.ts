import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DecodeError, FileFormatError } from "../src/core/errors.js";
import { create, open, sniff, syntheticCamera } from "../src/index.js";
import { webp } from "../src/readers/webp.js";
import { fingerprints, testSeekableSource } from "./contracts/seekable-source.js";
import { testMutations } from "./fixtures/mutations.js";
import { python } from "./peers/python.js";
import { marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-webp-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** Animations by Pillow, which is libwebp: its encoder makes frames of parts, blended and cleared; its decoder is the judge. */
const write = `
import json, os, sys, numpy as np
from PIL import Image, ImageDraw
os.chdir(sys.argv[1]); rng = np.random.RandomState(5); out = {}
def moving(n, mode, seed):
    base = Image.fromarray(np.random.RandomState(seed).randint(0, 256, (48, 70, len(mode))).astype("u1"), mode)
    frames = []
    for i in range(n):
        frame = base.copy(); draw = ImageDraw.Draw(frame)
        draw.ellipse((4 + i * 5, 5 + i * 2, 20 + i * 5, 21 + i * 2), fill=(255 - 20 * i, 30 * i, 90, 255)[:len(mode)])
        frames.append(frame)
    return frames
def sparse(n):
    frames = []
    for i in range(n):
        a = np.zeros((48, 70, 4), "u1"); a[5 + i:25 + i, 6 + 4 * i:30 + 4 * i] = rng.randint(0, 256, (20, 24, 4)); frames.append(Image.fromarray(a, "RGBA"))
    return frames
films = {"lossless": (moving(8, "RGB", 1), dict(lossless=True, duration=40)), "lossy": (moving(8, "RGB", 2), dict(quality=70, duration=[10, 20, 30, 40, 50, 60, 70, 80])),
  "alpha": (moving(8, "RGBA", 3), dict(lossless=True, duration=33, exact=True)), "sparse": (sparse(9), dict(lossless=True, duration=100)), "sparse-lossy": (sparse(9), dict(quality=60, duration=100)),
  "keys": (sparse(9), dict(lossless=True, kmin=2, kmax=3, duration=100)), "mixed": (sparse(9), dict(allow_mixed=True, minimize_size=True, duration=100))}
for name, (frames, options) in films.items():
    frames[0].save(name + ".webp", save_all=True, append_images=frames[1:], **options)
    with Image.open(name + ".webp") as found:
        got = []
        for i in range(found.n_frames):
            found.seek(i); found.load(); got.append([found.info["timestamp"], found.mode, np.array(found.convert(found.mode)).tobytes().hex()])
        out[name] = dict(size=found.size, frames=got)
Image.new("RGB", (20, 10), "red").save("still.webp")
print(json.dumps(out))
`;

type Film = {
  readonly size: readonly [number, number];
  readonly frames: readonly (readonly [number, string, string])[];
};
const films: { readonly [name: string]: Film } = JSON.parse(python(write, [folder]));

testSeekableSource("an animated WebP", () => webp.open(at("sparse.webp"), {}));
testMutations(at("alpha.webp"), (path) => webp.open(path, {}), { header: 400 });

test.each(Object.keys(films))(
  "%s.webp is what libwebp shows, forwards, backwards and one by one",
  async (name) => {
    const { size, frames } = films[name]!;
    expect(await sniff(at(`${name}.webp`))).toBe("video");
    const hasAlpha = frames[0]![1] === "RGBA";
    await using source = await open(at(`${name}.webp`), { as: hasAlpha ? "auto" : "rgb" });
    expect([source.info.width, source.info.height, source.index.length]).toEqual([...size, frames.length]);
    for (const rank of [...frames.keys(), ...[...frames.keys()].reverse(), 3, 7, 0, 5]) {
      const { image, time } = await source.frame({ index: rank });
      const [milliseconds, , hex] = frames[rank]!;
      const expected = Buffer.from(hex, "hex");
      const found = Buffer.from(image.data as Uint8Array);
      // Pillow has RGBA.
      if (hasAlpha)
        for (let i = 0; i < found.length; i += 4) [found[i], found[i + 2]] = [found[i + 2]!, found[i]!];
      // What is transparent has no colour.
      if (hasAlpha)
        for (let i = 0; i < found.length; i += 4)
          if (expected[i + 3] === 0) expected.copy(found, i, i, i + 3);
      expect(found.equals(expected), `frame ${rank}`).toBe(true);
      expect(time).toBeCloseTo(milliseconds / 1000, 9);
    }
  },
);

test("what Marey writes it reads again, to the bit; a still WebP is a picture as before", async () => {
  const camera = syntheticCamera({ width: 64, height: 48, frames: 7, pace: "free", color: "bgr" });
  const sink = await create(at("own.webp"), { info: camera.info, fps: 20 });
  const written: Buffer[] = [];
  for await (const frame of camera) {
    written.push(Buffer.from(frame.image.data as Uint8Array));
    await sink.write(frame);
  }
  await sink.close();
  await using source = await open(at("own.webp"));
  let rank = 0;
  for await (const { image, time } of source.frames()) {
    expect(Buffer.from(image.data as Uint8Array).equals(written[rank]!)).toBe(true);
    expect(time).toBeCloseTo(rank++ / 20, 9);
  }
  expect(rank).toBe(7);
  const { stdout } = await marey(["convert", at("own.webp"), at("own.npy"), "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ frames: 7 });
  await using still = await open(at("still.webp"));
  expect(still.index.length).toBe(1);
});

test("of an animation that is cut short the whole frames are read, and the break is told", async () => {
  const whole = readFileSync(at("lossless.webp"));
  writeFileSync(at("cut.webp"), whole.subarray(0, whole.length - 40));
  await using source = (await webp.open(at("cut.webp"), {})) as Awaited<ReturnType<typeof webp.open>> & {
    problems: { message: string }[];
  };
  expect(source.index.length).toBe(films.lossless!.frames.length - 1);
  expect(source.problems[0]!.message).toMatch(/^cut short/);
  await fingerprints(source.frames());
  writeFileSync(at("nothing.webp"), whole.subarray(0, 60));
  await expect(open(at("nothing.webp"))).rejects.toThrow(FileFormatError);
  const damaged = Buffer.from(whole);
  const frame = damaged.indexOf("ANMF", 200) + 40;
  damaged.fill(0xff, frame, frame + 30);
  writeFileSync(at("damaged.webp"), damaged);
  await using broken = await open(at("damaged.webp"));
  const errors: unknown[] = [];
  for await (const _ of broken.frames({ onDamage: (error) => errors.push(error) }));
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.every((error) => error instanceof DecodeError)).toBe(true);
});
