import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { syntheticCamera } from "../src/cameras/synthetic.js";
import { readPaintedNumber } from "../src/capture/painted-number.js";
import { commands } from "../src/cli/commands.js";
import { bytesOf, type Image } from "../src/core/image.js";
import { createStore, openStore } from "../src/index.js";
import { corpus, jsonLines, marey, program } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-cli-"));
const at = (name: string): string => join(folder, name);
const recording = at("recording");

beforeAll(async () => {
  // Not with "marey record": on a busy machine a camera at its own pace loses frames.
  const camera = syntheticCamera({ width: 96, height: 64, rate: 200, frames: 60, pace: "free" });
  const metadata = { animal: "mouse", camera: camera.id };
  await using store = await createStore(recording, { info: camera.info, format: "npy", metadata });
  for await (const frame of camera) await store.write(frame);
});
afterAll(() => rmSync(folder, { recursive: true }));

function python(code: string, ...args: string[]): string {
  return execFileSync("/usr/bin/python3", ["-c", code, ...args], { encoding: "utf8" }).trim();
}

test("help names every command, and each command helps itself", async () => {
  const { code, stdout } = await marey(["--help"]);
  expect(code).toBe(0);
  for (const { name, summary } of commands) {
    expect(stdout).toContain(`  ${name} `);
    expect(stdout.replace(/\s+/g, " ")).toContain(summary);
    const own = await marey([name, "--help"]);
    expect(own).toMatchObject({ code: 0, stderr: "" });
    expect(own.stdout).toContain(`Usage: marey ${name}`);
    expect((await marey(["help", name])).stdout).toBe(own.stdout);
  }
});

test("help comes at once: no command loads FFmpeg or anything else that is heavy before it works", () => {
  const src = fileURLToPath(new URL("../src", import.meta.url));
  const reached = new Set<string>();
  const walk = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    const text = readFileSync(file, "utf8");
    for (const [, specifier] of text.matchAll(/^(?:import|export) (?!type)[^;]*?from "([^"]+)"/gm)) {
      if (specifier!.startsWith(".")) walk(resolve(dirname(file), specifier!.replace(/\.js$/, ".ts")));
      else reached.add(specifier!);
    }
  };
  walk(join(src, "cli/main.ts"));
  // A file called index means something else.
  for (const { name } of commands) walk(join(src, `cli/${name === "index" ? "export-index" : name}.ts`));
  const outside = [...reached].filter((name) => !name.startsWith(src));
  expect(outside.filter((name) => !name.startsWith("node:"))).toEqual(["commander"]);
  expect([...reached].filter((name) => /src\/(index|video|store|formats|readers|images)/.test(name))).toEqual(
    [],
  );
});

