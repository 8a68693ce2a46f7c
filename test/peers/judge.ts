import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { Image } from "../../src/core/image.js";
import { decodeNpy, encodeNpy, type NpyArray } from "../../src/core/npy.js";
import { python } from "./python.js";

/** What Python made of a picture; to be called in a test. */
export type Judged = () => NpyArray;

/**
 * Collects what OpenCV and NumPy are to make of pictures, and has it all made in one run of Python before the tests.
 * @param prelude Python that defines what the expressions need, beside `np` and `cv2`.
 * @returns takes pictures, which are called `a`, `b` … in an expression of Python, whose value is an array.
 */
export function judge(prelude = ""): (pictures: readonly Image[], expression: string) => Judged {
  const cases: { readonly pictures: readonly Image[]; readonly expression: string }[] = [];
  const folder = mkdtempSync(join(tmpdir(), "marey-judge-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeAll(() => {
    for (const [i, { pictures }] of cases.entries()) {
      for (const [k, { dtype, width, height, channels, data }] of pictures.entries()) {
        const shape = [height, width, ...(channels > 1 ? [channels] : [])];
        writeFileSync(join(folder, `${i}-${k}.npy`), encodeNpy({ dtype, shape, data }));
      }
    }
    const list = cases.map(({ pictures, expression }) => [pictures.length, expression]);
    writeFileSync(join(folder, "cases.json"), JSON.stringify(list));
    python(`${program}\n${prelude}\n${loop}`, [folder]);
  });
  return (pictures, expression) => {
    const place = cases.push({ pictures, expression }) - 1;
    return () => decodeNpy(new Uint8Array(readFileSync(join(folder, `${place}.npy`))));
  };
}

const program = `
import sys, os, json, math, numpy as np, cv2
os.chdir(sys.argv[1])
cv2.setNumThreads(1)
`;
const loop = `
for i, (count, expression) in enumerate(json.load(open("cases.json"))):
    names = {"abcd"[k]: np.load(f"{i}-{k}.npy") for k in range(count)}
    np.save(f"{i}.npy", np.ascontiguousarray(eval(expression, globals(), names)))
`;

/** How far two pictures are apart, sample by sample; endless if they have other shapes or dtypes. */
export function distance(found: Image, expected: NpyArray): { readonly max: number; readonly mean: number } {
  const { width, height, channels, dtype, data } = found;
  const shape = [height, width, ...(channels > 1 ? [channels] : [])].join();
  if (expected.shape.join() !== shape || expected.dtype !== dtype) {
    throw new Error(`${shape} ${dtype}, expected ${expected.shape.join()} ${expected.dtype}`);
  }
  const [ours, theirs] = [data as Float32Array, expected.data as Float32Array];
  let [max, sum] = [0, 0];
  for (let i = 0; i < ours.length; i++) {
    const apart = Object.is(ours[i], theirs[i]) ? 0 : Math.abs(ours[i]! - theirs[i]!);
    if (Number.isNaN(apart)) return { max: Number.NaN, mean: Number.NaN };
    max = Math.max(max, apart);
    sum += apart;
  }
  return { max, mean: sum / ours.length };
}
