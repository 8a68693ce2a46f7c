import { expect, test } from "vitest";
import { toColor } from "../src/core/color.js";
import type { Image, ImageInfo } from "../src/core/image.js";
import { bayer, type RedSite } from "../src/core/pixels/bayer.js";
import { blurBytes, blurBytesPlain } from "../src/transforms/kernels/blur-bytes.js";
import { blurShorts, blurShortsPlain } from "../src/transforms/kernels/blur-shorts.js";
import { boxBytes, boxBytesPlain } from "../src/transforms/kernels/box-bytes.js";
import { demosaicBytes } from "../src/transforms/kernels/demosaic-bytes.js";
import { equalizeColors, equalizeColorsPlain } from "../src/transforms/kernels/equalize-colors.js";
import { equalizeShortTiles } from "../src/transforms/kernels/equalize-short-tiles.js";
import { equalizeByteTiles, equalizeTiles } from "../src/transforms/kernels/equalize-tiles.js";
import { extremes, extremesPlain } from "../src/transforms/kernels/extremes.js";
import { gaussianBytes, gaussianShorts } from "../src/transforms/kernels/gaussian-weights.js";
import { grayPicture, weightedBytes, weightedBytesPlain } from "../src/transforms/kernels/gray-picture.js";
import { halveWithVectors } from "../src/transforms/kernels/halve-with-vectors.js";
import { byteHistogram, histogram } from "../src/transforms/kernels/histogram.js";
import { interpolations } from "../src/transforms/kernels/interpolation.js";
import { mapThroughTablePlain, tableMapper } from "../src/transforms/kernels/map-samples.js";
import {
  type MedianSamples,
  medianByCountsPlain,
  medianPlain,
  medianSamples,
} from "../src/transforms/kernels/median-samples.js";
import { bytesMixer, mixBytesPlain } from "../src/transforms/kernels/mix-bytes.js";
import { channelMover, moveChannelsPlain } from "../src/transforms/kernels/move-channels.js";
import { levelPainter, paintLevelsPlain } from "../src/transforms/kernels/paint-levels.js";
import { areaResizer, areaResizerPlain, halved } from "../src/transforms/kernels/resize-area.js";
import {
  linearBytesResizer,
  linearBytesResizerPlain,
} from "../src/transforms/kernels/resize-linear-bytes.js";
import { nearestResizer, nearestResizerPlain } from "../src/transforms/kernels/resize-nearest.js";
import { tapsBytesResizer, tapsBytesResizerPlain } from "../src/transforms/kernels/resize-taps-bytes.js";
import { scaleToBytes, scaleToBytesPlain } from "../src/transforms/kernels/scale-to-bytes.js";
import { sharpenBytes, sharpenBytesPlain } from "../src/transforms/kernels/sharpen-bytes.js";
import { shiftColors, shiftColorsPlain } from "../src/transforms/kernels/shift-colors.js";
import { tileGrid } from "../src/transforms/kernels/tile-grid.js";
import type { Line } from "../src/transforms/kernels/tone-bytes.js";
import { turned, turnedPlain } from "../src/transforms/kernels/turn.js";
import { affineWarper, affineWarperPlain, turnMatrix } from "../src/transforms/kernels/warp-affine.js";
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

test("halving with vectors is halving", () => {
  for (const [width, height] of sizes) {
    for (const color of colors) {
      const image = noiseImage({ width: 2 * width, height: 2 * height, dtype: "uint8", color }, width);
      const out = { ...image, width, height };
      same(image, halveWithVectors(out)!, () => halved(image, out).data as Uint8Array);
    }
  }
});

