import { describe, expect, test } from "vitest";
import type { Camera, CameraDriver, CameraFrame, CameraOptions } from "../../src/capture/camera.js";
import { CameraError } from "../../src/core/errors.js";
import { dtypeBytes, type ImageInfo } from "../../src/core/image.js";

/** A camera that is there, and what to expect of it. */
export interface CameraCase {
  readonly driver: CameraDriver;
  /** Of a camera that goes on for two seconds at least. */
  readonly address: string;
  readonly options?: CameraOptions;
  /** Frames that are asked for. */
  readonly frames: number;
  /** Of no camera. */
  readonly nonsense: string;
  /** What the error about it must say: what there is, or how an address is written. */
  readonly advice: RegExp;
  /** Of a camera that falls silent, with what makes it do so; absent where none can be made to. */
  readonly silent?: { readonly address: string; readonly options: CameraOptions };
}

function isOf(info: ImageInfo, { image }: CameraFrame): boolean {
  const { width, height, channels, dtype, color, data } = image;
  const bytes = width * height * channels * dtypeBytes(dtype);
  return (
    width === info.width &&
    height === info.height &&
    channels === info.channels &&
    dtype === info.dtype &&
    color === info.color &&
    data.byteLength === bytes
  );
}

/** What is true of every camera. */
export function testCamera(given: CameraCase): void {
  const { driver, address, options = {}, frames: count } = given;
  const open = (more: CameraOptions = {}): Promise<Camera> => driver.open(address, { ...options, ...more });
  const name = `${driver.scheme}:${address}`;

  describe(`camera ${name}`, () => {
    test("frames flow, their numbers rise, their times never fall, and each is what the camera says", async () => {
      await using camera = await open();
      expect(camera.id).not.toBe("");
      expect(camera.rate ?? 1).toBeGreaterThan(0);
      JSON.stringify(camera.describe?.() ?? {});
      const seen: CameraFrame[] = [];
      for await (const frame of camera) {
        expect(isOf(camera.info, frame)).toBe(true);
        seen.push(frame);
        if (seen.length === count) break;
      }
      expect(seen.length).toBe(count);
      const buffers = new Set(seen.map(({ image }) => image.data.buffer));
      expect(buffers.size, "no two frames share their memory").toBe(count);
      for (const [at, frame] of seen.entries()) {
        const before = seen[at - 1];
        expect(Number.isFinite(frame.time)).toBe(true);
        if (camera.clock) expect(Number.isFinite(frame.cameraTime)).toBe(true);
        if (!before) continue;
        expect(frame.number > before.number).toBe(true);
        expect(frame.time).toBeGreaterThanOrEqual(before.time);
        if (!camera.counts) expect(Number(frame.number)).toBe(Number(before.number) + 1);
        if (frame.arrived !== undefined) {
          expect(frame.arrived).toBeGreaterThanOrEqual(before.arrived!);
          expect(frame.arrived).toBeLessThanOrEqual(Number(process.hrtime.bigint()) / 1e9 + 0.001);
        }
      }
      if (!camera.counts) expect(Number(seen[0]!.number)).toBe(0);
    });

    test("leaving the loop stops it, and another loop starts it anew", async () => {
      await using camera = await open();
      for (let turn = 0; turn < 2; turn++) {
        let found = 0;
        for await (const _ of camera) if (++found === 2) break;
        expect(found).toBe(2);
      }
    });

    test("closing ends the loop that waits; twice is no harm, and nothing comes after", async () => {
      const camera = await open();
      let found = 0;
      for await (const _ of camera) {
        if (++found === 2) setImmediate(() => void camera.close());
        if (found === 1000) break;
      }
      expect(found).toBeLessThan(1000);
      await camera.close();
      for await (const _ of camera) expect.fail("a closed camera gave a frame");
    });

    test("its signal closes it, before the first frame and after", async () => {
      const early = AbortSignal.abort();
      let camera: Camera | undefined;
      try {
        camera = await open({ signal: early });
        for await (const _ of camera) expect.fail("an aborted camera gave a frame");
      } catch (error) {
        if (error !== early.reason) throw error;
      } finally {
        await camera?.close();
      }
      const abort = new AbortController();
      await using other = await open({ signal: abort.signal });
      let found = 0;
      for await (const _ of other) {
        if (++found === 2) setImmediate(() => abort.abort());
        if (found === 1000) break;
      }
      expect(found).toBeLessThan(1000);
    });

    test("opening what is no camera says what there is", async () => {
      const failure = await driver.open(given.nonsense, options).then(
        (camera) => camera.close().then(() => undefined),
        (error) => error,
      );
      expect(failure).toBeInstanceOf(CameraError);
      expect(failure.message).toMatch(given.advice);
    });

    test("a setting that it does not have is refused by name", async () => {
      const settings = { ...options.settings, no_such_setting: 1 };
      const failure = await open({ settings }).then(
        (camera) => camera.close().then(() => undefined),
        (error) => error,
      );
      expect(failure).toBeInstanceOf(CameraError);
      expect(failure.message).toMatch(/no_such_setting/);
    });

    test("listing is quick to read: addresses, titles, modes with sizes and rates", async () => {
      for (const { address: listed, title, modes = [], settings = {} } of await driver.list()) {
        expect(listed).not.toBe("");
        expect(title).not.toBe("");
        for (const { width, height, rates, pixelFormat } of modes) {
          expect(width > 0 && height > 0 && pixelFormat !== "").toBe(true);
          expect(rates).toEqual([...rates].sort((a, b) => b - a));
        }
        for (const looks of Object.values(settings)) expect(looks).not.toBe("");
      }
    });

    const { silent } = given;
    if (silent) {
      test("one that falls silent is lost, with an error that says for how long", async () => {
        await using camera = await driver.open(silent.address, silent.options);
        const failure = await (async () => {
          for await (const _ of camera);
        })().then(
          () => undefined,
          (error) => error,
        );
        expect(failure).toBeInstanceOf(CameraError);
        expect(failure.message).toMatch(/\d s/);
      });
    }
  });
}
