import { constants } from "node:os";
import type { CameraOptions } from "../../capture/camera.js";
import { CameraError } from "../../core/errors.js";
import { applySettings } from "./controls.js";
import type { Mapped } from "./kernel.js";
import { type ChosenMode, chooseMode, type DeviceMode } from "./modes.js";
import { findPixelFormat, type PixelFormat } from "./pixel-format.js";
import { Sequence } from "./sequence.js";
import type { Geometry } from "./unpack.js";
import type { V4l2Device } from "./v4l2-device.js";
import * as layout from "./v4l2-layout.js";

const { bufferFlag, memoryMmap, requests, videoCapture } = layout;
const { EAGAIN, EIO, ENODEV } = constants.errno;

/** Buffers that the driver fills. */
const driverBuffers = 8;
/** The longest wait in one call, in milliseconds: so long it may take until a stop is heard. */
const longestWait = 100;
/** A frame that a driver claims to be bigger than that is not believed. */
const mostBytes = 2 ** 30;
/** Failures in a row after which a driver that gives nothing else counts as lost. */
const mostFailures = 64;

/** What a device has been set to. */
export interface StreamFacts {
  readonly format: PixelFormat;
  readonly geometry: Geometry;
  readonly color: "gray" | "own";
  /** Frames a second; absent where the driver does not say. */
  readonly rate?: number;
  /** "monotonic": this machine's clock. "camera": another, of which nothing is known. */
  readonly clock: "monotonic" | "camera";
  /** What the time stamp of a frame is that of. */
  readonly stamped: "start of exposure" | "end of frame";
}

/** A frame as the driver gives it, in memory of its own. */
export interface RawFrame {
  readonly number: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Seconds on the clock of `StreamFacts`. */
  readonly cameraTime: number;
  /** Seconds on this machine's monotonic clock when it was here. */
  readonly arrived: number;
  /** False if the driver does not count, so that frames are numbered as they come. */
  readonly isCounted: boolean;
}

/** A device that has been set to something and gives frames of it. */
export class V4l2Stream {
  readonly facts: StreamFacts;
  readonly #device: V4l2Device;
  readonly #timeout: number;

  /** @throws {CameraError} if the device cannot do what is asked. */
  constructor(device: V4l2Device, options: CameraOptions) {
    this.#device = device;
    this.#timeout = options.timeout ?? 5;
    const current = device.current();
    const chosen = chooseMode(askModes(device, options, current), options, current);
    if (typeof chosen === "string") throw new CameraError(device.path, chosen);
    const { format, geometry, stride } = this.#setFormat(chosen, options.pixelFormat !== undefined);
    const rate = this.#setRate(options.rate === undefined ? undefined : (chosen.rate ?? options.rate));
    applySettings(device, options.settings ?? {});
    const flags = this.#probe();
    this.facts = {
      ...{ format, geometry: { ...geometry, stride }, color: chosen.color },
      ...(rate !== undefined && { rate }),
      clock: (flags & bufferFlag.timestampMask) === bufferFlag.timestampMonotonic ? "monotonic" : "camera",
      stamped:
        (flags & bufferFlag.sourceMask) === bufferFlag.sourceStartOfExposure
          ? "start of exposure"
          : "end of frame",
    };
  }

