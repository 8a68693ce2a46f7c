import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { corpus, marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-verify-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Report {
  readonly ok: boolean;
  readonly frames: number;
  readonly read: number;
  readonly shuffled: number;
  readonly different: number;
  readonly remarks: readonly string[];
  readonly problems: readonly { readonly kind: string; readonly frame?: number; readonly message: string }[];
}

async function verify(path: string, ...args: string[]): Promise<{ code: number | null; report: Report }> {
  const { code, stdout, stderr } = await marey(["verify", path, "--json", ...args]);
  expect(stderr).toBe("");
  return { code, report: JSON.parse(stdout) as Report };
}

/** A store of the corpus that a test may damage. */
function copyOf(name: string): string {
  const copy = join(folder, `${name}-${Math.random()}`);
  cpSync(join(corpus, "imgstore", name), copy, { recursive: true });
  return copy;
}

test.each(["videos/bf16_pyramid.mp4", "videos/vfr.mkv", "imgstore/dir_png_bgr8", "imgstore/vid_mkv_bgr"])(
  "%s is whole: every frame read twice, each the same",
  async (name) => {
    const { code, report } = await verify(join(corpus, name), "--deep");
    expect(code).toBe(0);
    expect(report).toMatchObject({ ok: true, different: 0, problems: [] });
    expect(report.read).toBe(report.frames);
    expect(report.shuffled).toBe(report.frames);
  },
);

test("a picture that is missing from a store is named", async () => {
  const store = copyOf("dir_npy_bgr8");
  unlinkSync(join(store, "000001/000001.npy"));
  const { code, report } = await verify(store);
  expect(code).toBe(3);
  expect(report).toMatchObject({ ok: false, frames: 7 });
  expect(report.problems).toMatchObject([
    { kind: "damage", frame: 4, message: expect.stringMatching(/no such file/) },
  ]);
  const deep = await verify(store, "--deep");
  expect(deep).toMatchObject({ code: 3, report: { read: 6 } });
  expect(deep.report.problems.filter(({ kind }) => kind === "decode")).toMatchObject([{ frame: 4 }]);
});

test("a damaged picture and a damaged index are wrong; a leftover lock, a stray folder are remarks", async () => {
  const cut = copyOf("dir_png_bgr8");
  truncateSync(join(cut, "000000/000000.png"), 100);
  const { problems } = (await verify(cut, "--deep")).report;
  expect(problems[0]).toMatchObject({ kind: "decode", frame: 0 });

  const noIndex = copyOf("dir_npy_bgr8");
  writeFileSync(join(noIndex, "000002/index.npz"), "no zip at all");
  const lost = await verify(noIndex);
  expect(lost.code).toBe(3);
  expect(lost.report.problems.map(({ message }) => message).join()).toContain("chunk 2");

  const locked = copyOf("dir_npy_bgr8");
  writeFileSync(join(locked, ".lock"), "");
  mkdirSync(join(locked, "analysis"));
  const lenient = await verify(locked);
  expect(lenient).toMatchObject({ code: 0, report: { ok: true, problems: [] } });
  expect(lenient.report.remarks.join()).toMatch(/\.lock: .*being written.*analysis: is no chunk/);
  const strict = await verify(locked, "--strict");
  expect(strict.code).toBe(3);
  expect(strict.report.problems.map(({ message }) => message).join()).toContain("being written");
});

test("a flipped byte in a video makes verify say which frames suffer, not stop", async () => {
  const bytes = readFileSync(join(corpus, "videos/ffv1_gray.mkv"));
  bytes[Math.floor(bytes.length / 2)]! ^= 0xff;
  const path = join(folder, "flipped.mkv");
  writeFileSync(path, bytes);
  const { code, report } = await verify(path);
  expect(code).toBe(3);
  expect(report.problems.length).toBeGreaterThan(0);
  expect(report.frames - report.read).toBeLessThanOrEqual(2);
});

test("files that claim more frames than they hold are told apart from those that are right", async () => {
  const { code, report } = await verify(join(corpus, "videos/trunc_half_faststart.mp4"));
  expect(code).toBe(3);
  expect(report.problems.some(({ kind }) => kind === "count" || kind === "decode")).toBe(true);
});

test.each(["trunc_half.mkv", "trunc_half_faststart.mp4", "trunc_noidx.avi"])(
  "%s, which breaks off, is told by the bytes that its header misses",
  async (name) => {
    const { code, report } = await verify(join(corpus, "videos", name));
    expect(code).toBe(3);
    expect(report.problems.map(({ message }) => message).join()).toMatch(/cut short: .* [\d,]+ more bytes/);
  },
);

test("what the camera lost is a remark, and a problem only when asked to be strict", async () => {
  const path = join(corpus, "imgstore/num_gaps_npy");
  const lenient = await verify(path);
  expect(lenient.code).toBe(0);
  expect(lenient.report.remarks.join()).toMatch(/frame numbers? missing/);
  expect((await verify(path, "--strict")).code).toBe(3);
});

test("for people it is a few lines that begin with the verdict", async () => {
  const path = join(corpus, "imgstore/dir_npy_bgr8");
  const { code, stdout } = await marey(["verify", path]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^.*dir_npy_bgr8: ok\n {2}7 frames in 3 chunks, .*25 frames\/s.*\n {2}no digests in it/,
  );
  const deep = await marey(["verify", path, "--deep"]);
  expect(deep.stdout).toMatch(/ {2}7 of 7 frames read in order, .*\n {2}all read again in shuffled/);
});
