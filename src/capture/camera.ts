import type { BayerPattern } from "../core/image.js";
import type { FrameSource } from "../core/stream.js";

/** Something that gives frames in its own time. Iterating starts it, leaving the loop stops it. */
export interface Camera extends FrameSource, AsyncDisposable {
  /** What names this one device for ever: a serial number where there is one, not a port. */
  readonly id: string;
  /** Stops the camera and lets it go; a loop that waits for the next frame ends. May be called twice. */
  close(): Promise<void>;
}

/** A camera that a driver could open. */
export interface CameraListing {
  /** What `CameraDriver.open` takes. */
  readonly address: string;
  /** For people. */
  readonly title: string;
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
  /** Closes the camera. */
  readonly signal?: AbortSignal;
}

/** What one file in cameras/ gives. */
export interface CameraDriver {
  /** "genicam" in genicam:Vendor-1234. */
  readonly scheme: string;
  list(): Promise<CameraListing[]>;
  /**
   * @param address what follows the scheme and its colon; empty for the driver's first camera.
   * @throws {CameraError} if there is no such camera, or it cannot do what is asked.
   */
  open(address: string, options?: CameraOptions): Promise<Camera>;
}
