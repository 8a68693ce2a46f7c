import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { toColor } from "../../src/core/color.js";
import { DecodeError, FrameMismatchError, UnsupportedError } from "../../src/core/errors.js";
import type { Frame } from "../../src/core/frame.js";
import { arrayOver, bytesOf, type Image, type ImageInfo, imageBytes } from "../../src/core/image.js";
import { decodeNpy } from "../../src/core/npy.js";
import type { ChunkFormat } from "../../src/store/chunk-format.js";
import { createStore } from "../../src/store/create-store.js";
import { openStore } from "../../src/store/open-store.js";

const gray: ImageInfo = { width: 66, height: 40, channels: 1, dtype: "uint8", color: "gray" };
const bgr: ImageInfo = { ...gray, channels: 3, color: "bgr" };

/** Every kind of frame that some store holds. */
const kinds: Record<string, ImageInfo> = {
  gray,
  bgr,
  bgra: { ...gray, channels: 4, color: "bgra" },
  gray16: { ...gray, dtype: "uint16" },
  bgr16: { ...bgr, dtype: "uint16" },
  "gray of odd size": { ...gray, width: 35, height: 23 },
  "bgr of odd size": { ...bgr, width: 35, height: 23 },
  "one pixel": { ...gray, width: 1, height: 1 },
  float: { ...gray, dtype: "float32" },
  complex: { ...gray, dtype: "complex128" },
  bool: { ...gray, dtype: "bool" },
  "seven channels": { ...gray, channels: 7, color: "none" },
};

/** A smooth picture with a bright square that moves: even lossy formats keep it. */
export function picture(info: ImageInfo, seed: number): Image {
  const { width, height, channels, dtype } = info;
  const data = arrayOver(dtype, new ArrayBuffer(imageBytes(info)), 0, imageBytes(info));
  const perPixel = data.length / (width * height);
  const depth = dtype === "uint16" ? 251 : 1;
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / perPixel);
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const inside = Math.abs(x - ((seed * 5) % width)) < 4 && Math.abs(y - height / 2) < 4;
    const value = inside ? 230 : 40 + ((x + y + seed * 3) % 100) + (i % channels) * 10;
    data[i] = dtype === "bool" ? value & 1 : value * depth + (depth > 1 ? seed : 0);
  }
  return { ...info, data };
}

/** Numbers with a gap, going beyond 2^32; times not quite even. */
function frameOf(info: ImageInfo, rank: number): Frame {
  const number = 2 ** 33 + rank + (rank > 4 ? 10 : 0);
  return { image: picture(info, rank), number, time: 1_700_000_000 + rank * 0.04 + (rank % 3) * 0.001 };
}

function psnr(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += (a[i]! - b[i]!) ** 2;
  return squares === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10((255 ** 2 * a.length) / squares);
}

