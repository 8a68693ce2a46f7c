import { expect, test } from "vitest";
import { blankImage, type Image, type ImageInfo } from "../src/core/image.js";
import type { FrameSource } from "../src/core/stream.js";
import {
  type BoundTransform,
  bend,
  circle,
  line,
  marker,
  polygon,
  rectangle,
  scaleBar,
  text,
  timestampBar,
} from "../src/index.js";
import { textMask } from "../src/transforms/drawing/text-mask.js";
import { parseTemplate } from "../src/transforms/drawing/text-template.js";
import { listSource } from "./contracts/transform.js";
import { noiseImage } from "./fixtures/noise-image.js";

const gray: ImageInfo = { width: 200, height: 100, channels: 1, dtype: "uint8", color: "gray" };

async function bent(image: Image, ...transforms: BoundTransform[]): Promise<Image> {
  return (await bend(listSource([image]), ...transforms).frame({ index: 0 })).image;
}

function fill(template: string, number: number | bigint, time: number, start = 0, index = 7): string {
  return parseTemplate(template).fill({ stamp: { number, time, index }, start });
}

test("a template is filled with what is asked of the frame", () => {
  expect(fill("{number} {number:06d} {index:4d}|{{x}}", 42, 1.5)).toBe("42 000042    7|{x}");
  expect(fill("{number:05d}", -42, 0)).toBe("-0042");
  expect(fill("{number}", 2n ** 60n, 0)).toBe("1152921504606846976");
  expect(fill("{time} {time:.1f} {time:08.2f}", 0, 12.3456)).toBe("12.346 12.3 00012.35");
  expect(fill("{time:%Y-%m-%d %H:%M:%S.%3f}", 0, 1_700_000_000.04)).toBe("2023-11-14 22:13:20.040");
  expect(fill("{elapsed:%H:%M:%S.%1f}", 0, 1000 + 90_061.25, 1000)).toBe("25:01:01.2");
  expect(fill("{elapsed} s", 0, 9, 10)).toBe("-1.000 s");
  expect(fill("a\\nb", 0, 0)).toBe("a\nb");
  expect(fill("{time:%S} {time} {number}", Number.NaN, Number.NaN)).toBe("– – –");
});

test("what a template cannot be is told by name", () => {
  for (const [template, message] of [
    ["{frame}", "{frame}"],
    ["{time:%Q}", "%Q"],
    ["{number:.2f}", ".2f"],
    ["{elapsed:%Y}", "%Y"],
    ["50 %}", "stands alone"],
    ["{time:seconds}", "seconds"],
  ] as const) {
    expect(() => text({ text: template })).toThrow(RangeError);
    expect(() => text({ text: template })).toThrow(message);
  }
  expect(() => text({ text: "x", zone: "Mars/Olympus" })).toThrow(/zone .*Mars/);
});

test("the time since the first frame is known in any order, and in a stream without one", async () => {
  const images = [1, 2, 3].map(() => blankImage(gray));
  const source = listSource(images, [100, 100.5, 102]);
  const written = async (words: string): Promise<Image> => bent(blankImage(gray), text({ text: words }));
  const elapsed = text({ text: "{elapsed:.1f}" });
  const expected = await Promise.all(["0.0", "0.5", "2.0"].map(written));
  const seeked = bend(source, elapsed);
  for (const index of [2, 0, 1]) {
    expect((await seeked.frame({ index })).image.data).toEqual(expected[index]!.data);
  }
  const stream: FrameSource = {
    info: gray,
    async *[Symbol.asyncIterator]() {
      for await (const { number, time, image } of source) yield { number, time, image };
    },
  };
  const seen: Image[] = [];
  for await (const { image } of elapsed(stream)) seen.push(image);
  expect(seen.map(({ data }) => data)).toEqual(expected.map(({ data }) => data));
});

