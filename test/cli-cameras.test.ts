import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { corpus, marey } from "./run-marey.js";

test("cameras are listed, exit code 0 whether one is there or not", async () => {
  const { code, stdout } = await marey(["cameras"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^synthetic:640x480@25 {2}Synthetic camera/m);
});

test("as JSON with modes and settings, and nothing else", async () => {
  const { code, stdout, stderr } = await marey(["cameras", "--json", "--quiet"]);
  expect([code, stderr]).toEqual([0, ""]);
  const { cameras, failed } = JSON.parse(stdout);
  expect(failed).toEqual([]);
  const synthetic = cameras.find((camera: { driver: string }) => camera.driver === "synthetic");
  expect(synthetic.address).toBe("synthetic:640x480@25");
  expect(synthetic.settings.drop).toMatch(/share of frames/);
});

test("a driver's name alone lists its cameras; where none is there, it says how to go on", async () => {
  const { code, stdout, stderr } = await marey(["cameras", "replay"]);
  expect([code, stdout]).toEqual([0, ""]);
  expect(stderr).toMatch(/no camera is there; "synthetic" needs none: marey record/);
});

test("one in detail, listed or not", async () => {
  const listed = await marey(["cameras", "synthetic:640x480@25"]);
  expect(listed.stdout).toMatch(/^synthetic:640x480@25: Synthetic[\s\S]*Settings\ndrop +share of frames/);
  const other = await marey(["cameras", "synthetic:64x48@30,drop=0.5", "--json"]);
  expect(JSON.parse(other.stdout)).toMatchObject({
    ...{ driver: "synthetic", rate: 30, counts: true, clock: "camera", info: { width: 64, height: 48 } },
    facts: { drop: "0.5" },
  });
  const replayed = await marey(["cameras", `replay:${join(corpus, "videos/mjpeg.avi")},speed=2`]);
  expect(replayed.code).toBe(0);
  expect(replayed.stdout).toMatch(/^rate +60$/m);
});

test.each([
  ["nothing:1", /no driver for "nothing" \(known: device, .*synthetic/],
  ["synthetic:9x9", /width must be an integer from 16/],
  ["device:no-such-one", /no such camera \(there is/],
  ["replay:no-such-file", /nothing that can be played: .*no-such-file/],
])("%s is told what there is", async (address, reason) => {
  const { code, stdout, stderr } = await marey(["cameras", address]);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(reason);
});

test("a camera that loses frames and a film that plays are recorded as any other", async () => {
  const folder = mkdtempSync(join(tmpdir(), "marey-cameras-"));
  try {
    const first = await marey([
      ...["record", join(folder, "store"), "--camera", "synthetic:64x48@100,drop=0.2,seed=4"],
      ...["--frames", "80", "--format", "npy", "--json"],
    ]);
    const { written, missing, dropped } = JSON.parse(first.stdout);
    expect([first.code, written, dropped]).toEqual([0, 80, 0]);
    expect(missing).toBeGreaterThan(5);
    const again = await marey([
      ...["record", join(folder, "again"), "--camera", `replay:${join(folder, "store")},loop=true`],
      ...["--frames", "100", "--format", "npy", "--json"],
    ]);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ written: 100, dropped: 0 });
    expect(JSON.parse(again.stdout).missing).toBeGreaterThan(5);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