/** What a store with this format must do. `formats` are all that a reader knows. */
export function testChunkFormat(format: ChunkFormat, formats: readonly ChunkFormat[]): void {
  const folder = mkdtempSync(join(tmpdir(), "marey-format-"));
  const chunkSize = 4;
  const length = 10;
  let stores = 0;
  const newPath = () => join(folder, `store ${stores++}`);

  const write = async (info: ImageInfo, count = length, path = newPath()): Promise<string> => {
    await using store = await createStore(path, { info, format: format.name, formats, chunkSize });
    for (let rank = 0; rank < count; rank++) await store.write(frameOf(info, rank));
    return path;
  };
  const pathOfChunk = (path: string, chunk: number) =>
    join(path, `00000${chunk}${format.layout === "video" ? format.extension : ""}`);

  /** Equal, or nearly so where the format is lossy; without the row and column that a video cannot hold. */
  const expectSame = (found: Image, given: Image, where: string): void => {
    const stored = format.storedAs(given)!;
    expect([found.width, found.height, found.color, found.dtype], where).toEqual([
      stored.width,
      stored.height,
      stored.color,
      stored.dtype,
    ]);
    if (format.lossless) {
      expect(Buffer.compare(bytesOf(found), bytesOf(given)), where).toBe(0);
      return;
    }
    const cropped = Uint8Array.from({ length: found.data.length }, (_, i) => {
      const row = Math.floor(i / (found.width * found.channels));
      return given.data[row * given.width * given.channels + (i % (found.width * found.channels))] as number;
    });
    expect(psnr(found.data as Uint8Array, cropped), where).toBeGreaterThan(26);
  };

  describe(format.name, () => {
    const held = Object.entries(kinds).filter(([, info]) => format.storedAs(info) !== undefined);

    test.each(held)("%s frames come back, each with its number and time", async (kind, info) => {
      await using store = await openStore(await write(info), { formats });
      expect(store.problems).toEqual([]);
      expect(store.chunks.map(({ start, count }) => [start, count])).toEqual([
        [0, 4],
        [4, 4],
        [8, 2],
      ]);
      let rank = 0;
      for await (const frame of store) {
        const given = frameOf(info, rank);
        expect([frame.index, frame.number, frame.time]).toEqual([rank, given.number, given.time]);
        expectSame(frame.image, given.image, `${kind} ${rank}`);
        expect(frame.image).toMatchObject(store.info);
        rank++;
      }
      expect(rank).toBe(length);
      for (const index of [9, 0, 5, 4, 3, 7, 8, 0]) {
        const { number } = frameOf(info, index);
        expectSame((await store.frame({ number })).image, picture(info, index), `${kind} ${index}`);
      }
    });

    test("any range of frames can be read, forwards and backwards, side by side", async () => {
      const info = held[0]![1];
      await using store = await openStore(await write(info), { formats });
      const read = async (range: { start?: number; stop?: number; step?: number }): Promise<number[]> => {
        const found: number[] = [];
        for await (const { index, image } of store.frames(range)) {
          expectSame(image, picture(info, index), `${index}`);
          found.push(index);
        }
        return found;
      };
      const [odd, back, few] = await Promise.all([
        read({ start: 1, step: 2 }),
        read({ step: -3 }),
        read({ start: 3, stop: -1 }),
      ]);
      expect(odd).toEqual([1, 3, 5, 7, 9]);
      expect(back).toEqual([9, 6, 3, 0]);
      expect(few).toEqual([3, 4, 5, 6, 7, 8]);
      for await (const frame of store) if (frame.index === 2) break; // leaving early lets go of the chunk
    });

    test.each(held.filter(([, { dtype, channels }]) => dtype.startsWith("uint") && channels < 7))(
      "Python reads %s frames with NumPy, OpenCV and PyYAML",
      async (kind, info) => {
        const path = await write(info);
        const script = new URL("../peers/read_store.py", import.meta.url).pathname;
        const seen = JSON.parse(
          execFileSync("/usr/bin/python3", [script, path, join(path, "..", "seen.npy")], {
            encoding: "utf8",
          }),
        );
        const stored = format.storedAs(info)!;
        const shape = [stored.height, stored.width, ...(stored.color === "gray" ? [] : [stored.channels])];
        expect(seen.store).toMatchObject({
          format: format.name,
          imgshape: shape,
          imgdtype: info.dtype,
          chunksize: chunkSize,
          version: 2,
          encoding: null,
        });
        expect(seen.frames).toEqual(
          Array.from({ length }, (_, rank) => {
            const { number, time } = frameOf(info, rank);
            return [Math.floor(rank / chunkSize), String(number), time];
          }),
        );
        const pictures = decodeNpy(readFileSync(join(path, "..", "seen.npy")));
        const size = pictures.data.length / length;
        if (
          format.layout === "video" &&
          !format.storeClass &&
          (info.dtype === "uint16" || info.color === "bgra")
        ) {
          // OpenCV decodes every video to 8-bit BGR, and imgstore takes four channels for no colour.
          const color = info.color === "bgr" ? "bgr" : "gray";
          expect(pictures.dtype).toBe("uint8");
          for (let rank = 0; rank < length; rank++) {
            const wanted = toColor(picture(info, rank), color).data;
            const seen = pictures.data.subarray(rank * size, (rank + 1) * size);
            expect(seen.length).toBe(wanted.length);
            const depth = info.dtype === "uint16" ? 257 : 1;
            for (let i = 0; i < size; i++) {
              const off = Math.abs(Number(seen[i]) - Number(wanted[i]) / depth);
              if (off > (depth > 1 ? 1.5 : 0)) expect.fail(`${kind} ${rank}: sample ${i} is ${off} off`);
            }
          }
          return;
        }
        expect(pictures.shape).toEqual([length, ...shape]);
        for (let rank = 0; rank < length; rank++) {
          const data = pictures.data.subarray(rank * size, (rank + 1) * size);
          expectSame({ ...stored, data }, picture(info, rank), `${kind} ${rank}`);
        }
      },
    );

    test("what it cannot hold is refused before anything is written", async () => {
      for (const [kind, info] of Object.entries(kinds)) {
        if (format.storedAs(info) !== undefined) continue;
        const path = newPath();
        const creating = createStore(path, { info, format: format.name, formats });
        await expect(creating, kind).rejects.toThrow(UnsupportedError);
        expect(existsSync(path), kind).toBe(false);
      }
    });

    test("a frame of another size is refused, and no other frame shifts", async () => {
      const info = held[0]![1];
      const path = newPath();
      {
        await using store = await createStore(path, { info, format: format.name, formats, chunkSize });
        for (let rank = 0; rank < length; rank++) {
          const wrong = { ...info, width: info.width + 2 };
          await expect(store.write({ ...frameOf(info, rank), image: picture(wrong, rank) })).rejects.toThrow(
            FrameMismatchError,
          );
          await store.write(frameOf(info, rank));
        }
      }
      await using store = await openStore(path, { formats });
      expect(store.index.length).toBe(length);
      for await (const { image, index } of store) expectSame(image, picture(info, index), `${index}`);
    });

    test("as many frames as fill the chunks leave no empty chunk behind", async () => {
      const path = await write(held[0]![1], 2 * chunkSize);
      expect(existsSync(pathOfChunk(path, 1))).toBe(true);
      expect(existsSync(pathOfChunk(path, 2))).toBe(false);
      await using store = await openStore(path, { formats });
      expect(store.index.length).toBe(2 * chunkSize);
    });

    test("a store without frames opens", async () => {
      await using store = await openStore(await write(held[0]![1], 0), { formats });
      expect(store.index.length).toBe(0);
      expect(store.problems).toEqual([]);
    });

    test("one damaged chunk spoils no other", async () => {
      const info = held[0]![1];
      const whole = await write(info);
      for (const damage of ["gone", "empty", "cut short"]) {
        const path = newPath();
        cpSync(whole, path, { recursive: true });
        const chunk = pathOfChunk(path, 1);
        const files =
          format.layout === "video" ? [chunk] : readdirSync(chunk).map((name) => join(chunk, name));
        for (const file of files.filter((name) => name.endsWith(format.extension))) {
          if (damage === "gone") rmSync(file);
          else truncateSync(file, damage === "empty" ? 0 : 20);
        }
        await using store = await openStore(path, { formats });
        for (let index = 0; index < store.index.length; index++) {
          const { chunk: entry } = {
            chunk: store.chunks.find((c) => index >= c.start && index < c.start + c.count)!,
          };
          const reading = store.frame({ index });
          if (entry.number === 1) await expect(reading, `${damage} ${index}`).rejects.toThrow(DecodeError);
          else expectSame((await reading).image, picture(info, rankOf(store.index.number(index))), damage);
        }
        if (damage === "gone" && format.layout === "video") expect(store.problems.length).toBeGreaterThan(0);
      }
    });

    test("an aborted store leaves nothing", async () => {
      const info = held[0]![1];
      const path = newPath();
      const store = await createStore(path, { info, format: format.name, formats, chunkSize });
      for (let rank = 0; rank < 6; rank++) await store.write(frameOf(info, rank));
      await store.abort();
      await store.close();
      expect(existsSync(path)).toBe(false);
    });
  });
}

function rankOf(number: number | bigint): number {
  const rank = Number(number) - 2 ** 33;
  return rank > 14 ? rank - 10 : rank;
}