test("characters that the font does not have are boxes, and nothing crashes", () => {
  const box = textMask("\u{10ffff}", { size: 20 });
  expect(box.data.some((value) => value === 255)).toBe(true);
  for (const strange of ["日", "🐭", "\ud800", "ع"]) {
    expect(textMask(strange, { size: 20 })).toEqual(box);
  }
  for (const nothing of ["", "\u200b", "\u0007", "\ufeff"]) {
    expect(textMask(nothing, { size: 20 })).toMatchObject({ boxWidth: 0, width: 0 });
  }
  expect(textMask("e\u0301", { size: 20 })).toEqual(textMask("é", { size: 20 }));
});

test("text touches no pixel outside its box, and full coverage is the colour to the bit, whatever the picture is", async () => {
  for (const [info, white] of [
    [{ ...gray }, 255],
    [{ ...gray, dtype: "uint16", bits: 12 }, 4095],
    [{ ...gray, dtype: "uint16" }, 65_535],
    [{ ...gray, dtype: "float32" }, 1],
    [{ ...gray, channels: 3, color: "bgr" }, 255],
  ] as const satisfies readonly (readonly [ImageInfo, number])[]) {
    const image = noiseImage(info as ImageInfo, 3);
    const out = await bent(image, text({ text: "H", size: 40, x: 20, y: 10, color: "white" }));
    const { boxWidth, boxHeight } = textMask("H", { size: 40 });
    let [full, touched] = [0, 0];
    for (let i = 0; i < image.data.length; i++) {
      const pixel = Math.floor(i / info.channels);
      const [x, y] = [pixel % info.width, Math.floor(pixel / info.width)];
      const isInside = x >= 20 && x < 20 + boxWidth && y >= 10 && y < 10 + boxHeight;
      if (isInside && out.data[i] === white) full++;
      if (!isInside && out.data[i] !== image.data[i] && !Number.isNaN(image.data[i] as number)) touched++;
    }
    expect(touched).toBe(0);
    expect(full).toBeGreaterThan(150);
  }
});

test("half opaque is half way, rounded; red is red in every order of channels", async () => {
  const box = rectangle({ width: 10, height: 10, filled: true, opacity: 0.5, color: "red" });
  const start = (color: "bgr" | "rgb", channels: number): Image => ({
    ...{ width: 10, height: 10, channels, dtype: "uint8", color },
    data: new Uint8Array(300).fill(100),
  });
  const share = 128 / 255;
  const [high, low] = [Math.round(100 + 155 * share), Math.round(100 - 100 * share)];
  expect([...(await bent(start("bgr", 3), box)).data.slice(0, 3)].map(Number)).toEqual([low, low, high]);
  expect([...(await bent(start("rgb", 3), box)).data.slice(0, 3)].map(Number)).toEqual([high, low, low]);
});

test("over transparent pixels what is drawn brings its own opacity, over opaque ones nothing becomes transparent", async () => {
  const image: Image = {
    ...{ width: 2, height: 1, channels: 4, dtype: "uint8", color: "bgra" },
    data: Uint8Array.of(9, 9, 9, 0, 0, 0, 0, 255),
  };
  const out = await bent(image, rectangle({ width: 2, height: 1, filled: true, color: "#ff000080" }));
  expect([...out.data].map(Number)).toEqual([0, 0, 255, 128, 0, 0, 128, 255]);
});

test("a rectangle frames what crop keeps, its line inside", async () => {
  const out = await bent(
    blankImage(gray),
    rectangle({ left: 10, top: 20, width: 30, height: 40, thickness: 3, color: "white" }),
  );
  const expected = Uint8Array.from({ length: 200 * 100 }, (_, i) => {
    const [x, y] = [i % 200, Math.floor(i / 200)];
    const isIn = (by: number): boolean => x >= 10 + by && x < 40 - by && y >= 20 + by && y < 60 - by;
    return isIn(0) && !isIn(3) ? 255 : 0;
  });
  expect(Buffer.compare(out.data as Uint8Array, expected)).toBe(0);
});

