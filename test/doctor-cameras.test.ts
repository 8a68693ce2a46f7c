import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { holds, limitOf, othersThan, searchLargest } from "../src/cli/camera-capacity.js";
import type { CameraTrial } from "../src/cli/camera-trial.js";
import { marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-doctor-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fine: CameraTrial = {
  ...{ cameras: 4, width: 640, height: 480, rate: 50, color: "gray", format: "avc1/mp4", seconds: 10 },
  ...{ written: 2000, losses: { camera: 0, queue: 0, encoder: 0, disk: 0 }, waiting: 0 },
  ...{ cores: 1, otherCores: 0, latencyP95: 0.02, byteRate: 4e6, memory: 6e8 },
} as const;
const losing = (cause: "camera" | "queue" | "encoder" | "disk"): CameraTrial => ({
  ...fine,
  losses: { ...fine.losses, [cause]: 1 },
});

test("cameras hold if nothing is lost, no queue grows, and frames are written in time", () => {
  expect(holds(fine)).toBe(true);
  for (const cause of ["camera", "queue", "encoder", "disk"] as const)
    expect(holds(losing(cause))).toBe(false);
  expect(holds({ ...fine, waiting: 100 })).toBe(true);
  expect(holds({ ...fine, waiting: 101 })).toBe(false);
  expect(holds({ ...fine, latencyP95: 1.1 })).toBe(false);
  expect(holds({ ...fine, trouble: "cam1: its process ended" })).toBe(false);
  expect(holds({ ...fine, written: 0, latencyP95: undefined })).toBe(false);
});

test("what is short is told apart: CPUs, one encoder, the disk, the synthetic cameras themselves", () => {
  const source = { cores: 0.3, share: 1 };
  expect(limitOf({ ...losing("queue"), cores: 1.9 }, source, 1e9, 2)).toBe("cpu");
  expect(limitOf({ ...losing("queue"), cores: 0.9, otherCores: 1 }, source, 1e9, 2)).toBe("cpu");
  expect(limitOf({ ...losing("queue"), cores: 1.1 }, source, 1e9, 8)).toBe("encoder");
  expect(limitOf({ ...losing("queue"), byteRate: 90e6 }, source, 100e6, 8)).toBe("disk");
  expect(limitOf(losing("disk"), source, 1e9, 8)).toBe("disk");
  expect(limitOf({ ...losing("camera"), cores: 2 }, { cores: 2, share: 0.8 }, 1e9, 2)).toBe("source");
  expect(limitOf({ ...fine, trouble: "cam1: its process ended" }, source, 1e9, 2)).toBe("trouble");
});

test("the largest number that holds is found in few trials, whatever the CPUs suggest", async () => {
  for (const cores of [0.02, 0.1, 0.5]) {
    for (let most = 0; most <= 40; most++) {
      const attempt = async (cameras: number): Promise<CameraTrial> => {
        tried.push(cameras);
        const share = Math.min(1, most / cameras);
        const trial = { ...fine, cameras, written: cameras * 500 * share, cores: cameras * cores };
        return share < 1 ? { ...trial, losses: { ...fine.losses, queue: 9 } } : trial;
      };
      const tried: number[] = [];
      const known = await attempt(4);
      const { value, above } = await searchLargest(4, known, { ceiling: 16, step: 1 }, attempt, 8);
      expect([cores, most, value]).toEqual([cores, most, Math.min(16, most)]);
      expect(above).toBe(most >= 16 ? undefined : value + 1);
      expect(new Set(tried).size).toBe(tried.length);
      expect(tried.length).toBeLessThanOrEqual(7);
      expect(Math.max(...tried)).toBeLessThanOrEqual(16);
    }
  }
});

test("what is cheaper is tried, and nothing that would mix the colours of a mosaic", () => {
  expect(othersThan(fine)).toEqual([
    { format: "avc1/mp4", preset: "ultrafast" },
    { format: "mjpeg/avi" },
    { format: "raw" },
  ]);
  expect(othersThan({ ...fine, color: "bayer-rg", format: "h264-lossless/mkv" })).toEqual([
    { format: "raw" },
  ]);
  expect(othersThan({ ...fine, format: "raw" })).toEqual([{ format: "mjpeg/avi" }]);
});

interface Told {
  readonly ok: boolean;
  readonly asked: Record<string, unknown>;
  readonly trials: readonly (CameraTrial & { readonly holds: boolean })[];
  readonly source: { readonly cores: number; readonly share: number };
  readonly diskRate: number;
  readonly cameras: { readonly value: number; readonly above?: number };
  readonly rate?: { readonly value: number };
  readonly limit: string | null;
}

test("the doctor records as many cameras as it is asked for, says what it saw, and leaves nothing", async () => {
  const size = ["--size", "96x64", "--fps", "20", "--for", "1s", "--color", "bayer-rg"];
  const { code, stdout } = await marey(["doctor", "--cameras", "1", ...size, "--disk", folder, "--json"]);
  const told = JSON.parse(stdout) as Told;
  expect(told.asked).toMatchObject({
    cameras: 1,
    width: 96,
    height: 64,
    rate: 20,
    color: "bayer-rg",
    seconds: 1,
  });
  const [first] = told.trials;
  expect(first).toMatchObject({ cameras: 1, format: "h264-lossless/mkv" });
  const lost = Object.values(first!.losses).reduce((sum, each) => sum + each, 0);
  expect(Math.abs(first!.written + lost - 20)).toBeLessThanOrEqual(1);
  expect(first!.memory).toBeGreaterThan(50e6);
  expect(told.diskRate).toBeGreaterThan(0);
  expect(told.source.share).toBeGreaterThan(0);
  // What it concludes is what its trials say.
  for (const trial of told.trials) expect(trial.holds).toBe(holds(trial));
  const held = told.trials.filter(({ rate, holds: isFine }) => isFine && rate === 20);
  expect(told.cameras.value).toBe(Math.max(0, ...held.map(({ cameras }) => cameras)));
  expect(told.ok).toBe(told.cameras.value >= 1);
  expect(code).toBe(told.ok ? 0 : 3);
  expect(readdirSync(folder)).toEqual([]);
});

test("what the synthetic cameras cannot give is not laid at the recorder's door", async () => {
  const size = ["--size", "64x48", "--fps", "100000", "--for", "1s"];
  const { code, stdout } = await marey(["doctor", "--cameras", "1", ...size, "--disk", folder, "--json"]);
  const told = JSON.parse(stdout) as Told;
  expect(told).toMatchObject({ ok: false, cameras: { value: 0, above: 1 }, limit: "source" });
  expect(told.rate!.value).toBeLessThan(100_000);
  expect(code).toBe(3);
  expect(readdirSync(folder)).toEqual([]);
});

test("Ctrl-C in the middle of a trial leaves nothing behind", async () => {
  const { code, stdout } = await marey(["doctor", "--cameras", "2", "--size", "96x64", "--disk", folder], {
    onStart: (child) => {
      const timer = setInterval(() => {
        if (!readdirSync(folder).some((name) => name.startsWith(".marey-trial-"))) return;
        clearInterval(timer);
        setTimeout(() => child.kill("SIGINT"), 300);
      }, 20);
      child.on("close", () => clearInterval(timer));
    },
  });
  expect(code).toBe(130);
  expect(stdout).not.toContain("This machine");
  expect(readdirSync(folder)).toEqual([]);
});

test("questions that make no sense are refused before anything runs", async () => {
  for (const [args, text] of [
    [["--fps", "30"], "--fps goes with --cameras"],
    [["--cameras", "2", "--size", "128"], "as 1280x1024"],
    [["--cameras", "0"], "from 1 to 64"],
    [["--cameras", "2", "--for", "0.1s"], "from 1 second"],
    [["--cameras", "2", "--size", "8x8"], "width must be"],
    [["--cameras", "2", "--format", "mp3"], "store format"],
    [["--cameras", "2", "--preset", "p9"], "preset"],
    [["--cameras", "2", "--disk", join(folder, "none")], "none"],
  ] as const) {
    const { code, stdout, stderr } = await marey(["doctor", "--disk", folder, ...args]);
    expect([args, code === 0, stdout, stderr]).toEqual([args, false, "", expect.stringContaining(text)]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  }
});
