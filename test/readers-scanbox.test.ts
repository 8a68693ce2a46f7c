import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UnsupportedError } from "../src/core/errors.js";
import type { RankedSource } from "../src/core/ranked-source.js";
import { open, sniff } from "../src/index.js";
import { scanbox } from "../src/readers/scanbox.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { lab, labSamples, md5s } from "./fixtures/lab-samples.js";
import { testMutations } from "./fixtures/mutations.js";

const folder = mkdtempSync(join(tmpdir(), "marey-scanbox-"));
afterAll(() => rmSync(folder, { recursive: true }));
const [sbx, mat] = [join(lab, "scan.sbx"), join(lab, "scan.mat")];
const openDirectly = (path: string) => scanbox.open(path, {}) as Promise<RankedSource>;

testSeekableSource("a Scanbox recording", () => openDirectly(sbx));
testMutations(sbx, openDirectly, { damaged: mat, beside: [mat], header: 1200 });

test("scan.sbx: both channels of every frame are what their maker says, whichever file is opened", async () => {
  const { n, shape, md5 } = labSamples["scan.sbx"] as unknown as {
    n: number;
    shape: number[];
    md5: string[][];
  };
  for (const path of [sbx, mat]) {
    expect(await sniff(path)).toBe("recording");
    await using both = await open(path);
    expect(both.index.length).toBe(n);
    expect(both.info).toMatchObject({
      height: shape[0],
      width: shape[1],
      channels: 2,
      color: "none",
      dtype: "uint16",
    });
    for await (const { index, image } of both.frames()) {
      const found = [0, 1].map((channel) => {
        const data = (image.data as Uint16Array).filter((_, i) => i % 2 === channel);
        return createHash("md5").update(new Uint8Array(data.buffer)).digest("hex");
      });
      expect(found).toEqual(md5[index]);
    }
    for (const channel of [0, 1]) {
      await using one = await open(path, { channel });
      expect(one.info).toMatchObject({ channels: 1, color: "gray" });
      expect(await md5s(one)).toEqual(md5.map((frame) => frame[channel]));
    }
  }
  await expect(open(sbx, { channel: 2 })).rejects.toThrow(UnsupportedError);
});

test("what the recorder wrote beside is told, and the scanner's frequency gives the rate", async () => {
  await using source = await openDirectly(sbx);
  const { info, fps, channels } = source.describe() as {
    info: Record<string, unknown>;
    fps: number;
    channels: number;
  };
  expect(info).toMatchObject({ sz: [48, 64] });
  expect(channels).toBe(2);
  const { resfreq, scanmode } = info as { resfreq: number; scanmode: number };
  expect(fps).toBe((resfreq * (scanmode === 0 ? 2 : 1)) / 48);
  expect(source.index.time(3)).toBe(3 / fps);
});

test("a recording that is cut short has its whole frames, and without its .mat it is none", async () => {
  writeFileSync(join(folder, "cut.sbx"), readFileSync(sbx).subarray(0, 30_000));
  expect(await sniff(join(folder, "cut.sbx"))).not.toBe("recording");
  copyFileSync(mat, join(folder, "cut.mat"));
  await using source = await openDirectly(join(folder, "cut.sbx"));
  expect(source.index.length).toBe(2);
  expect(source.problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^cut short: its last 5424 bytes/),
  ]);
});
