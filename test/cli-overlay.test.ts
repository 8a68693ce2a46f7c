import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createArray, open, openStore, overlay, stillPicture } from "../src/index.js";
import { noiseImage } from "./fixtures/noise-image.js";
import { python } from "./peers/python.js";
import { marey, type Outcome } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-cli-overlay-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Films of noise as arrays, pictures, and a store that begins later: NumPy and OpenCV make them and say what must come out. */
const prepare = `
import json, os, sys, cv2, numpy as np
os.chdir(sys.argv[1]); rng = np.random.RandomState(5)
low, high = rng.randint(0, 256, (6, 40, 60, 3)).astype("u1"), rng.randint(0, 256, (6, 40, 60, 3)).astype("u1")
np.save("low.npy", low); np.save("high.npy", high); np.save("short.npy", high[:4])
red, green = rng.randint(0, 256, (6, 40, 60)).astype("u1"), rng.randint(0, 256, (6, 40, 60)).astype("u1")
np.save("red.npy", red); np.save("green.npy", green); np.save("few.npy", green[:3])
logo = rng.randint(0, 256, (12, 20, 4)).astype("u1"); logo[:, :6, 3] = 0; logo[:, 6:12, 3] = 255; cv2.imwrite("logo.png", logo)
f = lambda a: a.astype("f8") / 255
r = lambda a: np.floor(a * 255 + 0.5 + 1e-6).clip(0, 255).astype("u1")
np.save("multiply.npy", r(f(low) + (f(low) * f(high) - f(low)) * 0.5)); np.save("difference.npy", r(abs(f(low) - f(high)))); np.save("screen.npy", r(1 - (1 - f(low)) * (1 - f(high))))
def signed(x, y):
    out = low.copy()
    for i in range(12):
        for j in range(20):
            if 0 <= y + i < 40 and 0 <= x + j < 60:
                a = logo[i, j, 3] / 255; out[:, y + i, x + j] = r(f(low[:, y + i, x + j]) * (1 - a) + f(logo[i, j, :3]) * a)
    return out
np.save("signed.npy", signed(7, 9)); np.save("corner.npy", signed(-8, 33))
scene = rng.randint(100, 4000, (5, 40, 60)).astype("u2"); light = rng.randint(500, 3000, (4, 40, 60)).astype("u2"); dark = rng.randint(0, 90, (40, 60)).astype("u2")
np.save("scene.npy", scene); np.save("light.npy", light); cv2.imwrite("dark.tif", dark)
flat = light.mean(0) - dark
np.save("even.npy", np.floor((scene.astype("f8") - dark) * flat.mean() / flat + 0.5).clip(0, 65535).astype("u2"))
`;

beforeAll(() => python(prepare, [folder]));

async function run(...args: string[]): Promise<Outcome> {
  const outcome = await marey(args);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  return outcome;
}

/** All frames of two sources are the same, samples up to `far` apart. */
async function expectSame(name: string, expected: string, far = 0): Promise<void> {
  await using found = await open(at(name));
  await using wanted = await open(at(expected));
  expect(found.index.length).toBe(wanted.index.length);
  for await (const { index, image } of found.frames()) {
    const other = (await wanted.frame({ index })).image.data as Uint16Array;
    const data = image.data as Uint16Array;
    let most = 0;
    for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i]! - other[i]!));
    expect(data.length).toBe(other.length);
    expect(most, `${name}, frame ${index}`).toBeLessThanOrEqual(far);
  }
}

test("marey overlay blends as NumPy does, in any mode, and says what it wrote", async () => {
  const { stdout } = await run(
    "overlay",
    at("low.npy"),
    at("high.npy"),
    "-o",
    at("m.npy"),
    "--mode",
    "multiply",
    "--opacity",
    "0.5",
    "--json",
  );
  expect(JSON.parse(stdout)).toMatchObject({
    inputs: [at("low.npy"), at("high.npy")],
    output: at("m.npy"),
    frames: 6,
    width: 60,
    height: 40,
  });
  await expectSame("m.npy", "multiply.npy");
  for (const mode of ["difference", "screen"]) {
    await run(
      "overlay",
      at("low.npy"),
      at("high.npy"),
      "-o",
      at(`out-${mode}.npy`),
      "--mode",
      mode,
      "--by",
      "index",
    );
    await expectSame(`out-${mode}.npy`, `${mode}.npy`);
  }
});

