import type { CodedFrame, CodedSource } from "../core/coded-frame.js";
import type { Frame } from "../core/frame.js";
import type { BayerPattern } from "../core/image.js";
import type { FrameSource } from "../core/stream.js";

/** A frame as a camera gives it. A frame that came damaged is not given, but takes its number. */
export interface CameraFrame extends Frame {
  /** Seconds on the clock that `Camera.clock` names; absent where the camera has none. */
  readonly cameraTime?: number;
  /**
   * Seconds on this machine's monotonic clock (`process.hrtime`) when the frame was here; absent where nobody looked
   * before it was handed on.
   */
  readonly arrived?: number;
}

/** A frame as a camera compressed it; the stamps are those of `CameraFrame`. */
export interface CameraCodedFrame extends CodedFrame, Pick<CameraFrame, "cameraTime" | "arrived"> {}

/**
 * Something that gives frames in its own time. Iterating starts it, leaving the loop stops it. The loop ends where the
 * camera does (a file has an end), and throws a `CameraError` if it is lost: unplugged, silent for too long, refused.
 */
export interface Camera extends FrameSource, AsyncDisposable {
  /** What names this one device for ever: a serial number where there is one, not a port. */
  readonly id: string;
  /** Frames a second that it was set to; absent where nobody knows. */
  readonly rate?: number;
  /**
   * True if the numbers of its frames are its own count of what it made: a gap is a frame that was lost before anyone
   * could take it. Otherwise frames are numbered as they come, from 0. @default false
   */
  readonly counts?: boolean;
  /**
   * True if its frames come when they are asked for, and none is lost to a slow reader: what records it waits for room
   * instead of dropping. `time` is final then, and says nothing of when a frame arrived. @default false
   */
  readonly waits?: boolean;
  /**
   * What `cameraTime` is told by: a clock in the camera (any start, some drift), or this machine's monotonic clock, read
   * by its driver when the frame was taken.
   */
  readonly clock?: "camera" | "monotonic";
  /**
   * Its frames as it compressed them, for whoever keeps them so (`createCodedStore`). There only where the camera was asked
   * for it: network cameras by `settings: { copy: true }`. Iterating it starts and stops the camera; either this or the
   * camera itself is iterated.
   */
  readonly coded?: CodedSource<CameraCodedFrame>;
  /** What else it knows of itself, for people and receipts: model, mode, controls. Plain JSON values. */
  describe?(): Record<string, unknown>;
  [Symbol.asyncIterator](): AsyncIterator<CameraFrame>;
  /** Stops the camera and lets it go; a loop that waits for the next frame ends. May be called twice. */
  close(): Promise<void>;
}

/** What a camera can be set to. */
export interface CameraMode {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Frames a second, the fastest first; empty where the driver does not say. */
  readonly rates: readonly number[];
  /** The driver's name for how pixels come: YUYV, MJPG, GREY, BA81 … */
  readonly pixelFormat: string;
}

/** A camera that a driver could open. */
export interface CameraListing {
  /** What `CameraDriver.open` takes. */
  readonly address: string;
  /** For people. */
  readonly title: string;
  /** What it can be set to; absent where it takes anything, or does not say. */
  readonly modes?: readonly CameraMode[];
  /** What `CameraOptions.settings` may name, and what it may be: "exposure_absolute": "1 … 5000, now 157". */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What a driver may be asked for; each camera takes the nearest it has, and its `info` says what that is. */
export interface CameraOptions {
  /** Pixels. */
  readonly width?: number;
  /** Pixels. */
  readonly height?: number;
  /** Frames a second. */
  readonly rate?: number;
  readonly dtype?: "uint8" | "uint16";
  /** A Bayer pattern: the mosaic that the sensor gives, one sample a pixel. */
  readonly color?: "gray" | "bgr" | BayerPattern;
  /** The driver's name for how pixels come, out of `CameraMode`. @default what costs least for the colour asked for */
  readonly pixelFormat?: string;
  /** What only this kind of camera has, by name: controls of a device, the transport of a stream. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Longest wait for a frame, in seconds; after that the camera counts as lost. 0 waits for ever. @default 5 */
  readonly timeout?: number;
  /** Closes the camera. */
  readonly signal?: AbortSignal;
}

/** What one file in cameras/ gives. */
export interface CameraDriver {
  /** "genicam" in genicam:Vendor-1234. */
  readonly scheme: string;
  /** Cameras that are there now. Looks, and changes nothing; one that is in use elsewhere is listed all the same. */
  list(): Promise<CameraListing[]>;
  /**
   * @param address what follows the scheme and its colon; empty for the driver's first camera.
   * @throws {CameraError} if there is no such camera, or it cannot do what is asked; it says what it can.
   */
  open(address: string, options?: CameraOptions): Promise<Camera>;
}
