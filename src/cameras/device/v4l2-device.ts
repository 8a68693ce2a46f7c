import { constants } from "node:os";
import { CameraError } from "../../core/errors.js";
import { errnoName, type Kernel } from "./kernel.js";
import type { DeviceMode } from "./modes.js";
import * as layout from "./v4l2-layout.js";

const { capabilityFlag, requests, videoCapture } = layout;
const { EBUSY, EINVAL, ENODEV, ENOENT, ENXIO, EACCES, EPERM, ENOTTY } = constants.errno;

/** More entries of any list than a driver has: one that never ends it must not hang the program. */
const mostEntries = 1024;

/** What a device says of itself. */
export interface DeviceFacts {
  readonly driver: string;
  /** Its name, for people. */
  readonly card: string;
  /** The port that it is plugged into. */
  readonly bus: string;
  /** False for outputs, metadata and codecs, which have a node in /dev as well. */
  readonly isCamera: boolean;
  /** True if it gives its frames in several planes of memory, which is not read here. */
  readonly isMultiPlanar: boolean;
}

/** An open node of /dev, and the questions that can be asked of it. Every call is synchronous: for threads of their own. */
export class V4l2Device {
  readonly path: string;
  readonly #kernel: Kernel;
  readonly #fd: number;
  #isOpen = true;

