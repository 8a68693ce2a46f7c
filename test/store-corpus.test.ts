import { describe, expect, test } from "vitest";
import { UnsupportedError } from "../src/core/errors.js";
import { bytesOf, type Image } from "../src/core/image.js";
import { avc1Mp4 } from "../src/formats/avc1-mp4.js";
import { bmp } from "../src/formats/bmp.js";
import { h264Mkv } from "../src/formats/h264-mkv.js";
import { jpg } from "../src/formats/jpg.js";
import { mjpegAvi } from "../src/formats/mjpeg-avi.js";
import { npy } from "../src/formats/npy.js";
import { pgm } from "../src/formats/pgm.js";
import { png } from "../src/formats/png.js";
import { ppm } from "../src/formats/ppm.js";
import { tif } from "../src/formats/tif.js";

import { openStore } from "../src/store/open-store.js";
import type { StoreReader } from "../src/store/store-reader.js";
import {
  asPythonGives,
  corpusPath,
  corpusStores,
  decodedBy,
  type Expected,
  expectedOf,
  sha256,
  spelled,
} from "./peers/imgstore-corpus.js";

const formats = [npy, png, tif, bmp, ppm, pgm, jpg, mjpegAvi, avc1Mp4, h264Mkv];

/** Stores that Python's imgstore cannot open, and the frame numbers and times that are to be had of them. */
const pythonCannot: Record<string, "refused" | readonly (readonly [number | bigint, number])[]> = {
  meta_version1: "refused",
  meta_version3: "refused",
  meta_unknown_class: "refused",
  crash_first_chunk_mjpeg: [],
  crash_first_chunk_mp4: [],
  vid_mkv_zero_frames: [],
  vid_mp4_zero_frames: [],
  chunk_zero_missing_mjpeg: everyFortyMs([3, 4, 5, 6, 7, 8], 3),
  meta_bad_timezone: everyFortyMs([0, 1, 2, 3, 4]),
  meta_missing_encoding_key: everyFortyMs([0, 1, 2, 3, 4]),
  stray_video: everyFortyMs([0, 1, 2, 3, 4]),
  num_uint64_overflow: everyFortyMs([2n ** 63n, 2n ** 63n + 1n]),
  time_none: [0, 1, 2].map((number) => [number, number === 0 ? Number.NaN : number] as const),
};

function everyFortyMs<N>(numbers: readonly N[], first = 0): [N, number][] {
  return numbers.map((number, i) => [number, Number((1_700_000_000.25 + (first + i) * 0.04).toFixed(2))]);
}

/** What is read here, but Python gives something else, because it is wrong. */
const pythonIsWrong: Record<string, string> = {
  dir_tif_float32: "float pictures come back as None",
  dir_tif_bgra: "pictures with alpha come back gray",
};

function open(name: string): Promise<StoreReader> {
  return openStore(corpusPath(name), { formats });
}

/** Peak signal-to-noise ratio, in dB, of two runs of bytes. */
function psnr(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += (a[i]! - b[i]!) ** 2;
  return squares === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10((255 ** 2 * a.length) / squares);
}

function expectPicture(image: Image, expected: Expected, index: number): void {
  const frame = expected.frames[index]!;
  const where = `${expected.name} frame ${index}`;
  const bytes = asPythonGives(image, frame, expected.format);
  const shape =
    image.color === "gray" ? [image.height, image.width] : [image.height, image.width, image.channels];
  // (h, w, 1) arrays are gray here.
  const expectedShape = frame.shape!.at(2) === 1 ? frame.shape!.slice(0, 2) : frame.shape;
  expect(shape, where).toEqual(expectedShape);
  if (sha256(bytes) === frame.sha256) return;
  // Decoders of lossy formats may round differently; more than that is a different picture.
  const decoded = decodedBy(expected.name);
  expect(decoded, `${where} differs, and is not lossy`).toBeDefined();
  const size = bytes.length;
  const theirs = (decoded!.data as Uint8Array).subarray(index * size, (index + 1) * size);
  expect(psnr(bytes, theirs), where).toBeGreaterThan(40);
}