  /**
   * Runs until it is told to stop, or the device is lost.
   * @param take is given every whole frame. A frame that came damaged or short is not given; its number is missing.
   * @param hasRoom false if nobody would take a frame now: it is lost, without a copy.
   * @throws {CameraError} if the device is unplugged, or silent for longer than the timeout.
   */
  run(take: (frame: RawFrame) => void, hasRoom: () => boolean, isStopped: () => boolean): void {
    const device = this.#device;
    const { kernel, fd } = device;
    const buffers = this.#allocate();
    const sequence = new Sequence();
    try {
      for (let index = 0; index < buffers.length; index++) this.#queue(index);
      device.demand(requests.streamon, typeArgument(), "start");
      const patience = (this.#timeout + 1 / (this.facts.rate ?? 1)) * 1e9;
      let [last, failures] = [process.hrtime.bigint(), 0];
      const bytes = layout.buffer.create();
      while (!isStopped()) {
        const isSilent = this.#timeout > 0 && Number(process.hrtime.bigint() - last) > patience;
        if (isSilent) throw new CameraError(device.path, `no frame for ${this.#timeout} s`);
        if (!kernel.wait(fd, longestWait)) continue;
        bytes.fill(0);
        layout.buffer.set(bytes, "type", videoCapture);
        layout.buffer.set(bytes, "memory", memoryMmap);
        const code = device.ask(requests.dqbuf, bytes);
        if (code === EAGAIN || code === EIO) {
          if (++failures > mostFailures) throw device.failure(code === EIO ? EIO : ENODEV, "give a frame");
          continue;
        }
        if (code !== 0) throw device.failure(code, "give a frame");
        failures = 0;
        const index = layout.buffer.get(bytes, "index");
        const mapped = buffers[index];
        if (!mapped)
          throw new CameraError(device.path, `the driver gave a buffer ${index} that it does not have`);
        const arrived = process.hrtime.bigint();
        const number = sequence.next(layout.buffer.get(bytes, "sequence"));
        const used = layout.buffer.get(bytes, "bytesused");
        if (this.#isWhole(bytes, used, mapped)) {
          last = arrived;
          if (hasRoom()) {
            const seconds = layout.buffer.get(bytes, "tv_sec") + layout.buffer.get(bytes, "tv_usec") / 1e6;
            const own = new Uint8Array(mapped.bytes.subarray(0, used));
            const stamp = { number, cameraTime: seconds, arrived: Number(arrived) / 1e9 };
            take({ ...stamp, bytes: own, isCounted: !sequence.isStuck });
          }
        }
        this.#queue(index);
      }
    } finally {
      device.ask(requests.streamoff, typeArgument());
      for (const { unmap } of buffers) unmap();
      this.#request(0);
    }
  }

  #isWhole(bytes: Buffer, used: number, mapped: Mapped): boolean {
    const { format, geometry } = this.facts;
    const isDamaged = (layout.buffer.get(bytes, "flags") & bufferFlag.error) !== 0;
    return !isDamaged && used >= format.frameBytes(geometry) && used <= mapped.bytes.byteLength;
  }