test("a picture lies over every frame, where it is put, with its alpha, cut off at the edge", async () => {
  await run("overlay", at("low.npy"), at("logo.png"), "-o", at("s.npy"), "--at", "7,9");
  await expectSame("s.npy", "signed.npy");
  await run("overlay", at("low.npy"), at("logo.png"), "-o", at("c.npy"), "--at", "-8,33");
  await expectSame("c.npy", "corner.npy");
  const outside = await marey(["overlay", at("low.npy"), at("logo.png"), "--at", "60,0"]);
  expect(outside).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/20x12 bgra uint8 at 60,0 lies outside 60x40 bgr uint8/),
  });
  const unplaced = await marey(["overlay", at("low.npy"), at("logo.png")]);
  expect(unplaced).toMatchObject({ code: 1, stderr: expect.stringMatching(/does not fit over/) });
});

test("where the upper film is over, the lower one is seen, or the last frame stays, or nothing is written", async () => {
  const seen: Record<string, [number, number]> = {};
  await using low = await open(at("low.npy"));
  await using high = await open(at("high.npy"));
  for (const policy of ["black", "hold", "drop"]) {
    await run("overlay", at("low.npy"), at("short.npy"), "-o", at(`${policy}.npy`), "--policy", policy);
    await using made = await open(at(`${policy}.npy`));
    const last = (await made.frame({ index: -1 })).image.data;
    const is = async (source: typeof low, index: number) =>
      Buffer.from(last as Uint8Array).equals((await source.frame({ index })).image.data as Uint8Array);
    seen[policy] = [made.index.length, (await is(low, 5)) ? 0 : (await is(high, 3)) ? 1 : 2];
  }
  expect(seen).toEqual({ black: [6, 0], hold: [6, 1], drop: [4, 1] });
});

test("a store that begins elsewhere goes by index or by number, and the result keeps the numbers of the base", async () => {
  await run("convert", at("low.npy"), at("store"), "--format", "npy", "--start", "2");
  await run(
    "overlay",
    at("store"),
    at("high.npy"),
    "-o",
    at("by-number"),
    "--by",
    "number",
    "--format",
    "npy",
  );
  await run("overlay", at("store"), at("high.npy"), "-o", at("by-index"), "--by", "index", "--format", "npy");
  await using high = await open(at("high.npy"));
  for (const [name, first] of [
    ["by-number", 2],
    ["by-index", 0],
  ] as const) {
    await using made = await openStore(at(name));
    const { number, image } = await made.frame({ index: 1 });
    expect(number).toBe(3);
    expect(
      Buffer.from(image.data as Uint8Array).equals(
        (await high.frame({ index: first + 1 })).image.data as Uint8Array,
      ),
    ).toBe(true);
  }
});

test("marey merge gives each source its colour; what is not there is black", async () => {
  const { stdout } = await run(
    "merge",
    `red=${at("red.npy")}`,
    `green=${at("few.npy")}`,
    "-o",
    at("rg.npy"),
    "--json",
  );
  expect(JSON.parse(stdout)).toMatchObject({
    inputs: { red: at("red.npy"), green: at("few.npy") },
    frames: 6,
  });
  await using made = await open(at("rg.npy"));
  await using red = await open(at("red.npy"));
  await using green = await open(at("few.npy"));
  for await (const { index, image } of made.frames()) {
    const data = image.data as Uint8Array;
    const plane = (at: number): Uint8Array => data.filter((_, i) => i % 3 === at);
    expect(plane(2)).toEqual((await red.frame({ index })).image.data);
    expect(plane(0).every((sample) => sample === 0)).toBe(true);
    if (index < 3) expect(plane(1)).toEqual((await green.frame({ index })).image.data);
    else expect(plane(1).every((sample) => sample === 0)).toBe(true);
  }
  const told = await run("merge", `blue=${at("few.npy")}`, `red=${at("red.npy")}`, "--by", "index");
  expect(told.stdout).toBe("merge: 60x40 bgr uint8, 3 frames\n");
});