test("colours of a mosaic are found with vectors as without them, wherever red stands", () => {
  for (const [width, height] of [...sizes, [3, 3], [1283, 37], [30_000, 4]] as const) {
    const image = noiseImage({ width, height, dtype: "uint8", color: "gray" }, width);
    for (const site of [0, 1, 2, 3]) {
      const red = { row: site >> 1, column: site & 1 } as RedSite;
      const fast = demosaicBytes(width, height, red);
      expect(fast !== undefined).toBe(width > 2 && height > 2);
      if (fast) same(image, fast, () => bayer(red).decode(image).data as Uint8Array);
    }
  }
});

test("channels are put anew with vectors as without them, in any dtype", () => {
  for (const dtype of ["uint8", "uint16"] as const) {
    everyPicture(dtype, (image) => {
      for (const places of [[0], [-1, 0, -1], [image.channels - 1, 0, 0, -1]]) {
        const out: ImageInfo = { ...image, channels: places.length, color: "none" };
        same(
          image,
          () => channelMover(image, out, places, 200)(image).data as Uint8Array,
          () => moveChannelsPlain(image, out, places, 200).data as Uint8Array,
        );
      }
    });
  }
});

test("pictures are turned with vectors as without them", () => {
  for (const dtype of ["uint8", "uint16"] as const) {
    everyPicture(dtype, (image) => {
      for (const turn of ["transpose", 90, 180, 270] as const) {
        const [fast, plain] = [turned(image, turn), turnedPlain(image, turn)];
        expect([fast.width, fast.height]).toEqual([plain.width, plain.height]);
        same(
          image,
          () => fast.data as Uint8Array,
          () => plain.data as Uint8Array,
        );
      }
    });
  }
});

test("tables with vectors are tables: negatives, lines, thresholds and any other", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const limited = (value: number): number => Math.max(0, Math.min(255, Math.floor(value + 0.5)));
  const tables: [Uint8Array, Line?][] = [
    [bytes.map((i) => 255 - i)],
    [bytes.map((i) => limited(1.5 * i - 20)), { slope: 1.5, offset: -20 }],
    [bytes.map((i) => limited(-0.37 * i + 300.1)), { slope: -0.37, offset: 300.1 }],
    [bytes.map((i) => (i > 99 ? 255 : 0))],
    [bytes.map(() => 255)],
    [bytes.map(() => 0)],
    [bytes.map((i) => (i * 77) & 255)],
  ];
  everyPicture("uint8", (image) => {
    for (const [table, line] of tables) {
      same(
        image,
        () => tableMapper(image, table, line)(image).data as Uint8Array,
        () => mapThroughTablePlain(image, table).data as Uint8Array,
      );
    }
  });
});

test("a line that single precision would round otherwise is looked up", () => {
  const line = { slope: 0.1, offset: 0.05 };
  const table = Uint8Array.from({ length: 256 }, (_, i) => Math.floor(line.slope * i + line.offset + 0.5));
  const all = noiseImage({ width: 257, height: 9, dtype: "uint8", color: "gray" }, 1);
  same(
    all,
    () => tableMapper(all, table, line)(all).data as Uint8Array,
    () => mapThroughTablePlain(all, table).data as Uint8Array,
  );
});

test("colours are mixed and weighted with vectors as without them", () => {
  const rows = [
    [0.8, 0.25, 0, -3.5],
    [0, 1.5, -0.5, 0.5],
    [1 / 3, 1 / 3, 1 / 3, 100],
  ] as const;
  everyPicture("uint8", (image) => {
    if (image.channels < 3) return;
    same(
      image,
      () => bytesMixer(image, rows)(image).data as Uint8Array,
      () => mixBytesPlain(image, rows).data as Uint8Array,
    );
    const out: ImageInfo = { ...image, channels: 1, color: "gray" };
    for (const weights of [[1 / 3, 1 / 3, 1 / 3] as const, [-1, 2.5, 0.3] as const]) {
      same(
        image,
        () => weightedBytes(image, out, weights, 255)(image).data as Uint8Array,
        () => weightedBytesPlain(image, out, weights, 255).data as Uint8Array,
      );
    }
    same(
      image,
      () => grayPicture(image).data as Uint8Array,
      () => toColor(image, "gray").data as Uint8Array,
    );
  });
});