for (const name of corpusStores) {
  const expected = expectedOf(name);
  const cannot = pythonCannot[name];
  if (expected.open_error !== undefined) {
    test(`${name}: Python cannot open it, but ${cannot === "refused" ? "rightly so" : "it is read here"}`, async () => {
      expect(cannot, "is listed above").toBeDefined();
      if (cannot === "refused" || cannot === undefined) {
        await expect(open(name)).rejects.toThrow(UnsupportedError);
        return;
      }
      await using store = await open(name);
      const { index } = store;
      const stamps = Array.from({ length: index.length }, (_, i) => [index.number(i), index.time(i)]);
      expect(stamps).toEqual(cannot);
      for await (const { image } of store) expect(image).toMatchObject(store.info);
    });
    continue;
  }

  describe(name, () => {
    test("metadata and index are what Python reads", async () => {
      await using store = await open(name);
      const { metadata, index } = store;
      expect(metadata.format).toBe(expected.format);
      expect(metadata.encoding ?? "").toBe(expected.encoding ?? "");
      expect(metadata.imgshape).toEqual(expected.imgshape);
      expect(metadata.imgdtype).toBe(expected.imgdtype);
      expect(metadata.chunkSize).toBe(expected.chunksize);
      expect(store.uuid ?? null).toBe(expected.uuid);
      if (name !== "repo_store_mp4") {
        const iso = expected.created_utc.replace(/(\.\d{3})\d+/, "$1");
        expect(store.created.toISOString()).toBe(new Date(iso).toISOString());
      }
      expect(store.userMetadata).toEqual(spelled(expected.user_metadata));
      expect(store.chunks.map((chunk) => chunk.number)).toEqual(expected.chunks);
      const stamps = Array.from({ length: index.length }, (_, i) => [index.number(i), index.time(i)]);
      const theirs = expected.frame_metadata.map((stamp) =>
        stamp.map((value) => (value === null ? Number.NaN : spelled(value))),
      );
      expect(stamps).toEqual(theirs);
    });

    test("frames are found where Python finds them", async () => {
      await using store = await open(name);
      const rank = (place: { chunk: number; frame_idx: number } | null): number | undefined =>
        place === null
          ? undefined
          : expected.frames.find((f) => f.chunk === place.chunk && f.frame_idx === place.frame_idx)!
              .frame_index;
      const locate = (address: Parameters<StoreReader["index"]["locate"]>[0]): number | undefined => {
        try {
          return store.index.locate(address);
        } catch {
          return undefined;
        }
      };
      const known = expected.frame_metadata.every((stamp) => stamp.every((value) => value !== null));
      for (const { frame_number, exact, nearest } of expected.find_by_frame_number) {
        const number = spelled(frame_number) as number;
        if (exact === null || !("error" in exact)) expect(locate({ number }), `${number}`).toBe(rank(exact));
        // One frame without a number is the nearest to everything, for Python.
        if (known && !("error" in nearest) && Number.isSafeInteger(number)) {
          expect(locate({ number, match: "nearest" }), `${number}`).toBe(rank(nearest));
        }
      }
      for (const place of known ? expected.find_nearest_time : []) {
        if ("error" in place) continue;
        const time = spelled(place.frame_time) as number;
        if (Number.isFinite(time)) expect(locate({ time, match: "nearest" }), `${time}`).toBe(rank(place));
      }
    });

    test("every picture is the one that Python gives, in any order", async () => {
      await using store = await open(name);
      const wrong = pythonIsWrong[name];
      for (const frame of expected.frames.toReversed()) {
        if (frame.sha256 === undefined && wrong === undefined) {
          await expect(store.frame({ index: frame.frame_index })).rejects.toMatchObject({ code: "DECODE" });
          continue;
        }
        const { image } = await store.frame({ index: frame.frame_index });
        if (wrong === undefined) expectPicture(image, expected, frame.frame_index);
        else expect(sha256(bytesOf(image)), wrong).toBe(expected.written![frame.frame_index]!.sha256);
      }
    });

    test("reading on gives the same pictures", async () => {
      await using store = await open(name);
      if (expected.frames.some((frame) => frame.sha256 === undefined) || pythonIsWrong[name]) return;
      let count = 0;
      for await (const frame of store) {
        expect(frame.index).toBe(count);
        expectPicture(frame.image, expected, count++);
      }
      expect(count).toBe(expected.frame_count);
    });

    const rows = expected.extra_data_ignore_corrupt ?? expected.extra_data;
    test("extra data has all the rows that Python finds", async () => {
      await using store = await open(name);
      const found = await store.extraData();
      const theirs = (rows?.rows ?? []).map((row) =>
        Object.fromEntries(
          row
            .map((value, column) => [rows!.columns[column]!, loosely(spelled(value))])
            .filter(([, v]) => v !== "-"),
        ),
      );
      const ours = found.map((row) =>
        Object.fromEntries(
          Object.entries(row)
            .map(([k, v]) => [k, loosely(v)])
            .filter(([, v]) => v !== "-"),
        ),
      );
      if (expected.extra_data && "error" in expected.extra_data) {
        // Python gives up a file that is cut short; its whole rows are read here.
        expect(store.problems.map(({ message }) => message).join()).toMatch(/cut short/);
        expect(ours.length).toBeGreaterThanOrEqual(theirs.length);
        for (const row of theirs) expect(ours).toContainEqual(row);
      } else {
        expect(ours).toEqual(theirs);
      }
    });
  });
}

/** pandas turns what is missing into NaN, and integers in such columns into doubles. */
function loosely(value: unknown): unknown {
  if (value === null || value === undefined || (typeof value === "number" && Number.isNaN(value))) return "-";
  return typeof value === "bigint" ? Number(value) : value;
}
