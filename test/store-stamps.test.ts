import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { createStore, openStore, repairStore } from "../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "marey-stamps-"));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;
const info = { width: 4, height: 4, channels: 1, dtype: "uint8", color: "gray" } as const;

// Cameras count twice, backwards, around 2^16 and 2^32, and beyond 2^53; clocks are set back while they run.
const wholes = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(65535, 0, 2 ** 32 - 1, -(2 ** 31), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
);
const unsigned = fc.oneof(fc.nat(), fc.bigInt({ min: 2n ** 63n, max: 2n ** 64n - 1n }));
// A frame number of -0 is 0.
const fractions = fc
  .oneof(fc.double(), fc.constantFrom(Number.NaN, 0.5))
  .map((number) => number || number + 0);
const times = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, -1, 0, 1e9, 1e9 - 3600, Number.POSITIVE_INFINITY),
);
const stamps = fc
  .constantFrom(wholes, unsigned, fractions)
  .chain((numbers) =>
    fc.array(fc.tuple(numbers as fc.Arbitrary<number | bigint>, times), { minLength: 1, maxLength: 9 }),
  );

async function stampsOf(path: string): Promise<[number | bigint, number][]> {
  await using store = await openStore(path);
  const found: [number | bigint, number][] = [];
  for await (const { number, time } of store) found.push([number, time]);
  return found;
}

test("numbers and times come back as they were given, in their order: from the journal, after a repair, from the index", async () => {
  await fc.assert(
    fc.asyncProperty(stamps, async (given) => {
      const path = join(folder, `store${made++}`);
      const store = await createStore(path, {
        info,
        format: "npy",
        chunkSize: 4,
        minFree: 0,
        durability: "flush",
      });
      for (const [i, [number, time]] of given.entries()) {
        await store.write({ image: { ...info, data: new Uint8Array(16).fill(i) }, number, time });
      }
      // As if it had been killed now.
      const left = `${path}-left`;
      cpSync(path, left, { recursive: true });
      await store.close();
      expect(await stampsOf(path)).toEqual(given);
      rmSync(join(left, ".lock"), { force: true });
      expect(await stampsOf(left)).toEqual(given);
      await repairStore(left);
      expect(await stampsOf(left)).toEqual(given);
      for (const done of [path, left]) rmSync(done, { recursive: true });
    }),
    { numRuns: Number(process.env.MAREY_FUZZ ?? 40) },
  );
});