test("a picture that fills many strips, and begins anywhere in its memory, has no seams", () => {
  const { data, ...info } = noiseImage({ width: 331, height: 127, dtype: "uint8", color: "bgr" }, 5);
  const shifted = new Uint8Array(data.length + 1);
  shifted.set(data as Uint8Array, 1);
  const image: Image = { ...info, data: shifted.subarray(1) };
  const out: ImageInfo = { ...info, channels: 4, color: "bgra" };
  same(
    image,
    () => channelMover(image, out, [2, 1, 0, -1], 255)(image).data as Uint8Array,
    () => moveChannelsPlain(image, out, [2, 1, 0, -1], 255).data as Uint8Array,
  );
  same(
    image,
    () => turned(image, 180).data as Uint8Array,
    () => turnedPlain(image, 180).data as Uint8Array,
  );
});

test("a picture that fills many bands has no seams", () => {
  for (const dtype of ["uint8", "uint16"] as const) {
    const image = noiseImage({ width: 331, height: 262, dtype, color: "bgr" }, 6);
    for (const size of [3, 5]) same(image, medianSamples(dtype, image, size), medianPlain(image, size));
    if (dtype !== "uint8") continue;
    const half = { ...image, width: 165, height: 131 };
    const even = noiseImage({ width: 330, height: 262, dtype, color: "bgr" }, 7);
    same(even, halveWithVectors(half)!, () => halved(even, half).data as Uint8Array);
    for (const [width, height] of [
      [640, 391],
      [200, 100],
      [50, 9],
      [331, 1],
    ] as const) {
      const out = { ...image, width, height };
      same(
        image,
        () => linearBytesResizer(image, out)(image).data as Uint8Array,
        () => linearBytesResizerPlain(image, out)(image).data as Uint8Array,
      );
    }
  }
});

test("resizing with vectors is resizing, by every method", () => {
  everyPicture("uint8", (image) => {
    for (const [width, height] of [
      [1, 1],
      [image.width, image.height + 3],
      [2 * image.width + 1, image.height],
      [Math.ceil(image.width / 3), Math.ceil(image.height / 2)],
      [47, 29],
    ] as const) {
      const out = { ...image, width, height };
      const bytes = (made: Image): Uint8Array => made.data as Uint8Array;
      const both = [
        [linearBytesResizer(image, out), linearBytesResizerPlain(image, out)],
        [tapsBytesResizer(image, out, "cubic"), tapsBytesResizerPlain(image, out, "cubic")],
        [tapsBytesResizer(image, out, "lanczos"), tapsBytesResizerPlain(image, out, "lanczos")],
        [nearestResizer(image, out), nearestResizerPlain(image, out)],
        ...(width <= image.width && height <= image.height && (width < image.width || height < image.height)
          ? [[areaResizer(image, out), areaResizerPlain(image, out)] as const]
          : []),
      ] as const;
      for (const [fast, plain] of both) {
        same(
          image,
          () => bytes(fast(image)),
          () => bytes(plain(image)),
        );
      }
    }
  });
});

test("moving with vectors is moving, by every interpolation, over every edge", () => {
  everyPicture("uint8", (image) => {
    const { width, height } = image;
    const border = [200, 3, 90, 255].slice(0, image.channels);
    for (const [out, matrix] of [
      [image, turnMatrix(20, 1.1, [width / 2, height / 3], [width / 2, height / 2])],
      [{ ...image, width: 45, height: 31 }, turnMatrix(-100, 0.4, [1, 2], [10.3, 7.7])],
      [image, [1, 0, -2, 0, 1, 1]],
      [image, [1, 0, 1e5, 0, 1, 0]],
    ] as const) {
      for (const kind of interpolations) {
        same(
          image,
          () => affineWarper(image, out, matrix, kind, border)(image).data as Uint8Array,
          () => affineWarperPlain(image, out, matrix, kind, border)(image).data as Uint8Array,
        );
      }
    }
  });
});

