import { expect, test } from "vitest";
import type { Image } from "../src/core/image.js";
import { blurBytes, blurBytesPlain } from "../src/transforms/kernels/blur-bytes.js";
import { blurShorts, blurShortsPlain } from "../src/transforms/kernels/blur-shorts.js";
import { boxBytes, boxBytesPlain } from "../src/transforms/kernels/box-bytes.js";
import { equalizeColors, equalizeColorsPlain } from "../src/transforms/kernels/equalize-colors.js";
import { equalizeShortTiles } from "../src/transforms/kernels/equalize-short-tiles.js";
import { equalizeByteTiles, equalizeTiles } from "../src/transforms/kernels/equalize-tiles.js";
import { gaussianBytes, gaussianShorts } from "../src/transforms/kernels/gaussian-weights.js";
import {
  type MedianSamples,
  medianByCountsPlain,
  medianPlain,
  medianSamples,
} from "../src/transforms/kernels/median-samples.js";
import { sharpenBytes, sharpenBytesPlain } from "../src/transforms/kernels/sharpen-bytes.js";
import { tileGrid } from "../src/transforms/kernels/tile-grid.js";
import { layOut, workbench } from "../src/transforms/kernels/wasm.js";
import { noiseImage } from "./fixtures/noise-image.js";

// Where there are vectors, they do what the plain loops do, to the bit: in a browser without them nothing changes but
// the time. Widths around multiples of 16 are where a loop of whole vectors goes wrong.

const sizes = [1, 2, 7, 15, 16, 17, 31, 33, 48, 65, 130].map(
  (width, i) => [width, [1, 2, 9, 40][i % 4]!] as const,
);
const colors = ["gray", "bgr", "bgra"] as const;

function everyPicture(dtype: "uint8" | "uint16", check: (image: Image) => void): void {
  for (const [width, height] of sizes) {
    for (const color of colors) check(noiseImage({ width, height, dtype, color }, width));
  }
}

/** Compares what two functions make of a picture's bytes. */
function same<T extends MedianSamples>(
  image: Image,
  fast: (data: T) => MedianSamples,
  plain: (data: T) => MedianSamples,
): void {
  const [found, expected] = [fast(image.data as T), plain(image.data as T)];
  expect(found.length).toBe(expected.length);
  expect(found.every((sample, i) => sample === expected[i])).toBe(true);
}

test("there are vectors here, so that what follows compares two different things", () => {
  expect(workbench(layOut({}))).toBeDefined();
});

test("blurring with vectors is blurring", () => {
  everyPicture("uint8", (image) => {
    for (const size of [1, 3, 5, 31]) {
      const weights = gaussianBytes(size, size / 5);
      same(image, blurBytes(image, weights), blurBytesPlain(image, weights));
    }
  });
});

test("blurring shorts with vectors is blurring", () => {
  everyPicture("uint16", (image) => {
    for (const size of [1, 3, 9, 31]) {
      const weights = gaussianShorts(size, size / 5);
      same(image, blurShorts(image, weights), blurShortsPlain(image, weights));
    }
  });
});

test("sharpening with vectors is sharpening", () => {
  const weights = gaussianBytes(7, 1);
  everyPicture("uint8", (image) => {
    for (const [amount, threshold] of [
      [0.7, 0],
      [100, 3],
      [1, 256],
    ] as const) {
      same(
        image,
        sharpenBytes(image, weights, amount, threshold),
        sharpenBytesPlain(image, weights, amount, threshold),
      );
    }
  });
});

test("means with vectors are means", () => {
  everyPicture("uint8", (image) => {
    for (const size of [3, 15, 17, 101]) same(image, boxBytes(image, size), boxBytesPlain(image, size));
  });
});

test("medians by networks of comparisons are medians", () => {
  for (const dtype of ["uint8", "uint16"] as const) {
    everyPicture(dtype, (image) => {
      for (const size of [3, 5]) same(image, medianSamples(dtype, image, size), medianPlain(image, size));
    });
  }
});

test("medians by counting are medians", () => {
  everyPicture("uint8", (image) => {
    for (const size of [7, 19]) {
      same(image, medianSamples("uint8", image, size), medianByCountsPlain(image, size));
    }
    same(image, medianByCountsPlain(image, 7), medianPlain(image, 7));
  });
});

test("equalizing by tiles with vectors is equalizing", () => {
  everyPicture("uint8", (image) => {
    for (const [across, down] of [
      [1, 1],
      [8, 8],
      [5, 3],
    ] as const) {
      const grid = tileGrid(image.width, image.height, across, down);
      for (const limit of [0, 2]) {
        if (image.channels === 1) {
          same(image, equalizeByteTiles(grid, limit), equalizeTiles(grid, limit, 256, Uint8Array));
          continue;
        }
        const fast = equalizeColors(image, grid, limit, 256);
        const plain = equalizeColorsPlain(image, grid, limit, 256);
        same(
          image,
          () => fast(image).data as Uint8Array,
          () => plain(image).data as Uint8Array,
        );
      }
    }
  });
});

test("equalizing shorts by tiles with vectors is equalizing, at any depth", () => {
  everyPicture("uint16", (image) => {
    if (image.channels > 1) return;
    const grid = tileGrid(image.width, image.height, 3, 2);
    for (const values of [4096, 65536]) {
      for (const limit of [0, 2, 40]) {
        same(image, equalizeShortTiles(grid, limit, values), equalizeTiles(grid, limit, values, Uint16Array));
      }
    }
  });
});

test("a picture beyond a gibibyte is left to plain loops", () => {
  expect(workbench(layOut({ src: 2 ** 30 }))).toBeUndefined();
});