test("points are the middles of pixels", async () => {
  for (const shape of [
    marker({ points: [50, 40], size: 9, thickness: 1, color: "white" }),
    line({ points: [50, 30, 50, 60], thickness: 1, color: "white" }),
    circle({ x: 50, y: 40, radius: 3.5, filled: true, color: "white" }),
    polygon({ points: [40, 30, 60, 30, 60, 50, 40, 50], filled: true, color: "white" }),
  ]) {
    const { data } = await bent(blankImage(gray), shape);
    expect([data[40 * 200 + 50], data[80 * 200 + 50]]).toEqual([255, 0]);
    for (let x = 1; x < 50; x++) expect(data[40 * 200 + 50 - x]).toBe(data[40 * 200 + 50 + x]);
  }
});

test("shapes that lie outside leave the picture as it is", async () => {
  const image = noiseImage(gray, 1);
  expect(await bent(image, circle({ x: -500, y: 4, radius: 20 }))).toBe(image);
  expect(await bent(image, line({ points: [-9, -9, -5, -1e6] }))).toBe(image);
  expect(() => line({ points: [1, 2, 3] })).toThrow(/x,y/);
});

test("a scale bar is as long as it says, to the pixel", async () => {
  for (const [pixel, length, pixels] of [
    [0.65, 50, 77],
    [2, 100, 50],
    [0.5, 100, 200],
  ] as const) {
    const bar = scaleBar({ pixel, length, bare: true, margin: 0, thickness: 4, color: "white" });
    const { data } = await bent(blankImage(gray), bar);
    const lit = Array.from({ length: 100 }, (_, y) => {
      const row = (data as Uint8Array).subarray(y * 200, (y + 1) * 200);
      return row.reduce((sum, value) => sum + value, 0) / 255;
    });
    expect(lit).toEqual([...new Array(96).fill(0), ...new Array(4).fill(pixels)]);
    expect(Number(data[99 * 200 + 199])).toBe(255);
  }
  await expect(bent(blankImage(gray), scaleBar({ pixel: 0.1, length: 50 }))).rejects.toThrow(
    "50 um are 500 pixels of 0.1 um; the picture is 200 pixels wide",
  );
});

test("a time bar fills up from the first frame to the last; a stream without an end needs a duration", async () => {
  const images = [1, 2, 3].map(() => blankImage(gray));
  const source = listSource(images, [10, 11, 14]);
  const bar = timestampBar({ text: "", color: "white", opacity: 1 });
  const filled: number[] = [];
  for await (const { image } of bend(source, bar)) {
    filled.push(image.data.slice(99 * 200, 100 * 200).filter((value) => value === 255).length);
  }
  expect(filled).toEqual([0, 50, 200]);
  const stream = { info: gray, [Symbol.asyncIterator]: () => source[Symbol.asyncIterator]() } as FrameSource;
  expect(() => bar(stream)).toThrow(/duration/);
  timestampBar({ duration: 3 })(stream);
});

test("a text of more pixels than any picture is refused, not allocated", async () => {
  const much = text({ text: "M".repeat(100_000), size: 2000 });
  await expect(bent(blankImage(gray), much)).rejects.toThrow(/text: .* pixels/);
});

test("planes, mosaics and complex numbers cannot be drawn on", () => {
  for (const info of [
    { ...gray, color: "bayer-rg" },
    { ...gray, dtype: "complex64" },
    { ...gray, color: "none", channels: 2 },
  ] as const satisfies readonly ImageInfo[]) {
    const source = listSource([blankImage(info)]);
    expect(() => bend(source, text({ text: "x" }))).toThrow(/text: cannot draw on/);
    expect(() => bend(source, circle({ x: 1, y: 1, radius: 1 }))).toThrow(/circle: cannot draw on/);
  }
});
