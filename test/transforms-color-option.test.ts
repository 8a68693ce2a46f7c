import { expect, test } from "vitest";
import { TransformError } from "../src/core/errors.js";
import type { ImageInfo } from "../src/core/image.js";
import { color, colorList, samplesOfColor } from "../src/transforms/color-option.js";

const kind = color("the colour");
const bgr: ImageInfo = { width: 1, height: 1, channels: 3, dtype: "uint8", color: "bgr" };
const samples = (text: string, info: Partial<ImageInfo> = {}): readonly number[] =>
  samplesOfColor("test", kind.check(kind.parse(text)), { ...bgr, ...info });

test("a colour can be said in every way people say colours", () => {
  const orange = [0, 165, 255];
  for (const text of ["orange", "Orange", "#ffa500", "#FFA500", "255,165,0", " 255, 165, 0 "]) {
    expect(samples(text), text).toEqual(orange);
  }
  expect(samples("#f80")).toEqual([0, 136, 255]);
  expect(samples("7")).toEqual([7, 7, 7]);
  expect(samplesOfColor("test", kind.check([255, 165, 0]), bgr)).toEqual(orange);
  expect(kind.check("255,165,0")).toEqual([255, 165, 0]);
  expect(kind.check("12")).toBe(12);
});

test("it comes in the order of the channels and in the range of the samples", () => {
  expect(samples("orange", { color: "rgb" })).toEqual([255, 165, 0]);
  expect(samples("orange", { color: "bgra", channels: 4 })).toEqual([0, 165, 255, 255]);
  expect(samples("#ffa50080", { color: "rgba", channels: 4 })).toEqual([255, 165, 0, 128]);
  expect(samples("transparent", { color: "rgba", channels: 4 })).toEqual([0, 0, 0, 0]);
  expect(samples("7", { color: "rgba", channels: 4 })).toEqual([7, 7, 7, 255]);
  expect(samples("white", { dtype: "uint16" })).toEqual([65_535, 65_535, 65_535]);
  expect(samples("white", { dtype: "uint16", bits: 12 })).toEqual([4095, 4095, 4095]);
  expect(samples("white", { dtype: "float32" })).toEqual([1, 1, 1]);
  expect(samples("2048", { dtype: "uint16", bits: 12 })).toEqual([2048, 2048, 2048]);
  expect(samples("300")).toEqual([255, 255, 255]);
  expect(samples("-0.25", { dtype: "float32" })).toEqual([-0.25, -0.25, -0.25]);
  expect(samples("nan", { dtype: "float32", color: "gray", channels: 1 })).toEqual([Number.NaN]);
  expect(samples("white", { color: "none", channels: 2 })).toEqual([255, 255]);
});

test("on gray it is its luma, and white stays white", () => {
  const gray = { color: "gray", channels: 1 } as const;
  expect(samples("white", gray)).toEqual([255]);
  expect(samples("red", gray)).toEqual([Math.round((255 * 9798) / 32768)]);
  expect(samples("white", { ...gray, dtype: "uint16", bits: 10 })).toEqual([1023]);
});

test("what is no colour is refused, and so is one that the pictures cannot have", () => {
  for (const text of ["", "reddish", "#12", "#12345", "1,2", "1,2,3,4,5", "256,0,0", "-1,0,0"]) {
    expect(() => kind.check(kind.parse(text)), text).toThrow(RangeError);
  }
  expect(() => samples("red", { color: "none", channels: 2 })).toThrow(TransformError);
  expect(() => samples("nan")).toThrow(/nan/);
  expect(() => samples("white", { dtype: "complex64" })).toThrow(TransformError);
});

test("lists of colours are the same when they are written down and read again", () => {
  const list = colorList("colours", { least: 2 });
  const checked = list.check(["red", [0, 0, 255], "#abc"]);
  expect(checked).toEqual(["red", "#0000ff", "#abc"]);
  expect(list.check(list.parse(checked.join(",")))).toEqual(checked);
  expect(() => list.check(["red"])).toThrow(/2 or more/);
  expect(() => list.check(["red", 3])).toThrow(RangeError);
});
