import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MareyError, UnsupportedError } from "../../src/core/errors.js";
import { bytesOf, type Color, type DType, type Image, imageBytes } from "../../src/core/image.js";
import type { ImageCodec } from "../../src/images/image-codec.js";
import { noiseImage } from "../fixtures/noise-image.js";

export interface PictureKind {
  readonly dtype: DType;
  readonly color: Color;
}

/** Sizes at which rows, strips and padding go wrong first. */
export const awkwardSizes = [
  [1, 1],
  [2, 1],
  [1, 2],
  [3, 5],
  [4, 4],
  [47, 33],
  [64, 48],
  [641, 7],
  [1000, 300],
] as const;

export interface CodecContract {
  readonly lossless: boolean;
  readonly kinds: readonly PictureKind[];
  /** A kind that the format cannot hold. */
  readonly refused: PictureKind;
}

/** What every picture codec must do, whatever the format. */
export function testImageCodec(codec: ImageCodec, { lossless, kinds, refused }: CodecContract): void {
  const anyPicture = fc
    .record({
      kind: fc.constantFrom(...kinds),
      width: fc.integer({ min: 1, max: 70 }),
      height: fc.integer({ min: 1, max: 70 }),
      seed: fc.nat(),
    })
    .map(({ kind, width, height, seed }) => noiseImage({ ...kind, width, height }, seed));

  describe(`${codec.name} pictures`, () => {
    for (const [width, height] of awkwardSizes) {
      for (const kind of kinds) {
        test(`${width}x${height} ${kind.color} ${kind.dtype} come back`, async () => {
          const image = noiseImage({ ...kind, width, height }, 1);
          const back = await codec.decode(await codec.encode(image), "picture");
          expectSamePicture(back, image, lossless);
        });
      }
    }

    test("of any size and content come back", async () => {
      await fc.assert(
        fc.asyncProperty(anyPicture, async (image) => {
          expect(codec.accepts(image)).toBe(true);
          const file = await codec.encode(image);
          expect(codec.matches(file)).toBe(true);
          expectSamePicture(await codec.decode(file, "picture"), image, lossless);
        }),
        { numRuns: 60 },
      );
    });

    test("in rgb order come back as bgr, with each pixel's own colour", async () => {
      for (const kind of kinds.filter(({ color }) => color.startsWith("bgr"))) {
        const bgr = noiseImage({ ...kind, width: 13, height: 9 }, 3);
        const color = kind.color.replace("bgr", "rgb") as Color;
        const rgb: Image = { ...bgr, color, data: bgr.data.slice() };
        for (let i = 0; i < rgb.data.length; i += rgb.channels) {
          rgb.data[i] = bgr.data[i + 2]!;
          rgb.data[i + 2] = bgr.data[i]!;
        }
        expect(await codec.encode(rgb)).toEqual(await codec.encode(bgr));
      }
    });

    test("are not written to by encoding, and a file not by decoding", async () => {
      for (const kind of kinds) {
        const image = noiseImage({ ...kind, width: 31, height: 17 }, 4);
        const before = bytesOf(image).slice();
        const file = await codec.encode(image);
        expect(bytesOf(image)).toEqual(before);
        const kept = Uint8Array.from(file);
        await codec.decode(file, "picture");
        expect(Uint8Array.from(file)).toEqual(kept);
      }
    });

    test("decode from a file that lies at an odd place in memory", async () => {
      const image = noiseImage({ ...kinds.at(-1)!, width: 21, height: 10 }, 5);
      const file = await codec.encode(image);
      const odd = new Uint8Array(file.length + 1).subarray(1);
      odd.set(file);
      expectSamePicture(await codec.decode(odd, "picture"), image, lossless);
    });

    test("cut short anywhere are refused, never half shown", async () => {
      const image = noiseImage({ ...kinds[0]!, width: 40, height: 30 }, 6);
      const file = await codec.encode(image);
      for (let length = 0; length < file.length; length += length < 200 ? 1 : 37) {
        await expect(codec.decode(file.slice(0, length), "cut.file")).rejects.toThrow(/cut\.file/);
      }
      await expect(codec.decode(file.slice(0, -1), "cut.file")).rejects.toThrow(MareyError);
    });

    test("with damaged bytes are refused or whole: never a crash, never a wrong shape", async () => {
      const file = await codec.encode(noiseImage({ ...kinds[0]!, width: 24, height: 16 }, 7));
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(Math.min(file.length, 200) - 1), fc.nat(255)), {
            minLength: 1,
            maxLength: 4,
          }),
          async (changes) => {
            const damaged = Uint8Array.from(file);
            for (const [at, value] of changes) damaged[at] = value;
            try {
              const image = await codec.decode(damaged, "damaged.file");
              expect(image.data.byteLength).toBe(imageBytes(image));
            } catch (error) {
              expect(error).toBeInstanceOf(MareyError);
            }
          },
        ),
        { numRuns: 300 },
      );
    });

    test("of another format are refused by name", async () => {
      await expect(codec.decode(new TextEncoder().encode("no picture at all"), "notes.txt")).rejects.toThrow(
        /notes\.txt/,
      );
      await expect(codec.decode(new Uint8Array(0), "empty.file")).rejects.toThrow(/empty\.file/);
    });

    test("that the format cannot hold are refused before anything is written", async () => {
      const image = noiseImage({ ...refused, width: 4, height: 4 }, 8);
      expect(codec.accepts(image)).toBe(false);
      await expect(codec.encode(image)).rejects.toThrow(UnsupportedError);
    });
  });
}

/** Equal to the bit for lossless formats; lossy ones keep the shape. */
export function expectSamePicture(found: Image, expected: Image, lossless: boolean): void {
  const { data, ...shape } = found;
  const { data: expectedData, ...expectedShape } = expected;
  expect(shape).toEqual(expectedShape);
  expect(data.length).toBe(expectedData.length);
  // Buffers compare a thousand times faster than toEqual walks typed arrays.
  if (lossless) expect(Buffer.compare(bytesOf(found), bytesOf(expected))).toBe(0);
}