  /** @throws {CameraError} if it is not there, or may not be opened. */
  constructor(kernel: Kernel, path: string) {
    this.path = path;
    this.#kernel = kernel;
    this.#fd = kernel.open(path);
    if (this.#fd >= 0) return;
    const code = -this.#fd;
    const advice =
      code === EACCES || code === EPERM
        ? "not allowed to open it (is the user in the group video?)"
        : code === ENOENT || code === ENODEV || code === ENXIO
          ? "no such device"
          : code === EBUSY
            ? "in use by another program"
            : `cannot be opened (${errnoName(code)})`;
    throw new CameraError(path, advice);
  }

  get fd(): number {
    return this.#fd;
  }

  get kernel(): Kernel {
    return this.#kernel;
  }

  /** @returns 0 or errno. */
  ask(request: number, argument: Buffer): number {
    return this.#kernel.ioctl(this.#fd, request, argument);
  }

  /** As `ask`. @throws {CameraError} that says what was wanted, where the driver refuses. */
  demand(request: number, argument: Buffer, wanted: string): void {
    const code = this.ask(request, argument);
    if (code !== 0) throw this.failure(code, wanted);
  }

  failure(code: number, wanted: string): CameraError {
    if (code === ENODEV) return new CameraError(this.path, "it is gone (unplugged)");
    const why = code === EBUSY ? "in use by another program" : `the driver says ${errnoName(code)}`;
    return new CameraError(this.path, `cannot ${wanted}: ${why}`);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#kernel.close(this.#fd);
  }

  /** @throws {CameraError} if it is no device of V4L2. */
  facts(): DeviceFacts {
    const { capability } = layout;
    const bytes = capability.create();
    const code = this.ask(requests.querycap, bytes);
    if (code === ENOTTY || code === EINVAL) throw new CameraError(this.path, "not a V4L2 device");
    if (code !== 0) throw this.failure(code, "be asked what it is");
    const all = capability.get(bytes, "capabilities");
    const flags = all & capabilityFlag.deviceCaps ? capability.get(bytes, "device_caps") : all;
    return {
      driver: capability.text(bytes, "driver"),
      card: capability.text(bytes, "card"),
      bus: capability.text(bytes, "bus_info"),
      isCamera: (flags & capabilityFlag.capture) !== 0 && (flags & capabilityFlag.streaming) !== 0,
      isMultiPlanar: (flags & capabilityFlag.captureMplane) !== 0,
    };
  }

  /**
   * Formats with their sizes and rates, in the driver's order. A driver that tells no sizes has none here.
   * @param isWanted which formats. @default all
   * @param withRates false spares a driver with many modes thousands of questions; `rates` are empty then.
   */
  modes(isWanted = (_pixelFormat: string) => true, withRates = true): DeviceMode[] {
    const { fmtdesc } = layout;
    const codes = this.#entries(requests.enumFmt, fmtdesc, { type: videoCapture }).map((bytes) =>
      fmtdesc.get(bytes, "pixelformat"),
    );
    const wanted = codes.filter((code) => isWanted(layout.fourccText(code).trimEnd()));
    return wanted.flatMap((code) => this.#sizes(code, withRates));
  }

  /** The driver's names of its formats; also those whose sizes it does not tell. */
  formatNames(): string[] {
    const { fmtdesc } = layout;
    const found = this.#entries(requests.enumFmt, fmtdesc, { type: videoCapture });
    return found.map((bytes) => layout.fourccText(fmtdesc.get(bytes, "pixelformat")).trimEnd());
  }

  /** Pixels and format that it is set to now. */
  current(): { readonly width: number; readonly height: number; readonly pixelFormat: string } {
    const { format } = layout;
    const bytes = format.create({ type: videoCapture });
    this.demand(requests.getFmt, bytes, "be asked for its format");
    return {
      width: format.get(bytes, "width"),
      height: format.get(bytes, "height"),
      pixelFormat: layout.fourccText(format.get(bytes, "pixelformat")).trimEnd(),
    };
  }

  #sizes(pixel_format: number, withRates: boolean): DeviceMode[] {
    const { frmsizeenum } = layout;
    const pixelFormat = layout.fourccText(pixel_format).trimEnd();
    const ratesOf = (size: { width: number; height: number }) =>
      withRates ? this.#rates(pixel_format, size) : { rates: [] };
    return this.#entries(requests.enumFramesizes, frmsizeenum, { pixel_format }).map((bytes): DeviceMode => {
      const get = (name: keyof typeof frmsizeenum.fields): number => frmsizeenum.get(bytes, name);
      if (get("type") === 1) {
        const size = { width: get("width"), height: get("height") };
        return { ...size, ...ratesOf(size), pixelFormat };
      }
      const size = { width: get("max_width"), height: get("max_height") };
      const range = {
        ...{ minWidth: get("min_width"), maxWidth: size.width, stepWidth: get("step_width") },
        ...{ minHeight: get("min_height"), maxHeight: size.height, stepHeight: get("step_height") },
      };
      return { ...size, ...ratesOf(size), pixelFormat, range };
    });
  }

  #rates(
    pixel_format: number,
    size: { width: number; height: number },
  ): Pick<DeviceMode, "rates" | "slowest"> {
    const { frmivalenum } = layout;
    const rates = new Set<number>();
    for (const bytes of this.#entries(requests.enumFrameintervals, frmivalenum, { pixel_format, ...size })) {
      const get = (name: keyof typeof frmivalenum.fields): number => frmivalenum.get(bytes, name);
      const rate = get("denominator") / get("numerator");
      if (!(rate > 0 && Number.isFinite(rate))) continue;
      if (get("type") !== 1) {
        const slowest = get("max_denominator") / get("max_numerator");
        return { rates: [rate], ...(slowest > 0 && { slowest }) };
      }
      rates.add(rate);
    }
    return { rates: [...rates].sort((a, b) => b - a) };
  }

  /** What the driver gives for index 0, 1 … until it has no more. */
  #entries<Name extends string>(
    request: number,
    struct: {
      create(values: Partial<Record<Name | "index", number>>): Buffer;
    },
    values: Partial<Record<Name, number>>,
  ): Buffer[] {
    const found: Buffer[] = [];
    while (found.length < mostEntries) {
      const bytes = struct.create({ ...values, index: found.length } as Partial<
        Record<Name | "index", number>
      >);
      if (this.ask(request, bytes) !== 0) break;
      found.push(bytes);
    }
    return found;
  }
}
