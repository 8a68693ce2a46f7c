import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { encodeNpz } from "../src/core/npz.js";
import { openStore, repairStore } from "../src/index.js";
import { MemoryLimit } from "./fixtures/memory-limit.js";
import { expectTold, runTelling, tellingWriter } from "./fixtures/telling-writer.js";
import { jsonLines, program } from "./run-marey.js";

// Writers and readers in processes that may have 200 MB, of which Node takes half.
const limit = MemoryLimit.make(200e6);
const noLimit = typeof limit === "string" ? limit : undefined;
const limited = (command: readonly string[]): string[] => (limit as MemoryLimit).command(command);
/** For stores of 80,000 chunks, whose names alone take 40 MB. */
const wider = MemoryLimit.make(256e6);

const folder = mkdtempSync(join(tmpdir(), "marey-memory-"));
afterAll(() => {
  rmSync(folder, { recursive: true, maxRetries: 9 });
  for (const made of [limit, wider]) if (typeof made !== "string") made.remove();
});

const formats = ["npy", "png", "avc1/mp4", "mjpeg/avi"];
let made = 0;
const fresh = (): string => join(folder, `store${made++}`);

describe.skipIf(noLimit !== undefined)("with little memory", () => {
  test.each(formats)("%s: 215 MB of frames are written and read", async (format) => {
    const path = fresh();
    const options = { frames: 700, chunkSize: 100, width: 640, height: 480 };
    const told = await runTelling(limited(tellingWriter(path, format, options)));
    expect({ ...told, safe: told.safe.length }).toMatchObject({
      safe: 700,
      failed: [],
      closed: "",
      signal: null,
    });
    const [name, ...args] = limited([process.execPath, program, "frames", path, "--hash", "xxh3"]);
    const { status, stdout, stderr } = spawnSync(name!, args, { encoding: "utf8", maxBuffer: 2 ** 26 });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(jsonLines(stdout).map(({ number }) => number)).toEqual(told.safe.map((i) => i * 3));
    rmSync(path, { recursive: true });
  });

  test.each(formats)(
    "%s: a writer whose frames are too big for it says so or is ended, and what was safe is there",
    async (format) => {
      const path = fresh();
      const options = { frames: 12, chunkSize: 4, width: 6144, height: 4096 };
      const told = await runTelling(limited(tellingWriter(path, format, options)));
      for (const why of [told.refused ?? "", told.closed ?? "", ...told.failed.map((each) => each.why)]) {
        expect(why).toMatch(/^$|^ENCODE /);
      }
      if (told.signal === null && told.failed.length === 0) expect(told.safe).toHaveLength(12);
      if (!existsSync(join(path, "metadata.yaml"))) {
        expect(told.safe).toEqual([]);
        return;
      }
      await expectTold(path, told.safe);
      await repairStore(path);
      await using store = await openStore(path);
      expect(store.problems).toEqual([]);
      expect(readdirSync(path).filter((name) => /journal|part|lock|left/.test(name))).toEqual([]);
      rmSync(path, { recursive: true });
    },
  );

  test("a store of 80,000 chunks and a million frames opens, and its frames are found", () => {
    const path = join(folder, "large");
    mkdirSync(path);
    const facts = ["chunksize: 13", "class: VideoImgStore", "created_utc: '2026-01-02T03:04:05.000678'"];
    facts.push(
      "encoding: null",
      "extension: .mp4",
      "format: avc1/mp4",
      "imgdtype: uint8",
      "imgshape: [48, 64]",
    );
    facts.push("timezone_local: Etc/UTC", "uuid: 0123456789abcdef0123456789abcdef", "version: 2");
    writeFileSync(join(path, "metadata.yaml"), `__store:\n${facts.map((fact) => `  ${fact}\n`).join("")}`);
    const data = new Float64Array(13);
    const column = { dtype: "float64", shape: [13], data } as const;
    for (let chunk = 0; chunk < 80_000; chunk++) {
      for (let rank = 0; rank < 13; rank++) data[rank] = chunk * 13 + rank;
      const name = join(path, String(chunk).padStart(6, "0"));
      writeFileSync(`${name}.npz`, encodeNpz({ frame_number: column, frame_time: column }));
      writeFileSync(`${name}.mp4`, "");
    }
    const reader = fileURLToPath(new URL("fixtures/bounded-reader.mjs", import.meta.url));
    for (const what of ["all its indexes", "its catalogue"]) {
      const [name, ...args] = (wider as MemoryLimit).command([process.execPath, reader, path, "1000003"]);
      const found = JSON.parse(execFileSync(name!, args, { encoding: "utf8" }));
      expect(found, `by ${what}`).toMatchObject({ frames: 1_040_000, index: 1_000_003, problems: [] });
    }
    expect(existsSync(join(path, ".marey-catalogue"))).toBe(true);
  });
});

test.runIf(noLimit !== undefined)(`little memory is left out: ${noLimit}`, () => {});
