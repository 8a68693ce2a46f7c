import type { CameraListing, CameraOptions } from "../../capture/camera.js";
import type { Image, ImageInfo } from "../../core/image.js";

// What a device's thread and those who have hired it say to each other.

/** What the thread is for. `flags`: see `Flag`. */
export type DeviceTask =
  | { readonly list: true }
  | { readonly open: string; readonly options: CameraOptions; readonly flags: SharedArrayBuffer };

/** Places in the shared flags: a stop that is asked for, and frames that nobody has taken yet. */
export const Flag = { stop: 0, waiting: 1 } as const;

/** Frames that wait for a slow reader; more are lost. */
export const mostWaiting = 16;

/** What the device is when it has been opened. */
export interface OpenedDevice {
  readonly id: string;
  readonly info: ImageInfo;
  readonly rate?: number;
  readonly clock: "monotonic" | "camera";
  readonly isCoded: boolean;
  readonly facts: Record<string, unknown>;
}

export type DeviceAnswer =
  | { readonly listed: CameraListing[] }
  | { readonly opened: OpenedDevice }
  | { readonly frame: SentFrame }
  /** The loop has ended. */
  | { readonly ended: true }
  | { readonly failed: string; readonly camera: string };

/** Its picture, or where it is a JPEG its bytes. */
export interface SentFrame {
  readonly number: number;
  readonly cameraTime: number;
  readonly arrived: number;
  /** False if the driver does not count, so that frames are numbered as they come. */
  readonly isCounted: boolean;
  readonly image?: Image;
  readonly coded?: Uint8Array<ArrayBuffer>;
}
