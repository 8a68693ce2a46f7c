import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { syntheticCamera } from "../src/cameras/synthetic.js";
import { EncodeError, ExistsError, FrameMismatchError, UnsupportedError } from "../src/core/errors.js";
import type { Frame } from "../src/core/frame.js";
import { bytesOf } from "../src/core/image.js";
import { createArray, createImages } from "../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "marey-sinks-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

async function framesOf(
  count: number,
  options: Parameters<typeof syntheticCamera>[0] = {},
): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of syntheticCamera({
    width: 64,
    height: 48,
    frames: count,
    pace: "free",
    ...options,
  })) {
    frames.push(frame);
  }
  return frames;
}

test.each([
  ["gray", "uint8", 1],
  ["bgr", "uint8", 2],
  ["gray", "uint16", 12],
  ["bgr", "uint16", 0],
] as const)("NumPy reads an array of %s %s, %i frames, as it was written", async (color, dtype, count) => {
  const path = at(`${color}-${dtype}.npy`);
  const [pattern] = await framesOf(1, { color, dtype });
  const frames = await framesOf(count, { color, dtype });
  const sink = await createArray(path, { info: pattern!.image });
  for (const frame of frames) await sink.write(frame);
  expect(existsSync(path)).toBe(false);
  await sink.close();
  const code = "import numpy, sys; a = numpy.load(sys.argv[1]); print(a.shape, a.dtype, a.tobytes().hex())";
  const found = execFileSync("/usr/bin/python3", ["-c", code, path], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  }).trim();
  const shape = color === "gray" ? `(${count}, 48, 64)` : `(${count}, 48, 64, 3)`;
  const bytes = Buffer.concat(frames.map(({ image }) => bytesOf(image))).toString("hex");
  expect(found).toBe(`${shape} ${dtype} ${bytes}`.trim());
});

test("an array that is given up leaves nothing, and one that is there is not replaced unasked", async () => {
  const [frame] = await framesOf(1);
  const given = await createArray(at("gone.npy"), { info: frame!.image });
  await given.write(frame!);
  await given.abort!();
  await given.close();
  expect(readdirSync(folder).filter((name) => name.includes("gone"))).toEqual([]);

  await (await createArray(at("there.npy"), { info: frame!.image })).close();
  await expect(createArray(at("there.npy"), { info: frame!.image })).rejects.toThrow(ExistsError);
  await (await createArray(at("there.npy"), { info: frame!.image, overwrite: true })).close();
});

test("an array takes no frame of another shape", async () => {
  const [small] = await framesOf(1);
  const [big] = await framesOf(1, { width: 66 });
  const sink = await createArray(at("shape.npy"), { info: small!.image });
  await expect(sink.write(big!)).rejects.toThrow(FrameMismatchError);
  await expect(sink.write(big!)).rejects.toThrow("expected 64x48 gray uint8, got 66x48 gray uint8");
  await sink.abort!();
});

test("pictures are numbered in the order in which they come, whichever is encoded first", async () => {
  const frames = await framesOf(30);
  const sink = await createImages(at("many/frame%04d.pgm"));
  for (const frame of frames) await sink.write(frame);
  await sink.close();
  expect(readdirSync(at("many")).sort()).toEqual(
    frames.map((_, i) => `frame${String(i).padStart(4, "0")}.pgm`),
  );
  for (const [i, { image }] of frames.entries()) {
    const file = readFileSync(at(`many/frame${String(i).padStart(4, "0")}.pgm`));
    expect(file.subarray(-image.data.length).equals(bytesOf(image))).toBe(true);
  }
  await expect(createImages(at("many/frame%04d.pgm"))).rejects.toThrow(ExistsError);
  await (await createImages(at("many/other%04d.pgm"))).close();
});

test("a name without a counter takes one picture, and says so at the second", async () => {
  const frames = await framesOf(2);
  const sink = await createImages(at("one.png"));
  await sink.write(frames[0]!);
  await expect(sink.write(frames[1]!)).rejects.toThrow(EncodeError);
  await sink.close();
  expect(existsSync(at("one.png"))).toBe(true);
});

test("a format that cannot hold the frames, or is none, is refused, and nothing stays behind", async () => {
  await expect(createImages(at("a%d.webp"))).rejects.toThrow(/unsupported picture extension: webp/);
  const [deep] = await framesOf(1, { dtype: "uint16" });
  const sink = await createImages(at("deep/%d.bmp"));
  const failure = (async () => {
    await sink.write(deep!);
    await sink.close();
  })();
  await expect(failure).rejects.toThrow(UnsupportedError);
  expect(existsSync(at("deep"))).toBe(false);
});