test.each([
  [["bogus"], 2, /unknown command 'bogus'/],
  [["frams"], 2, /Did you mean one of frame, frames/],
  [["info"], 2, /missing required argument 'path'/],
  [["frames", "x", "--hash", "crc"], 2, /Allowed choices are md5, sha256, xxh3/],
  [["frames", "x", "--step", "two"], 2, /"two" is not an integer/],
  [["frames", "VIDEO", "--step", "0"], 2, /step must not be 0/],
  [["frame", "VIDEO", "12.5", "-o", "x.png"], 2, /"12.5" is no frame address.*for seconds write 12.5s/],
  [["frame", "VIDEO", "1..3", "-o", "x.png"], 2, /a range needs a pattern/],
  [["frame", "VIDEO", "999", "-o", "x.png"], 1, /no frame with index 999: there are 90 frames/],
  [["frame", "VIDEO", "1", "-o", "x.webp"], 1, /unsupported picture extension: webp \(known: png/],
  [["info", "nowhere"], 1, /nowhere: no such file or folder/],
  [["convert", "VIDEO", "out.xyz"], 1, /unsupported extension to write: .xyz \(known: .mp4/],
  [["convert", "VIDEO", "RECORDING", "--format", "npy"], 1, /exists already/],
  [["record", "x", "--camera", "webcam"], 1, /no driver for "webcam" \(known: device, replay, .*synthetic\)/],
])("%j ends with %i and one line that says why", async (args, expected, message) => {
  const places: Record<string, string> = {
    VIDEO: join(corpus, "videos/ref_h264_bf0.mp4"),
    RECORDING: recording,
  };
  const { code, stdout, stderr } = await marey(
    args.map((arg) => places[arg] ?? arg),
    { cwd: folder },
  );
  expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(existsSync(at("x.png"))).toBe(false);
});

test("info says what a store is, for people and for programs", async () => {
  const text = await marey(["info", recording]);
  expect(text.stdout).toMatch(/^kind +store$/m);
  expect(text.stdout).toMatch(/^frames +60 frames$/m);
  const { stdout } = await marey(["info", recording, "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{
      kind: "store",
      frames: 60,
      width: 96,
      height: 64,
      channels: 1,
      dtype: "uint8",
      color: "gray",
      rate: 200,
    },
    source: { format: "npy", user: { animal: "mouse", camera: "synthetic:96x64@200" } },
  });
});

test.each([
  ["videos/vfr.mkv", { kind: "video", frames: 105 }],
  ["imgstore/vid_mp4_bgr/metadata.yaml", { kind: "store", frames: 17 }],
  ["lab/imgs", { kind: "images", frames: 12 }],
  ["lab/thw.npy", { kind: "array", frames: 7 }],
  ["lab/a.npz", { kind: "array", frames: 7 }],
  ["videos/apng.png", { kind: "video", frames: 10 }],
])("%s is opened for what it is", async (name, facts) => {
  const { stdout } = await marey(["info", join(corpus, name), "--json"]);
  expect(JSON.parse(stdout)).toMatchObject(facts);
});

test("frame writes the picture that was asked for, by index, number, time and percent, as OpenCV reads it", async () => {
  const read = `
import cv2, numpy, sys
image = numpy.load(sys.argv[1]) if sys.argv[1].endswith("npy") else cv2.imread(sys.argv[1], cv2.IMREAD_UNCHANGED)
sys.stdout.write(str(image.dtype) + " " + str(image.shape) + " " + image.tobytes().hex())`;
  const numberIn = (path: string): number | undefined => {
    const [dtype, , , hex] = python(read, path).split(" ");
    expect(dtype).toBe("uint8");
    const data = new Uint8Array(Buffer.from(hex!, "hex"));
    return readPaintedNumber({ width: 96, height: 64, channels: 1, dtype: "uint8", color: "gray", data });
  };
  for (const [address, number, name] of [
    ["7", 7, "a.png"],
    ["-1", 59, "a.tif"],
    ["#12", 12, "a.bmp"],
    ["50%", 30, "a.pgm"],
    ["00:00:00.1", 20, "a.jpg"],
    ["0.25s", 50, "a.npy"],
  ] as const) {
    const { code, stderr } = await marey(["frame", recording, address, "-o", at(name)]);
    expect({ address, code, stderr }).toEqual({ address, code: 0, stderr: "" });
    expect(numberIn(at(name))).toBe(number);
  }
});

test("a range of frames becomes numbered pictures, and --json tells which", async () => {
  const { code, stdout } = await marey([
    "frame",
    recording,
    "#10..#13",
    "-o",
    at("range/%03d.png"),
    "--json",
  ]);
  expect(code).toBe(0);
  expect(jsonLines(stdout).map(({ number }) => number)).toEqual([10, 11, 12]);
  expect(readdirSync(at("range")).sort()).toEqual(["000.png", "001.png", "002.png"]);
});

test.each([
  ["copy-png", ["--format", "png"]],
  ["copy.mkv", ["--codec", "ffv1"]],
  ["copy.npy", []],
  ["copy/%06d.tif", []],
])("convert into %s keeps every pixel of every frame", async (name, args) => {
  const { code, stdout, stderr } = await marey(["convert", recording, at(name), ...args, "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ frames: 60 });
  const hashes = async (path: string): Promise<unknown[]> =>
    jsonLines((await marey(["frames", path, "--hash", "xxh3", "--as", "gray"])).stdout).map(
      ({ hash }) => hash,
    );
  const made = name.includes("%") ? at("copy") : at(name);
  expect(await hashes(made)).toEqual(await hashes(recording));
});

test("a store that is converted into a store keeps numbers, times, metadata and extra data", async () => {
  const source = join(corpus, "imgstore/extra_npy");
  expect(
    (await marey(["convert", source, at("extra"), "--format", "png", "--step", "2", "--quiet"])).code,
  ).toBe(0);
  const stamps = async (path: string, ...args: string[]): Promise<unknown[]> =>
    jsonLines((await marey(["frames", path, ...args])).stdout).map(({ number, time }) => [number, time]);
  expect(await stamps(at("extra"))).toEqual(await stamps(source, "--step", "2"));
  const { openStore } = await import("../src/index.js");
  await using before = await openStore(source);
  await using after = await openStore(at("extra"));
  const rows = async (store: typeof before): Promise<unknown[]> =>
    (await store.extraData()).map(({ frame_index: _, ...row }) => row);
  const kept = new Set(
    after.index.length === 0
      ? []
      : Array.from({ length: after.index.length }, (_, i) => after.index.number(i)),
  );
  const wanted = (await rows(before)).filter((row) =>
    kept.has((row as { frame_number: number }).frame_number),
  );
  expect(wanted.length).toBeGreaterThan(0);
  expect(await rows(after)).toEqual(wanted);
  expect(after.userMetadata).toEqual(before.userMetadata);
});

test("a Bayer camera is recorded without loss, and its colours come back; a lossy format is pointed at", async () => {
  const store = at("mosaic");
  const args = ["--camera", "synthetic:128x96@50", "--frames", "30", "--color", "bayer-gb"];
  const made = await marey(["record", store, ...args]);
  expect([made.code, made.stderr]).toEqual([0, ""]);
  await using back = await openStore(store);
  expect(back.metadata).toMatchObject({ format: "h264-lossless/mkv", encoding: "cv_bayergr" });
  await using stored = await openStore(store, { pixels: "stored" });
  const numbers = new Map<unknown, Image>();
  const camera = { width: 128, height: 96, color: "bayer-gb", frames: 500, pace: "free" } as const;
  for await (const { number, image } of syntheticCamera(camera)) numbers.set(number, image);
  let read = 0;
  for await (const { number, image, index } of stored) {
    expect(Buffer.compare(bytesOf(image), bytesOf(numbers.get(number)!))).toBe(0);
    expect(readPaintedNumber((await back.frame({ index })).image)).toBe(number);
    read++;
  }
  expect(read).toBeGreaterThan(10);
  const lossy = await marey(["record", at("lossy-mosaic"), ...args, "--format", "avc1/mp4"]);
  expect([lossy.code, lossy.stderr]).toEqual([
    0,
    "marey: avc1/mp4 loses colour of a bayer-gb mosaic; h264-lossless/mkv does not\n",
  ]);
});

test("a reader of the output who leaves early ends the program quietly", async () => {
  const code = `
set -o pipefail
"${process.execPath}" "${program}" frames "${join(corpus, "imgstore/chunk_many")}" --order shuffled | head -n 1`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", code], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(jsonLines(stdout)).toHaveLength(1);
});

test("output that cannot be written is an error, not a silence", () => {
  const code = `"${process.execPath}" "${program}" frames "${recording}" > /dev/full`;
  const { status, stderr } = spawnSync("bash", ["-c", code], { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^marey: .*no space left on device.*\n$/);
});

test("a progress bar is drawn on a terminal, and only there", async () => {
  const run = (args: string): string =>
    spawnSync("script", ["-qec", `"${process.execPath}" "${program}" ${args}`, "/dev/null"], {
      encoding: "utf8",
    }).stdout;
  const video = join(corpus, "videos/opengop_mpeg2.mpg");
  expect(run(`verify ${video}`)).toMatch(/reading in order {2}#*\.+ +\d+\/\d+ +[\d.]+\/s/);
  expect(run(`verify ${video} --quiet`)).not.toContain("reading");
  expect((await marey(["verify", video])).stderr).toBe("");
});

test("the bash completion knows commands, options and choices, and leaves the rest to files", async () => {
  const { stdout } = await marey(["completion", "bash"]);
  const complete = (...words: string[]): string[] => {
    const code = `${stdout}\nCOMP_WORDS=(marey "$@"); COMP_CWORD=$#; _marey; echo "\${COMPREPLY[*]}"`;
    return spawnSync("bash", ["-c", code, "bash", ...words], { encoding: "utf8" })
      .stdout.trim()
      .split(" ");
  };
  expect(complete("fr")).toEqual(["frame", "frames"]);
  expect(complete("frames", "x", "--ha")).toEqual(["--hash"]);
  expect(complete("frames", "x", "--hash", "")).toEqual(["md5", "sha256", "xxh3"]);
  expect(complete("frames", "vid")).toEqual([""]);
  for (const shell of ["zsh", "fish"]) {
    const script = await marey(["completion", shell]);
    expect(script.code).toBe(0);
    for (const { name } of commands) expect(script.stdout).toContain(name);
  }
});

test("the demo records two cameras, checks every frame and leaves a film", async () => {
  const { code, stdout } = await marey(["demo", "-o", at("demo"), "--seconds", "1", "--json"]);
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as {
    ok: boolean;
    stores: { frames: number; checked: number; wrong: number }[];
  };
  expect(report.ok).toBe(true);
  for (const { frames, checked, wrong } of report.stores) {
    expect(frames).toBeGreaterThan(15);
    expect([checked, wrong]).toEqual([frames, 0]);
  }
  const probe = [
    "-v",
    "error",
    "-select_streams",
    "v",
    "-count_frames",
    "-show_entries",
    "stream=nb_read_frames,width,height",
    "-of",
    "csv=p=0",
  ];
  const film = execFileSync("ffprobe", [...probe, at("demo/side-by-side.mp4")], { encoding: "utf8" }).trim();
  expect(film).toBe(`960,480,${report.stores[0]!.frames}`);
  expect(readFileSync(at("demo/top/metadata.yaml"), "utf8")).toContain("marey demo");
});

test("the demo takes a video of yours, and a second run replaces the first", async () => {
  for (const name of ["ref_h264_bf0.mp4", "vfr.mp4", "ffv1_gray12.mkv"]) {
    const { code, stdout } = await marey([
      "demo",
      join(corpus, "videos", name),
      "-o",
      at("demo"),
      "--seconds",
      "1",
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain("equal to the video's, bit for bit");
    expect(stdout).toContain("What to try next:");
  }
});

test("the doctor tries every format and codec, and measures the disk", async () => {
  const { code, stdout } = await marey(["doctor", "--json", "--disk", folder, "--size", "8"]);
  const { ok, trials } = JSON.parse(stdout) as {
    ok: boolean;
    trials: { name: string; result: string; detail: string }[];
  };
  expect(trials.filter(({ result }) => result === "broken")).toEqual([]);
  expect({ code, ok }).toEqual({ code: 0, ok: true });
  expect(trials.find(({ name }) => name === "png")).toMatchObject({ result: "works", detail: /exact/ });
  expect(trials.at(-1)!.detail).toMatch(/writes \d+ MB\/s/);
});

test("a program that is told to stop while it opens a long file stops", async () => {
  const child = spawn(process.execPath, [program, "verify", recording], { stdio: "ignore" });
  child.kill("SIGTERM");
  const code = await new Promise((resolve) =>
    child.on("close", (status, signal) => resolve(signal ?? status)),
  );
  expect(["SIGTERM", 143]).toContain(code);
});