test("counting and scaling with vectors is counting and scaling, of what is no number, too", () => {
  everyPicture("uint8", (image) => {
    const data = image.data as Uint8Array;
    expect(histogram(data, 256)).toEqual(byteHistogram(data));
    const before = data.subarray(0, image.width * image.height);
    if (image.channels < 3) return;
    same(
      image,
      () => shiftColors(image, before, before.toReversed()).data as Uint8Array,
      () => shiftColorsPlain(image, before, before.toReversed()).data as Uint8Array,
    );
  });
  const long = Uint8Array.from({ length: 200_001 }, (_, i) => (i * i) >> 3);
  expect(histogram(long, 256)).toEqual(byteHistogram(long));
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -1e30, 0.5];
  everyPicture("uint16", ({ data }) => {
    const floats = Float32Array.from([...odd, ...(data as Uint16Array)]);
    for (const limits of [[0, 65_535] as const, [-3.7, 510] as const, [1000, 1510] as const]) {
      for (const numbers of [data as Uint16Array, floats]) {
        expect(scaleToBytes(numbers, limits)).toEqual(scaleToBytesPlain(numbers, limits));
      }
    }
    for (const numbers of [data as Uint16Array, floats, Float32Array.from(odd.slice(0, 3))]) {
      expect(extremes(numbers)).toEqual(extremesPlain(numbers));
      expect(extremes(numbers.subarray(1, 8))).toEqual(extremesPlain(numbers.subarray(1, 8)));
    }
  });
});

test("what lies at a half, or next to it, is rounded with vectors as without them", () => {
  const all = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  for (const limits of [
    [0, 510] as const,
    [3, 51_003] as const,
    [0, 65_535] as const,
    [7.5, 4087.5] as const,
  ]) {
    expect(scaleToBytes(all, limits)).toEqual(scaleToBytesPlain(all, limits));
  }
  // The floats around each half, between limits of any size.
  for (const [least, most] of [
    [0, 1],
    [Math.fround(-0.1), Math.fround(1e-3)],
    [0.1, 0.7],
    [-3e38, 3e38],
    [1e-40, 3e-40],
    [-1e30, Math.fround(2.5e30)],
    [1e7, 1e7 + 300],
  ] as const) {
    const halves = Float32Array.from({ length: 255 * 9 }, (_, i) => {
      const half = Math.floor(i / 9) + 0.5 + ((i % 9) - 4) * 1e-5;
      return least + (half / 255) * (most - least);
    });
    expect(scaleToBytes(halves, [least, most])).toEqual(scaleToBytesPlain(halves, [least, most]));
    expect(extremes(halves)).toEqual(extremesPlain(halves));
  }
});

test("levels are painted with vectors as without them", () => {
  const table = Uint32Array.from({ length: 256 }, (_, i) => (i * 0x9e3779) & 0xffffff);
  everyPicture("uint8", (image) => {
    same(image, levelPainter(table), (levels: Uint8Array) => paintLevelsPlain(levels, table));
  });
});

test("resizing keeps even gray, white and black, though weights are rounded", () => {
  for (const level of [0, 1, 127, 255]) {
    const image: Image = { ...noiseImage({ width: 50, height: 40, dtype: "uint8", color: "bgr" }, 1) };
    (image.data as Uint8Array).fill(level);
    for (const [width, height] of [
      [77, 61],
      [333, 41],
    ] as const) {
      for (const kind of ["cubic", "lanczos"] as const) {
        const made = tapsBytesResizer(image, { ...image, width, height }, kind)(image).data as Uint8Array;
        expect(made.every((sample) => sample === level)).toBe(true);
      }
    }
  }
});

test("a picture beyond a gibibyte is left to plain loops", () => {
  expect(workbench(layOut({ src: 2 ** 30 }))).toBeUndefined();
});