  #setFormat(chosen: ChosenMode, isStrict: boolean) {
    const device = this.#device;
    const asked = layout.format.create({
      ...{ type: videoCapture, width: chosen.width, height: chosen.height, field: 1 },
      pixelformat: layout.fourccOf(chosen.format.name),
    });
    device.demand(requests.setFmt, asked, `be set to ${chosen.width}x${chosen.height} ${chosen.format.name}`);
    const get = (name: keyof typeof layout.format.fields): number => layout.format.get(asked, name);
    const name = layout.fourccText(get("pixelformat")).trimEnd();
    const format = findPixelFormat(name);
    if (!format || (format !== chosen.format && isStrict)) {
      throw new CameraError(device.path, `it gives ${name} when it is asked for ${chosen.format.name}`);
    }
    const geometry = { width: get("width"), height: get("height") };
    if (!layout.wholeFields.includes(get("field"))) {
      throw new CameraError(device.path, `it gives fields of half the height (${get("field")}), not frames`);
    }
    if (!format.fits(geometry.width, geometry.height)) {
      throw new CameraError(device.path, `${geometry.width}x${geometry.height} is no size for ${name}`);
    }
    const stride = format.isCoded ? 0 : Math.max(get("bytesperline"), format.rowBytes(geometry.width));
    const needed = format.frameBytes({ ...geometry, stride });
    if (geometry.width === 0 || geometry.height === 0 || get("sizeimage") > mostBytes || needed > mostBytes) {
      throw new CameraError(device.path, `it claims frames of ${get("sizeimage")} bytes`);
    }
    return { format, geometry, stride };
  }

  /** @returns what it is set to. */
  #setRate(asked: number | undefined): number | undefined {
    const { streamparm } = layout;
    const bytes = streamparm.create({ type: videoCapture });
    if (this.#device.ask(requests.getParm, bytes) !== 0) return undefined;
    const canBeSet = (streamparm.get(bytes, "capability") & layout.streamCapTimePerFrame) !== 0;
    if (asked !== undefined && canBeSet) {
      const wanted = streamparm.create({ type: videoCapture });
      // A rate as 29.97 is a fraction of thousandths.
      streamparm.set(wanted, "numerator", Number.isInteger(asked) ? 1 : 1001);
      streamparm.set(wanted, "denominator", Number.isInteger(asked) ? asked : Math.round(asked * 1001));
      if (this.#device.ask(requests.setParm, wanted) === 0) wanted.copy(bytes);
    }
    const rate = streamparm.get(bytes, "denominator") / streamparm.get(bytes, "numerator");
    return rate > 0 && Number.isFinite(rate) ? rate : undefined;
  }

  /** Takes the device for this program, and looks at a buffer. @returns its flags. */
  #probe(): number {
    this.#request(1, "be given buffers");
    const bytes = layout.buffer.create({ type: videoCapture, memory: memoryMmap });
    this.#device.demand(requests.querybuf, bytes, "be asked for a buffer");
    return layout.buffer.get(bytes, "flags");
  }

  #allocate(): Mapped[] {
    const { kernel, fd, path } = this.#device;
    const count = this.#request(driverBuffers, "be given buffers");
    const found: Mapped[] = [];
    try {
      for (let index = 0; index < count; index++) {
        const bytes = layout.buffer.create({ index, type: videoCapture, memory: memoryMmap });
        this.#device.demand(requests.querybuf, bytes, "be asked for a buffer");
        const length = layout.buffer.get(bytes, "length");
        const { format, geometry } = this.facts;
        if (length < format.frameBytes(geometry) || length > mostBytes) {
          throw new CameraError(path, `its buffers are of ${length} bytes, too few or too many for a frame`);
        }
        const mapped = kernel.map(fd, length, layout.buffer.get(bytes, "offset"));
        if (typeof mapped === "number") throw this.#device.failure(mapped, "share its memory");
        found.push(mapped);
      }
      return found;
    } catch (error) {
      for (const { unmap } of found) unmap();
      throw error;
    }
  }

  /** @returns how many buffers there are now. */
  #request(count: number, wanted?: string): number {
    const bytes = layout.requestbuffers.create({ count, type: videoCapture, memory: memoryMmap });
    if (wanted === undefined) this.#device.ask(requests.reqbufs, bytes);
    else this.#device.demand(requests.reqbufs, bytes, wanted);
    return Math.min(layout.requestbuffers.get(bytes, "count"), 64);
  }

  #queue(index: number): void {
    const bytes = layout.buffer.create({ index, type: videoCapture, memory: memoryMmap });
    this.#device.demand(requests.qbuf, bytes, "take a buffer back");
  }
}

function typeArgument(): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(videoCapture);
  return bytes;
}

/** What there is to choose from. Of a driver that tells no sizes, whatever is asked for is tried. */
function askModes(
  device: V4l2Device,
  { pixelFormat, rate }: CameraOptions,
  current: { readonly width: number; readonly height: number },
): DeviceMode[] {
  const asked = pixelFormat === undefined ? undefined : findPixelFormat(pixelFormat);
  const modes = device.modes((name) => !asked || findPixelFormat(name) === asked, rate !== undefined);
  if (modes.length > 0) return modes;
  const range = { minWidth: 1, maxWidth: 32768, stepWidth: 1, minHeight: 1, maxHeight: 32768, stepHeight: 1 };
  return device.formatNames().map((pixelFormat) => ({ ...current, rates: [], pixelFormat, range }));
}
