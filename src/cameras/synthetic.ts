import type { Camera, CameraDriver, CameraFrame, CameraListing, CameraOptions } from "../capture/camera.js";
import { smallestPainted, smallestPaintedMosaic } from "../capture/painted-number.js";
import { sleepUntil } from "../capture/sleep-until.js";
import { CameraError } from "../core/errors.js";
import type { Image, ImageInfo } from "../core/image.js";
import { chance } from "./synthetic/chance.js";
import { type Faults, faultSettings, readFaults } from "./synthetic/faults.js";
import { createPainter } from "./synthetic/painter.js";

export interface SyntheticOptions extends CameraOptions {
  /** The number of the first frame. @default 0 */
  readonly firstNumber?: number;
  /** Frames to give, those that are lost on the way included. @default no end */
  readonly frames?: number;
  /**
   * `real`: each frame comes when it is due, and a reader who is too slow loses frames, as with any camera.
   * `free`: frames come as fast as they are asked for; times are still 1 / rate apart. @default "real"
   */
  readonly pace?: "real" | "free";
  /** Time of the first frame, in seconds since 1970. @default now */
  readonly firstTime?: number;
}

/** Frames that wait for a slow reader, as in a camera driver. */
const buffers = 16;

/**
 * A camera made of arithmetic: a moving pattern with the frame's number painted into it (see `paintNumber`), so
 * that whatever comes out of a store or a video later can be checked against what went in. As a mosaic it is the pattern
 * in colour, of which each pixel has one; the number is black and white in all of them.
 *
 * It misbehaves on demand, by `settings`: see `synthetic`. What happens to a frame follows from the seed and its
 * number alone.
 * @throws {CameraError} if the size or rate is out of range, or a setting is not known.
 */
export function syntheticCamera(options: SyntheticOptions = {}): Camera {
  return new SyntheticCamera(options);
}

/**
 * Opens `synthetic:` with an address such as "1280x1024@100,drop=0.01", each part optional: size, rate, and settings that
 * say what goes wrong. Seconds count from the first frame on.
 *
 * - `drop=0.01`: that share of frames is lost at random; their numbers are missing.
 * - `stall=5+2`: silent for 2 s from second 5 on; the frames of that time are lost.
 * - `jump=8+3`, `jump=8-3600`: at second 8 its clock jumps by so much.
 * - `die=20`: at second 20 it is lost (a `CameraError`); `crash=20`: its process is aborted.
 * - `garbage=4`: the frame at second 4 has only half of its rows; `resize=4`: all from then on.
 * - `drift=50`: its clock, by which it times its frames, is 50 ppm too fast.
 * - `jitter=0.002`: frames arrive up to 2 ms late. `seed=3`: other chances.
 */
export const synthetic: CameraDriver = {
  scheme: "synthetic",
  list: async (): Promise<CameraListing[]> => [
    { address: "640x480@25", title: "Synthetic camera, any size and rate", settings: faultSettings },
  ],
  open: async (address, options = {}) => {
    const asked = parseAddress(address);
    return syntheticCamera({ ...asked, ...options, settings: { ...asked.settings, ...options.settings } });
  },
};

function parseAddress(address: string): CameraOptions {
  const [first = "", ...rest] = address.split(",");
  const pairs = first.includes("=") ? [first, ...rest] : rest;
  const match = /^(?:(\d+)x(\d+))?(?:@(\d+(?:\.\d+)?))?$/.exec(first.includes("=") ? "" : first);
  if (!match || !pairs.every((pair) => /^[^=]+=[^=]+$/.test(pair))) {
    const form = "WIDTHxHEIGHT@RATE,SETTING=VALUE,…, as in 640x480@25 or 640x480@25,drop=0.01";
    throw new CameraError(`synthetic:${address}`, `an address is ${form}`);
  }
  const [, width, height, rate] = match;
  return {
    ...(width && { width: Number(width), height: Number(height) }),
    ...(rate && { rate: Number(rate) }),
    settings: Object.fromEntries(pairs.map((pair) => pair.split("=") as [string, string])),
  };
}

/** What the chances are taken for. */
const purpose = { clock: 0, drop: 1, jitter: 2 } as const;

class SyntheticCamera implements Camera {
  readonly id: string;
  readonly info: ImageInfo;
  readonly rate: number;
  readonly counts = true;
  readonly waits: boolean;
  readonly clock = "camera";
  readonly #options: SyntheticOptions;
  readonly #faults: Faults;
  readonly #closed = new AbortController();

