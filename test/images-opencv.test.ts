import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FileFormatError } from "../src/core/errors.js";
import { bytesOf, type Image } from "../src/core/image.js";
import { decodeNpy, encodeNpy } from "../src/core/npy.js";
import { bmp } from "../src/images/bmp.js";
import { jpeg } from "../src/images/jpeg.js";
import { png } from "../src/images/png.js";
import { pgm, ppm } from "../src/images/pnm.js";
import { tiff } from "../src/images/tiff.js";
import { awkwardSizes, type PictureKind } from "./contracts/image-codec.js";
import { noiseImage } from "./fixtures/noise-image.js";

const codecs = [png, tiff, bmp, pgm, ppm, jpeg];
const folder = mkdtempSync(join(tmpdir(), "marey-pictures-"));
afterAll(() => rmSync(folder, { recursive: true }));

function script(name: string): string {
  return new URL(`./peers/${name}`, import.meta.url).pathname;
}

function opencv(name: string, ...args: string[]): string {
  return execFileSync("/usr/bin/python3", [script(name), ...args], { encoding: "utf8", maxBuffer: 1 << 26 });
}

/** How the picture differs from the array that is expected; undefined if it does not. */
function difference(image: Image, npyPath: string): string | undefined {
  const { dtype, shape, data } = decodeNpy(readFileSync(npyPath), npyPath);
  const expected = `${shape.slice(0, 2).join("x")}x${shape[2] ?? 1} ${dtype}`;
  const found = `${image.height}x${image.width}x${image.channels} ${image.dtype}`;
  if (found !== expected) return `${found} instead of ${expected}`;
  return Buffer.compare(bytesOf(image), Buffer.from(data.buffer, data.byteOffset, data.byteLength)) === 0
    ? undefined
    : "other samples";
}

async function wrongOnes(names: readonly string[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const name of names) {
    const bytes = readFileSync(join(folder, name));
    const codec = codecs.find(({ matches }) => matches(bytes.subarray(0, 16)));
    const image = await codec?.decode(bytes, name).catch((error: Error) => error.message);
    const found = typeof image === "object" ? difference(image, join(folder, `${name}.npy`)) : image;
    if (found !== undefined) wrong.push(`${name}: ${found}`);
    if (codec === undefined) wrong.push(`${name}: of no known format`);
  }
  return wrong;
}

beforeAll(() => {
  opencv("write_pictures.py", folder);
});

describe("pictures by OpenCV, and by hand from the specifications", () => {
  const ending = (extension: string): string[] =>
    readdirSync(folder).filter((name) => name.endsWith(`.${extension}`) && !name.startsWith("ours"));

  for (const extension of ["png", "tif", "bmp", "pgm", "ppm", "jpg"]) {
    test(`every ${extension} is read as what it is, to the bit`, async () => {
      expect(ending(extension).length).toBeGreaterThan(7);
      expect(await wrongOnes(ending(extension))).toEqual([]);
    });
  }
});

describe("files that OpenCV shows in part, without a word,", () => {
  for (const name of [
    "cv_300x200x3_uint8_lzw.tif",
    "cv_300x200x1_uint16_lzw.tif",
    "cv_300x200x3_uint8_packbits.tif",
    "cv_300x200x3_q95.jpg",
    "cv_300x200x1_progressive.jpg",
    "cv_300x200x3_optimised_restart.jpg",
    "cv_300x200x3_uint8_level9.png",
  ]) {
    test(`are refused here: ${name} cut short anywhere`, async () => {
      const whole = readFileSync(join(folder, name));
      const codec = codecs.find(({ matches }) => matches(whole))!;
      for (const share of [0.01, 0.1, 0.3, 0.5, 0.8, 0.95, 0.99]) {
        const cut = whole.subarray(0, Math.floor(whole.length * share));
        await expect(codec.decode(cut, name), `${share}`).rejects.toThrow(FileFormatError);
      }
    });
  }
});

test("every picture that is written here, OpenCV reads the same, to the bit", async () => {
  const ours = mkdtempSync(join(tmpdir(), "marey-pictures-"));
  const kinds = (["uint8", "uint16", "float32", "float64"] as const).flatMap((dtype) =>
    (["gray", "bgr", "bgra"] as const).map((color): PictureKind => ({ dtype, color })),
  );
  let count = 0;
  for (const codec of [png, tiff, bmp, pgm, ppm]) {
    for (const kind of kinds) {
      for (const [width, height] of awkwardSizes) {
        const image = noiseImage({ ...kind, width, height }, ++count);
        const tooDeepForOpenCv = kind.dtype === "float64" && kind.color !== "gray";
        if (!codec.accepts(image) || tooDeepForOpenCv) continue;
        const path = join(
          ours,
          `${count}_${width}x${height}_${kind.color}_${kind.dtype}.${codec.extensions[0]}`,
        );
        const shape = [height, width, image.channels];
        writeFileSync(path, await codec.encode(image));
        writeFileSync(`${path}.npy`, encodeNpy({ dtype: image.dtype, shape, data: image.data }));
      }
    }
  }
  expect(opencv("read_pictures.py", ours)).toBe("");
  rmSync(ours, { recursive: true });
});

test("a jpg that is written here is as near to the picture as OpenCV's, and no larger", async () => {
  const path = join(folder, "ours.jpg");
  for (const color of ["gray", "bgr"] as const) {
    const image = smoothImage(color);
    const file = await jpeg.encode(image);
    writeFileSync(path, file);
    writeFileSync(
      join(folder, "ours.npy"),
      encodeNpy({ dtype: "uint8", shape: [200, 300, image.channels], data: image.data }),
    );
    const [theirSize, theirError, ourError] = JSON.parse(
      execFileSync("/usr/bin/python3", ["-c", judgeJpeg, folder], { encoding: "utf8" }),
    );
    expect(ourError).toBeLessThan(theirError * 1.02);
    expect(statSync(path).size).toBeLessThan(theirSize * 1.01);
    expect(jpegSampling(file)).toEqual(color === "gray" ? [0x11] : [0x22, 0x11, 0x11]);
  }
});

const judgeJpeg = `
import sys, os, json, numpy as np, cv2
os.chdir(sys.argv[1])
a = np.load("ours.npy"); a = a[..., 0] if a.shape[2] == 1 else a
cv2.imwrite("theirs.jpg", a)
off = lambda f: float(((cv2.imread(f, -1).astype(float) - a) ** 2).mean())
print(json.dumps([os.path.getsize("theirs.jpg"), off("theirs.jpg"), off("ours.jpg")]))
`;

/** A picture such as cameras take: smooth, with a little noise. */
function smoothImage(color: "gray" | "bgr"): Image {
  const noise = noiseImage({ width: 300, height: 200, dtype: "uint8", color }, 9);
  noise.data.forEach((sample, i) => {
    const pixel = Math.floor(i / noise.channels);
    const [x, y] = [pixel % 300, Math.floor(pixel / 300)];
    noise.data[i] =
      120 + 80 * Math.sin(x / 17 + (i % noise.channels)) * Math.cos(y / 23) + (Number(sample) % 5);
  });
  return noise;
}

/** Sampling factors of each component in the frame header: 0x22 is twice in both directions. */
function jpegSampling(file: Uint8Array): number[] {
  const at = Buffer.from(file).indexOf(Uint8Array.of(0xff, 0xc0));
  return Array.from({ length: file[at + 9]! }, (_, i) => file[at + 11 + 3 * i]!);
}
