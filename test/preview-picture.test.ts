import { expect, test } from "vitest";
import type { Image } from "../src/core/image.js";
import { previewPicture } from "../src/recording/preview-picture.js";

/** A picture in which every sample differs from its neighbours. */
function noise(info: Omit<Image, "data">): Image {
  const data =
    info.dtype === "uint8"
      ? new Uint8Array(info.width * info.height * info.channels)
      : new Uint16Array(info.width * info.height * info.channels);
  const most = info.dtype === "uint8" ? 255 : 2 ** (info.bits ?? 16) - 1;
  let seed = 1;
  for (let at = 0; at < data.length; at++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    data[at] = Math.floor((seed / 2 ** 32) * (most + 1));
  }
  return { ...info, data };
}

/** The mean of 2 x 2 samples of each pixel of the small picture, as its comment says it. */
function expected(
  image: Image,
  step: number,
  apart: readonly [number, number],
  x: number,
  y: number,
  channel: number,
) {
  const at = (right: number, down: number): number =>
    image.data[((y * step + down) * image.width + x * step + right) * image.channels + channel] as number;
  const [right, down] = apart;
  return (at(0, 0) + at(right, 0) + at(0, down) + at(right, down)) / 4;
}

const gray = { channels: 1, dtype: "uint8", color: "gray" } as const;

test("a preview of gray is the mean of samples, whatever the size, and of even size where that is wanted", () => {
  for (const [width, height] of [
    [1280, 1024],
    [640, 480],
    [642, 481],
    [101, 67],
    [64, 48],
    [3, 2],
    [1, 1],
  ] as const) {
    const image = noise({ ...gray, width, height });
    for (const asked of [2000, width, width / 2, width / 3, width / 4, width / 5, width / 8, 7, 1]) {
      const step = Math.ceil(width / Math.max(1, asked));
      for (const multiple of [1, 2]) {
        const small = previewPicture(image, asked, multiple);
        const sizes = [width, height].map((size) =>
          Math.max(1, Math.floor(Math.floor(size / step) / multiple) * multiple),
        );
        expect([small.width, small.height, small.color]).toEqual([...sizes, "gray"]);
        if (Math.floor(height / step) === 0) continue;
        const right = width % 4 === 0 && step % 4 === 0 ? 2 : step >> 1;
        const wrong: unknown[] = [];
        for (let y = 0; y < small.height; y++) {
          for (let x = 0; x < small.width; x++) {
            const mean = Math.floor(expected(image, step, [right, step >> 1], x, y, 0) + 0.5);
            if (small.data[y * small.width + x] !== mean) wrong.push([x, y]);
          }
        }
        expect([width, height, asked, multiple, wrong]).toEqual([width, height, asked, multiple, []]);
      }
    }
  }
});

test("a picture that begins anywhere in memory is shrunk, too", () => {
  const image = noise({ ...gray, width: 64, height: 48 });
  const moved = new Uint8Array(image.data.length + 1);
  moved.set(image.data as Uint8Array, 1);
  const shifted = { ...image, data: moved.subarray(1) };
  expect(previewPicture(shifted, 32).data).toEqual(previewPicture(image, 32).data);
});

test("colour comes as BGR, deep samples as their upper 8 bits, a mosaic as gray of its cells", () => {
  const rgb = noise({ width: 64, height: 48, channels: 3, dtype: "uint8", color: "rgb" });
  const small = previewPicture(rgb, 16);
  expect([small.color, small.channels]).toEqual(["bgr", 3]);
  const deep = noise({ width: 64, height: 48, channels: 1, dtype: "uint16", color: "gray", bits: 12 });
  const mosaic = noise({ width: 64, height: 48, channels: 1, dtype: "uint8", color: "bayer-rg" });
  for (let y = 0; y < 12; y++) {
    for (let x = 0; x < 16; x++) {
      for (const channel of [0, 1, 2]) {
        const mean = expected(rgb, 4, [2, 2], x, y, 2 - channel);
        expect(Math.abs((small.data[(y * 16 + x) * 3 + channel] as number) - mean)).toBeLessThanOrEqual(1);
      }
      const level = (expected(deep, 4, [2, 2], x, y, 0) * 255) / 4095;
      expect(Math.abs((previewPicture(deep, 16).data[y * 16 + x] as number) - level)).toBeLessThanOrEqual(1);
      const cell = Math.floor(expected(mosaic, 4, [1, 1], x, y, 0) + 0.5);
      expect(previewPicture(mosaic, 16).data[y * 16 + x]).toBe(cell);
    }
  }
});
