import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ClosedError, FrameNotFoundError } from "../../src/core/errors.js";
import type { IndexedFrame } from "../../src/core/frame.js";
import { bytesOf } from "../../src/core/image.js";
import type { FrameRange, SeekableSource } from "../../src/core/stream.js";
import { generator } from "../fixtures/noise-image.js";

/** Which frame it was, when, and every sample of it. */
export function fingerprint({ index, number, time, image }: IndexedFrame): string {
  const pixels = createHash("md5").update(bytesOf(image)).digest("hex");
  return `${index} #${number} ${time}s ${image.width}x${image.height}x${image.channels} ${image.dtype} ${pixels}`;
}

export async function fingerprints(frames: AsyncIterable<IndexedFrame>): Promise<string[]> {
  const all: string[] = [];
  for await (const frame of frames) all.push(fingerprint(frame));
  return all;
}

/**
 * What any seekable source must do, whatever it reads from. For sources of 3 to a few hundred frames, all of them
 * readable.
 */
export function testSeekableSource(name: string, open: () => Promise<SeekableSource>): void {
  describe(`${name} as a seekable source`, () => {
    const withSource = async (
      use: (source: SeekableSource, forward: string[]) => Promise<void>,
    ): Promise<void> => {
      await using source = await open();
      await use(source, await fingerprints(source.frames()));
    };

    test("gives as many frames as its index says, each with its own stamp", () =>
      withSource(async (source, forward) => {
        expect(forward.length).toBe(source.index.length);
        expect(forward.length).toBeGreaterThanOrEqual(3);
        let rank = 0;
        for await (const frame of source.frames()) {
          expect(frame.index).toBe(rank);
          expect({ number: frame.number, time: frame.time }).toEqual(source.index.stamp(rank));
          expect(frame.image.data.length).toBeGreaterThan(0);
          rank++;
        }
      }));

    test("its first frame is what its info says", () =>
      withSource(async (source) => {
        const { image } = await source.frame({ index: 0 });
        const { width, height, channels, dtype, color } = source.info;
        expect(image).toMatchObject({ width, height, channels, dtype, color });
      }));

    test("iterated without a range, gives all frames", () =>
      withSource(async (source, forward) => {
        const ranks: number[] = [];
        for await (const frame of source) ranks.push((frame as IndexedFrame).index);
        expect(ranks).toEqual(forward.map((_, rank) => rank));
      }));

    test("gives the same frames one by one: forwards, backwards and shuffled", () =>
      withSource(async (source, forward) => {
        const ranks = forward.map((_, rank) => rank);
        for (const order of [ranks, ranks.toReversed(), shuffle(ranks)]) {
          for (const index of order) expect(fingerprint(await source.frame({ index }))).toBe(forward[index]);
        }
      }));

    test("gives the same frames to many who ask at the same time", () =>
      withSource(async (source, forward) => {
        const ranks = shuffle([...forward.keys(), ...forward.keys()]);
        const found = await Promise.all(
          ranks.map(async (index) => fingerprint(await source.frame({ index }))),
        );
        expect(found).toEqual(ranks.map((rank) => forward[rank]));
        const loops = await Promise.all([1, 2, 3, 4].map((step) => fingerprints(source.frames({ step }))));
        for (const [i, loop] of loops.entries())
          expect(loop).toEqual(forward.filter((_, r) => r % (i + 1) === 0));
      }));

    test("gives ranges as Python slices do: strided, from the end, backwards, empty", () =>
      withSource(async (source, forward) => {
        const last = forward.length - 1;
        const cases: [FrameRange, string[]][] = [
          [{ start: 1 }, forward.slice(1)],
          [{ stop: -1 }, forward.slice(0, -1)],
          [{ start: -2 }, forward.slice(-2)],
          [{ start: 1, stop: 3 }, forward.slice(1, 3)],
          [{ step: 2 }, forward.filter((_, rank) => rank % 2 === 0)],
          [{ step: -1 }, forward.toReversed()],
          [
            { start: last, stop: 0, step: -2 },
            forward.filter((_, r) => r > 0 && (last - r) % 2 === 0).reverse(),
          ],
          [{ start: 2, stop: 1 }, []],
          [{ start: forward.length + 5 }, []],
          [{ stop: forward.length + 5 }, forward],
        ];
        for (const [range, expected] of cases) {
          expect(await fingerprints(source.frames(range)), JSON.stringify(range)).toEqual(expected);
        }
      }));

    test("finds frames from the end, by number and by time", () =>
      withSource(async (source, forward) => {
        expect(fingerprint(await source.frame({ index: -1 }))).toBe(forward.at(-1));
        const { number, time } = source.index.stamp(1);
        if (Number.isFinite(Number(number))) {
          const rank = source.index.locate({ number });
          expect(fingerprint(await source.frame({ number }))).toBe(forward[rank]);
        }
        if (Number.isFinite(time)) {
          const rank = source.index.locate({ time, match: "nearest" });
          expect(fingerprint(await source.frame({ time, match: "nearest" }))).toBe(forward[rank]);
        }
      }));

    test("says that a frame is not there, and goes on", () =>
      withSource(async (source, forward) => {
        for (const index of [forward.length, -forward.length - 1, 2 ** 40]) {
          await expect(source.frame({ index })).rejects.toThrow(FrameNotFoundError);
        }
        await expect(source.frame({ time: -1e12 })).rejects.toThrow(FrameNotFoundError);
        await expect(source.frame({ index: 0.5 })).rejects.toThrow(TypeError);
        await expect(fingerprints(source.frames({ step: 0 }))).rejects.toThrow(RangeError);
        expect(fingerprint(await source.frame({ index: 0 }))).toBe(forward[0]);
      }));

    test("may be left in the middle of a loop, any number of times", () =>
      withSource(async (source, forward) => {
        for (let round = 0; round < 20; round++) {
          for await (const frame of source.frames({ start: round % 3 })) {
            expect(fingerprint(frame)).toBe(forward[round % 3]);
            break;
          }
        }
        expect(await fingerprints(source.frames())).toEqual(forward);
      }));

    test("frames that were handed out stay as they are while others are read", () =>
      withSource(async (source, forward) => {
        const kept = await source.frame({ index: 0 });
        const loop: IndexedFrame[] = [];
        for await (const frame of source.frames({ stop: 3 })) loop.push(frame);
        await fingerprints(source.frames({ step: -1 }));
        expect(fingerprint(kept)).toBe(forward[0]);
        expect(loop.map(fingerprint)).toEqual(forward.slice(0, 3));
      }));

    test("describes itself in plain JSON", () =>
      withSource(async (source) => {
        const description = source.describe();
        expect(JSON.parse(JSON.stringify(description))).toEqual(description);
      }));

    test("is closed once and for all", async () => {
      const source = await open();
      await source.frame({ index: 0 });
      const loop = source.frames()[Symbol.asyncIterator]();
      await loop.next();
      await source.close();
      await source.close();
      await expect(source.frame({ index: 0 })).rejects.toThrow(ClosedError);
      await expect(fingerprints(source.frames())).rejects.toThrow(ClosedError);
      // A loop that was under way ends too: with an error, not with a silent gap.
      await expect(loop.next()).rejects.toThrow(ClosedError);
    });
  });
}

function shuffle(ranks: readonly number[]): number[] {
  const random = generator(ranks.length);
  return ranks
    .map((rank) => ({ rank, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ rank }) => rank);
}
