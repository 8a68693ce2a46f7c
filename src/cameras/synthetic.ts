import type { Camera, CameraDriver, CameraOptions } from "../capture/camera.js";
import { paintNumber, smallestPainted, smallestPaintedMosaic } from "../capture/painted-number.js";
import { CameraError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import type { AnyTypedArray, BayerPattern, Image, ImageInfo } from "../core/image.js";

export interface SyntheticOptions extends CameraOptions {
  /** The number of the first frame. @default 0 */
  readonly firstNumber?: number;
  /** Frames to give. @default no end */
  readonly frames?: number;
  /**
   * `real`: each frame comes when it is due, and a reader who is too slow loses frames, as with any camera.
   * `free`: frames come as fast as they are asked for; times are still 1 / rate apart. @default "real"
   */
  readonly pace?: "real" | "free";
  /** Time of the first frame, in seconds since 1970. @default now */
  readonly firstTime?: number;
}

/** The pattern repeats every so many pixels and moves one pixel a frame. */
const period = 64;

/** Frames that wait for a slow reader, as in a camera driver. */
const buffers = 16;

/**
 * A camera made of arithmetic: a moving pattern with the frame's number painted into it (see `paintNumber`), so
 * that whatever comes out of a store or a video later can be checked against what went in. As a mosaic it is the pattern
 * in colour, of which each pixel has one; the number is black and white in all of them.
 * @throws {CameraError} if the size or rate is out of range.
 */
export function syntheticCamera(options: SyntheticOptions = {}): Camera {
  return new SyntheticCamera(options);
}

/** Opens `synthetic:` with an address such as "1280x1024@100", each part optional. */
export const synthetic: CameraDriver = {
  scheme: "synthetic",
  list: async () => [{ address: "640x480@25", title: "Synthetic camera, any size and rate" }],
  open: async (address, options = {}) => syntheticCamera({ ...parseAddress(address), ...options }),
};

function parseAddress(address: string): CameraOptions {
  const match = /^(?:(\d+)x(\d+))?(?:@(\d+(?:\.\d+)?))?$/.exec(address);
  if (!match)
    throw new CameraError(`synthetic:${address}`, "an address is WIDTHxHEIGHT@RATE, as in 640x480@25");
  const [, width, height, rate] = match;
  return {
    ...(width && { width: Number(width), height: Number(height) }),
    ...(rate && { rate: Number(rate) }),
  };
}

class SyntheticCamera implements Camera {
  readonly id: string;
  readonly info: ImageInfo;
  readonly #options: SyntheticOptions;
  readonly #rate: number;
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
    this.#options = options;
    this.#rate = rate;
    options.signal?.addEventListener("abort", () => this.#closed.abort(), { once: true });
    if (options.signal?.aborted) this.#closed.abort();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame> {
    const { firstNumber = 0, frames = Number.POSITIVE_INFINITY, pace = "real" } = this.#options;
    const paint = createPainter(this.info);
    // Painting the scene takes as long as a frame or two: the first one is of the moment when it is there.
    const firstTime = this.#options.firstTime ?? Date.now() / 1000;
    const started = performance.now();
    for (let count = 0; count < frames && !this.#closed.signal.aborted; count++) {
      if (pace === "real") {
        const due = started + (count / this.#rate) * 1000;
        const late = Math.floor(((performance.now() - due) * this.#rate) / 1000);
        if (late > buffers)
          count += late - buffers; // overwritten before anyone fetched them
        else await sleepUntil(due, this.#closed.signal);
        if (count >= frames || this.#closed.signal.aborted) return;
      }
      const number = firstNumber + count;
      yield { number, time: firstTime + count / this.#rate, image: paint(number) };
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Timers are late by up to a millisecond and may be early by a fraction; frames carry their due time anyway. */
function sleepUntil(due: number, signal: AbortSignal): Promise<void> {
  const wait = due - performance.now();
  if (signal.aborted) return Promise.resolve();
  // A turn of the event loop even when the frame is due already: others must live beside a fast camera.
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = wait > 0 ? setTimeout(done, wait) : void setImmediate(done);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** Which channel of BGR stands where in the first row of a mosaic; in the second it is its opposite, in reverse. */
const firstRow: { readonly [P in BayerPattern]: readonly [number, number] } = {
  "bayer-rg": [2, 1],
  "bayer-gr": [1, 2],
  "bayer-gb": [1, 0],
  "bayer-bg": [0, 1],
};

/** The channel of BGR that a mosaic has in that row and column. */
function siteOf(pattern: BayerPattern, row: number, column: number): number {
  const sites = firstRow[pattern];
  return row % 2 === 0 ? sites[column % 2]! : 2 - sites[1 - (column % 2)]!;
}

/** Gives the picture of any frame number. The pattern is computed once, a frame copies rows of it. */
function createPainter(info: ImageInfo): (number: number) => Image {
  const { width, height, channels, dtype } = info;
  const allocate = dtype === "uint8" ? Uint8Array : Uint16Array;
  const isMosaic = info.color.startsWith("bayer-");
  // The scene moves below a mosaic that stays: after an odd number of pixels its colours have changed places.
  const patterns = (isMosaic ? [0, 1] : [0]).map((phase) => scene(info, phase));
  return (number) => {
    const data: AnyTypedArray = new allocate(width * height * channels);
    const offset = ((number % period) + period) % period;
    const pattern = patterns[isMosaic ? offset % 2 : 0]!;
    for (let y = 0; y < height; y++) {
      const from = (y * (width + period) + offset) * channels;
      data.set(pattern.subarray(from, from + width * channels), y * width * channels);
    }
    const image = { ...info, data };
    paintNumber(image, number | 0);
    return image;
  };
}

/**
 * What the camera looks at, by one period wider than its picture.
 * @param phase of a mosaic: how many columns its first one is to the right of the scene's.
 */
function scene(
  { width, height, channels, dtype, color }: ImageInfo,
  phase: number,
): Uint8Array | Uint16Array {
  const wide = width + period;
  const scale = dtype === "uint8" ? 1 : 257;
  const pattern = new (dtype === "uint8" ? Uint8Array : Uint16Array)(wide * height * channels);
  const isMosaic = color.startsWith("bayer-");
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < wide; x++) {
      for (let channel = 0; channel < channels; channel++) {
        const seen = isMosaic ? siteOf(color as BayerPattern, y, x + phase) : channel;
        const wave = Math.sin((2 * Math.PI * (x + y + seen * 21)) / period);
        const shade = 96 + 64 * wave + (48 * y) / height;
        pattern[at++] = Math.round(shade * scale);
      }
    }
  }
  return pattern;
}
