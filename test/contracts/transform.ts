import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ColumnIndex } from "../../src/core/column-index.js";
import { MareyError } from "../../src/core/errors.js";
import type { Frame, IndexedFrame } from "../../src/core/frame.js";
import { blankImage, bytesOf, describeImage, type Image, type ImageInfo } from "../../src/core/image.js";
import { type FrameRange, resolveRange, type SeekableSource } from "../../src/core/stream.js";
import { bend } from "../../src/transforms/bend.js";
import type { AnyTransformKind, BoundTransform, TransformKind } from "../../src/transforms/transform-kind.js";
import { formatTransform, parseTransform } from "../../src/transforms/transform-text.js";
import { noiseImage } from "../fixtures/noise-image.js";

/** What a transform is tried with. */
export interface TransformCase<O> {
  readonly options?: O;
  /** Kinds of pictures that it refuses, as `describeImage` spells their colour and dtype: "bgr uint16". @default none */
  readonly refuses?: readonly string[];
}

const sizes = [
  [37, 21],
  [64, 48],
] as const;
const kinds = [
  { channels: 1, dtype: "uint8", color: "gray" },
  { channels: 3, dtype: "uint8", color: "bgr" },
  { channels: 3, dtype: "uint8", color: "rgb" },
  { channels: 4, dtype: "uint8", color: "bgra" },
  { channels: 1, dtype: "uint16", color: "gray" },
  { channels: 3, dtype: "uint16", color: "bgr" },
  { channels: 1, dtype: "float32", color: "gray" },
] as const satisfies readonly Omit<ImageInfo, "width" | "height">[];

/** The frames of a list as a source. */
export function listSource(images: readonly Image[], times?: readonly number[]): SeekableSource {
  const index = new ColumnIndex({
    numbers: Float64Array.from(images, (_, i) => 100 + i),
    times: Float64Array.from(images, (_, i) => times?.[i] ?? i / 10),
  });
  const at = (rank: number): IndexedFrame => ({ index: rank, ...index.stamp(rank), image: images[rank]! });
  async function* frames(range: FrameRange = {}): AsyncGenerator<IndexedFrame> {
    const { start, count, step } = resolveRange(range, images.length);
    for (let i = 0; i < count; i++) yield at(start + i * step);
  }
  const { data: _, ...info } = images[0]!;
  return {
    ...{ info, index, frames },
    frame: async (address) => at(index.locate(address)),
    describe: () => ({}),
    close: async () => {},
    [Symbol.asyncIterator]: () => frames(),
    [Symbol.asyncDispose]: async () => {},
  };
}

function digest(image: Image): string {
  return createHash("sha1").update(bytesOf(image)).digest("hex");
}

/** What every transform has to do, whatever it does. */
export function testTransform<O>(kind: TransformKind<O>, cases: readonly TransformCase<NoInfer<O>>[]): void {
  const make = kind as unknown as (options?: O) => BoundTransform;
  const any = kind as unknown as AnyTransformKind;
  describe(`transform ${any.name}`, () => {
    test("has a summary and options that read well", () => {
      const texts = [any.summary, ...Object.values(any.options).map(({ summary }) => summary)];
      for (const text of texts) expect(text).toMatch(/^[^A-Z\s.].*[^.\s]$/s);
      for (const name of [...any.required, ...(any.main ? [any.main] : [])]) {
        expect(Object.keys(any.options)).toContain(name);
      }
    });

    test("refuses options that it does not have", () => {
      expect(() => make({ ...cases[0]?.options, nonsense: 1 } as O)).toThrow(TypeError);
    });

    for (const { options, refuses = [] } of cases) {
      const spelled = formatTransform(make(options).step);
      describe(spelled, () => {
        test("is the same when it is written down and read again, as text and as JSON", () => {
          const { step } = make(options);
          expect(parseTransform(spelled, [any]).step).toEqual(step);
          expect(JSON.parse(JSON.stringify(step))).toEqual(step);
        });

        for (const one of kinds) {
          const name = describeImage({ ...one, width: 0, height: 0 }).replace("0x0 ", "");
          if (refuses.includes(name)) {
            test(`says that it cannot be done to ${name}`, () => {
              const source = listSource([noiseImage({ ...one, width: 37, height: 21 }, 1)]);
              expect(() => bend(source, make(options))).toThrow(MareyError);
            });
            continue;
          }
          test(`${name}: tells beforehand what comes out, and leaves what goes in as it is`, async () => {
            for (const [width, height] of sizes) {
              const images = [1, 2, 3, 4].map((seed) => noiseImage({ ...one, width, height }, seed));
              const before = images.map(digest);
              const source = listSource(images);
              const bent = bend(source, make(options));
              const seen: IndexedFrame[] = [];
              for await (const frame of bent.frames()) {
                const { data, ...info } = frame.image;
                expect(info).toEqual(bent.info);
                expect(data.constructor).toBe(blankImage({ ...info, width: 1, height: 1 }).data.constructor);
                expect(data.length).toBe(blankImage(info).data.length);
                seen.push(frame);
              }
              expect(images.map(digest)).toEqual(before);
              expect(seen).toHaveLength(bent.index.length);
              for (const frame of seen) {
                expect(bent.index.stamp(frame.index)).toEqual({ number: frame.number, time: frame.time });
              }
              // Any frame alone, and the stream, give the same; in whatever order.
              for (const frame of seen.toReversed()) {
                expect(digest((await bent.frame({ index: frame.index })).image)).toBe(digest(frame.image));
              }
              const streamed: Frame[] = [];
              for await (const frame of make(options)(source)) streamed.push(frame);
              expect(streamed.map(({ image }) => digest(image))).toEqual(
                seen.map(({ image }) => digest(image)),
              );
            }
          });
        }
      });
    }
  });
}
