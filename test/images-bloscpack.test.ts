import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { MareyError } from "../src/core/errors.js";
import { decodeNpy } from "../src/core/npy.js";
import { decodeBloscpack } from "../src/images/bloscpack.js";

const folder = fileURLToPath(new URL("fixtures/bloscpack/", import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith(".bpk"));
const trials = Number(process.env.MAREY_FUZZ ?? 100);

test.each(names)("what Bloscpack wrote is read exactly: %s", async (name) => {
  const wanted = decodeNpy(readFileSync(folder + name.replace(".bpk", ".npy")), name);
  expect(await decodeBloscpack(readFileSync(folder + name), name)).toEqual(wanted);
});

test("a damaged Bloscpack file is an error of Marey's, or was not damaged where it counts", async () => {
  let seed = 1;
  const random = (limit: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >> 8) % limit;
  };
  for (const name of names) {
    const whole = readFileSync(folder + name);
    const wanted = await decodeBloscpack(whole, name);
    for (let trial = 0; trial < trials; trial++) {
      const cut = trial % 7 === 0;
      const damaged = Buffer.from(cut ? whole.subarray(0, random(whole.length)) : whole);
      const at = trial % 2 === 0 ? random(Math.min(160, damaged.length || 1)) : random(damaged.length || 1);
      if (!cut) damaged[at] = random(256);
      // What is reserved, or may be appended, holds nothing; shape and dtype in the metadata have a check sum.
      const read = await decodeBloscpack(damaged, name).catch((error) => error);
      if (read instanceof MareyError) continue;
      expect(read, `${name}, byte ${at}`).toEqual(wanted);
    }
  }
});
