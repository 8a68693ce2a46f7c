import type {
  Camera,
  CameraDriver,
  CameraFrame,
  CameraListing,
  CameraOptions,
} from "../../capture/camera.js";
import { CameraError } from "../../core/errors.js";
import type { ImageInfo } from "../../core/image.js";
import type { CaptureInput, ListedInput } from "../../video/ffmpeg/capture-input.js";

/** How FFmpeg's input device of a system wants to be asked. */
export interface InputDevice {
  /** FFmpeg's name of it. */
  readonly name: string;
  /** What it opens for a camera of that name. */
  readonly urlOf: (camera: string) => string;
  /** Names of its cameras. */
  readonly list: () => Promise<readonly ListedInput[]>;
  /** Options of FFmpeg for what is asked for. */
  readonly optionsOf: (options: CameraOptions) => Readonly<Record<string, string>>;
}

/** Size, rate and format, as both systems' input devices take them. */
function usualOptions({ width, height, rate, pixelFormat }: CameraOptions): Record<string, string> {
  return {
    ...(width !== undefined && height !== undefined && { video_size: `${width}x${height}` }),
    ...(rate !== undefined && { framerate: String(rate) }),
    ...(pixelFormat !== undefined && { pixel_format: pixelFormat }),
  };
}

const listInputs = async (): Promise<ListedInput[]> =>
  (await import("../../video/ffmpeg/capture-input.js")).listInputs();

/** FFmpeg's input devices, by the name that Node has for the system. */
export const inputDevices: { readonly [platform: string]: InputDevice } = {
  darwin: {
    name: "avfoundation",
    urlOf: (camera) => `${camera}:none`,
    list: listInputs,
    optionsOf: usualOptions,
  },
  win32: { name: "dshow", urlOf: (camera) => `video=${camera}`, list: listInputs, optionsOf: usualOptions },
};

/**
 * Cameras that are reached through FFmpeg. They do not count their frames, so that these are numbered as they come, and what
 * was lost before is not known.
 */
export function ffmpegCameras(input: InputDevice): Pick<CameraDriver, "list" | "open"> {
  return {
    list: async () =>
      (await input.list()).map(
        ({ name, title, isDefault }): CameraListing => ({
          address: name,
          title: isDefault ? `${title} (the usual one)` : title,
        }),
      ),
    open: (address, options = {}) => openInput(input, address, options),
  };
}

async function openInput(input: InputDevice, address: string, options: CameraOptions): Promise<Camera> {
  options.signal?.throwIfAborted();
  const id = `device:${address}`;
  const [unknown] = Object.keys(options.settings ?? {});
  if (unknown !== undefined)
    throw new CameraError(id, `no setting "${unknown}" (known: none on this system)`);
  const { CaptureInput: Input, hasInputDevice } = await import("../../video/ffmpeg/capture-input.js");
  if (!hasInputDevice(input.name)) {
    throw new CameraError(id, `this build of FFmpeg has no input device "${input.name}"`);
  }
  const listed = await input.list();
  const meant = address === "" ? (listed.find(({ isDefault }) => isDefault) ?? listed[0])?.name : address;
  const known = `there is: ${listed.map(({ name }) => name).join(", ") || "none"}`;
  if (meant === undefined) throw new CameraError(id, `no such camera (${known})`);
  const { color, timeout = 5, signal } = options;
  const as = color === "gray" || color === "bgr" ? color : "auto";
  const limits = [...(signal ? [signal] : []), ...(timeout > 0 ? [AbortSignal.timeout(timeout * 1000)] : [])];
  const stop = limits.length > 0 ? AbortSignal.any(limits) : new AbortController().signal;
  const asked = { as, options: input.optionsOf(options) } as const;
  const opened = await Input.open(input.name, input.urlOf(meant), asked, stop).catch((cause) => {
    if (signal?.aborted) throw signal.reason;
    const why = stop.aborted ? `no frame for ${timeout} s` : `cannot be opened: ${(cause as Error).message}`;
    throw new CameraError(id, `${why} (${known})`, { cause });
  });
  const reopen = (): Promise<CaptureInput> =>
    Input.open(input.name, input.urlOf(meant), asked, new AbortController().signal);
  return new InputCamera(`device:${meant}`, input.name, opened, reopen, options);
}

class InputCamera implements Camera {
  readonly id: string;
  readonly info: ImageInfo;
  readonly rate?: number;
  readonly clock = "camera";
  readonly #device: string;
  readonly #timeout: number;
  readonly #reopen: () => Promise<CaptureInput>;
  readonly #closed = new AbortController();
  /** Opened to see what it gives, and not used by a loop yet. */
  #ready: CaptureInput | undefined;

  constructor(
    id: string,
    device: string,
    opened: CaptureInput,
    reopen: () => Promise<CaptureInput>,
    { timeout = 5, signal }: CameraOptions,
  ) {
    this.id = id;
    this.info = opened.info;
    if (opened.rate > 0) this.rate = opened.rate;
    this.#device = device;
    this.#timeout = timeout;
    this.#ready = opened;
    this.#reopen = reopen;
    signal?.addEventListener("abort", () => void this.close(), { once: true });
  }

  describe(): Record<string, unknown> {
    return { driver: `FFmpeg ${this.#device}` };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CameraFrame> {
    if (this.#closed.signal.aborted) return;
    const input = this.#ready ?? (await this.#reopen());
    this.#ready = undefined;
    const [wall, monotonic] = [Date.now() / 1000, Number(process.hrtime.bigint()) / 1e9];
    try {
      for (let number = 0; ; number++) {
        const picture = await this.#next(input);
        if (!picture || this.#closed.signal.aborted) return;
        const arrived = Number(process.hrtime.bigint()) / 1e9;
        const cameraTime = Number.isNaN(picture.time) ? arrived - monotonic : picture.time;
        yield { number, time: wall + (arrived - monotonic), image: picture.image, cameraTime, arrived };
      }
    } finally {
      await input.close();
    }
  }

  /** @throws {CameraError} if it is silent for too long, or fails. */
  async #next(input: CaptureInput) {
    const silence = this.#timeout > 0 ? [AbortSignal.timeout(this.#timeout * 1000)] : [];
    const stop = AbortSignal.any([this.#closed.signal, ...silence]);
    try {
      return await input.next(stop);
    } catch (cause) {
      if (this.#closed.signal.aborted) return undefined;
      const why = stop.aborted ? `no frame for ${this.#timeout} s` : (cause as Error).message;
      throw new CameraError(this.id, why, { cause });
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    const ready = this.#ready;
    this.#ready = undefined;
    await ready?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