  constructor(options: SyntheticOptions) {
    const { width = 640, height = 480, rate = 25, dtype = "uint8", color = "gray" } = options;
    this.id = `synthetic:${width}x${height}@${rate}`;
    const smallest = color.startsWith("bayer-") ? smallestPaintedMosaic : smallestPainted;
    for (const [name, value, least] of [
      ["width", width, smallest.width],
      ["height", height, smallest.height],
    ] as const) {
      if (!Number.isInteger(value) || value < least || value > 32768) {
        throw new CameraError(this.id, `${name} must be an integer from ${least} to 32768, got ${value}`);
      }
    }
    if (!(rate > 0 && rate <= 100_000)) {
      throw new CameraError(this.id, `rate must be above 0 and at most 100000 frames a second, got ${rate}`);
    }
    this.info = { width, height, channels: color === "bgr" ? 3 : 1, dtype, color };
    this.rate = rate;
    this.waits = options.pace === "free";
    this.#options = options;
    this.#faults = readFaults(this.id, options.settings);
    options.signal?.addEventListener("abort", () => this.#closed.abort(), { once: true });
    if (options.signal?.aborted) this.#closed.abort();
  }

  describe(): Record<string, unknown> {
    return { model: "synthetic", ...this.#options.settings };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CameraFrame> {
    const { firstNumber = 0, frames = Number.POSITIVE_INFINITY, timeout = 5 } = this.#options;
    const { drop, stall, seed } = this.#faults;
    const isReal = !this.waits;
    const signal = this.#closed.signal;
    const paint = createPainter(this.info);
    // Painting the scene takes as long as a frame or two: the first one is of the moment when it is there.
    const firstTime = this.#options.firstTime ?? Date.now() / 1000;
    const started = performance.now();
    const startedMonotonic = Number(process.hrtime.bigint()) / 1e9;
    const now = (): number => (performance.now() - started) / 1000;
    const sleep = (seconds: number): Promise<void> => sleepUntil(started + seconds * 1000, signal);
    // A slow camera is not silent before its next frame is due.
    let patience = timeout > 0 ? timeout : Number.POSITIVE_INFINITY;
    let lastArrival = 0;
    for (let count = 0; count < frames && !signal.aborted; count++) {
      if (isReal) {
        const late = Math.floor(this.#countAt(now()) - count);
        if (late > buffers) {
          count += late - buffers; // overwritten before anyone fetched them
          // It was the reader who was silent, not the camera.
          const last = this.#isStalled(count) ? stall!.from : this.#timeOf(count);
          if (timeout > 0) patience = last + timeout + 1 / this.rate;
        }
      }
      if (stall && this.#isStalled(count)) {
        count = Math.ceil(this.#countAt(stall.from + stall.seconds) - 1e-9);
      }
      if (count >= frames) return;
      const isLost = chance(seed, count, purpose.drop) < drop;
      const arrival = Math.max(lastArrival, this.#arrivalOf(count));
      const next = Math.min(arrival, patience, this.#endOf());
      if (isReal && (!isLost || next < arrival)) await sleep(next);
      if (signal.aborted) return;
      if (next < arrival || next === this.#endOf()) this.#fail(next, patience, timeout);
      if (isLost) continue;
      const number = firstNumber + count;
      yield {
        number,
        time: firstTime + this.#timeOf(count),
        image: this.#mangle(paint(number), count),
        cameraTime: this.#clockOf(count),
        arrived: startedMonotonic + (isReal ? Math.min(arrival, now()) : arrival),
      };
      lastArrival = arrival;
      if (timeout > 0) patience = arrival + timeout + 1 / this.rate;
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Seconds of the world until a frame is taken: its own clock is faster than that by the drift. */
  #timeOf(count: number): number {
    return count / (this.rate * (1 + this.#faults.drift / 1e6));
  }

  #countAt(seconds: number): number {
    return seconds * this.rate * (1 + this.#faults.drift / 1e6);
  }

  #isStalled(count: number): boolean {
    const { stall } = this.#faults;
    const second = this.#timeOf(count);
    return stall !== undefined && second >= stall.from && second < stall.from + stall.seconds;
  }

  #arrivalOf(count: number): number {
    const { jitter, seed } = this.#faults;
    return this.#timeOf(count) + (jitter > 0 ? jitter * chance(seed, count, purpose.jitter) : 0);
  }

  #clockOf(count: number): number {
    const { seed, jump } = this.#faults;
    const start = Math.floor(1000 * chance(seed, 0, purpose.clock));
    return start + count / this.rate + (jump && this.#timeOf(count) >= jump.at ? jump.seconds : 0);
  }

  /** The second at which it is lost, whatever the reason. */
  #endOf(): number {
    const { die = Number.POSITIVE_INFINITY, crash = Number.POSITIVE_INFINITY } = this.#faults;
    return Math.min(die, crash);
  }

  #fail(second: number, patience: number, timeout: number): never {
    const { die = Number.POSITIVE_INFINITY, crash = Number.POSITIVE_INFINITY } = this.#faults;
    if (crash <= second) process.abort();
    if (die <= second) throw new CameraError(this.id, `lost ${die} s after its start, as "die" asked for`);
    throw new CameraError(this.id, `no frame for ${timeout} s (second ${patience.toFixed(3)})`);
  }

  /** Half of the rows, where that is asked for. */
  #mangle(image: Image, count: number): Image {
    const { garbage = Number.POSITIVE_INFINITY, resize = Number.POSITIVE_INFINITY } = this.#faults;
    const second = this.#timeOf(count);
    if (second < resize && !(second >= garbage && this.#timeOf(count - 1) < garbage)) return image;
    const height = Math.ceil(image.height / 2);
    return { ...image, height, data: image.data.slice(0, height * image.width * image.channels) };
  }
}