test("flat-field:by evens out by pictures from files, as NumPy does, and the recipe does it again", async () => {
  const transform = `flat-field:by=${at("light.npy")},dark=${at("dark.tif")}`;
  await run("convert", at("scene.npy"), at("flat.npy"), "-t", transform);
  await expectSame("flat.npy", "even.npy");
  const recipe = JSON.parse(readFileSync(at("flat.npy.recipe.json"), "utf8"));
  expect(recipe.steps).toEqual([
    { name: "flat-field", options: { by: at("light.npy"), dark: at("dark.tif") } },
  ]);
  expect(recipe.beside.map(({ path }: { path: string }) => path)).toEqual([at("light.npy"), at("dark.tif")]);
  await run("convert", "--recipe", at("flat.npy.recipe.json"), at("scene.npy"), at("again.npy"));
  expect(readFileSync(at("again.npy")).equals(readFileSync(at("flat.npy")))).toBe(true);
  await createArray(at("light.npy"), {
    info: noiseImage({ width: 60, height: 40, dtype: "uint16", color: "gray" }, 1),
    overwrite: true,
  }).then(async (sink) => {
    await sink.write({
      number: 0,
      time: 0,
      image: noiseImage({ width: 60, height: 40, dtype: "uint16", color: "gray" }, 1),
    });
    await sink.close();
  });
  const changed = await marey([
    "convert",
    "--recipe",
    at("flat.npy.recipe.json"),
    at("scene.npy"),
    at("third.npy"),
  ]);
  expect(changed).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/light\.npy: is not what the recipe/),
  });
});

test.each([
  [["overlay", "low.npy"], 2, /missing required argument 'top'/],
  [["overlay", "low.npy", "high.npy", "--mode", "nope"], 2, /Allowed choices are normal, soft-light/],
  [["overlay", "low.npy", "high.npy", "--opacity", "2"], 2, /"2" is no share/],
  [["overlay", "low.npy", "high.npy", "--at", "3"], 2, /"3" is no place/],
  [["overlay", "low.npy", "nowhere.npy"], 1, /nowhere\.npy: no such file/],
  [["overlay", "low.npy", "high.npy", "--exact", "--past"], 2, /exclude each other/],
  [["merge", "red.npy"], 2, /"red\.npy" is none of red=SOURCE, green=SOURCE/],
  [["merge", "red=red.npy", "red=green.npy"], 2, /red is given twice/],
  [["merge", "alpha=red.npy"], 1, /at least one of red, green and blue/],
  [["merge", "red=red.npy", "green=scene.npy"], 1, /does not go with/],
  [["convert", "scene.npy", "x.npy", "-t", "flat-field:dark=dark.tif"], 1, /dark goes with by/],
  [
    ["convert", "scene.npy", "x.npy", "-t", "flat-field:by=logo.png"],
    1,
    /20x12 bgra float64 does not fit on 60x40 gray uint16/,
  ],
  [["convert", "scene.npy", "x.npy", "-t", "flat-field:by=gone.tif"], 1, /gone\.tif: no such file/],
] as const)("marey %j is refused with exit code %i", async (args, code, message) => {
  const outcome = await marey(args as readonly string[] as string[], { cwd: folder });
  expect(outcome).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
  expect(outcome.stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
});

test("in a program a still picture lies over all frames, however far its time is off", async () => {
  const info = { width: 9, height: 7, dtype: "uint8", color: "gray" } as const;
  await using base = await open(at("red.npy"));
  await using both = overlay(base, stillPicture(noiseImage(info, 3)), { at: { x: 51, y: 0 } });
  expect(both.index.length).toBe(6);
  expect((await both.frame({ index: 5 })).image.data[51]).toBe(noiseImage(info, 3).data[0]);
});
