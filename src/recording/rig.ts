import type { CameraOptions } from "../capture/camera.js";
import type { DropPolicy } from "../capture/frame-queue.js";
import type { Durability, EncoderOptions } from "../store/chunk-format.js";

/** One camera of a rig, and how its frames are kept. */
export interface RigCamera extends EncoderOptions, Omit<CameraOptions, "signal" | "pixelFormat"> {
  /** Names its stores; unique in the rig, a word of letters, digits, `-`, `_` and `.`. */
  readonly name: string;
  /** What it is: a driver's scheme and an address, as in device:/dev/video0 or rtsp://host/stream. */
  readonly camera: string;
  /** The driver's name for how pixels come: `pixelFormat` of `CameraOptions`; here that is the encoder's. */
  readonly cameraFormat?: string;
  /** Store format. @default by what the camera gives; see `usualFormat` */
  readonly format?: string;
  /** Frames a chunk. @default as `createStore` */
  readonly chunkSize?: number;
  /** Bytes of pixels, or of packets, that may wait for the disk. @default 256 MiB */
  readonly queueBytes?: number;
  /** What goes when they are full. @default "newest" */
  readonly drop?: DropPolicy;
  /** Kept in the store, beside those of the rig. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** When a store is left for the next one. */
export interface Rotation {
  /** At every full hour or day (local time), or every so many seconds. */
  readonly every?: "hour" | "day" | number;
  /** When the pictures of one camera's store take so many bytes. */
  readonly bytes?: number;
}

/** Saving begins at certain times, and goes on for a while. */
export interface CronHours {
  /** A crontab line of five fields (local time): saving begins then; see `parseCron`. */
  readonly cron: string;
  /** Seconds that are saved each time. */
  readonly seconds: number;
}

/** Saving goes on for a part of every day. */
export interface DailyHours {
  /** When it begins: "07:00", local time, from "00:00" to "23:59:59". */
  readonly from: string;
  /** When it ends, "24:00" at the latest; on the next day if that is not after `from`. */
  readonly to: string;
}

/** When to save; otherwise cameras run, and nothing is kept. See `nextSaving`. */
export type SavingHours = CronHours | DailyHours;

/** What makes saving begin and end, from outside. */
export interface Triggers {
  /** Saving goes on as long as this file is there. */
  readonly file?: string;
  /** A signal that begins and ends it by turns. */
  readonly signal?: "SIGUSR1" | "SIGUSR2";
}

/** Cameras that are recorded together: what `rig.yaml` says. */
export interface Rig {
  readonly cameras: readonly RigCamera[];
  /** Folder of the stores. @default the current one */
  readonly directory?: string;
  /**
   * Names of stores below it: {name} of the camera, {time:%Y-%m-%d_%H-%M-%S} of the first frame (local time), {count} of
   * the store in this recording, from 1. @default "{time:%Y%m%d_%H%M%S}/{name}"
   */
  readonly pattern?: string;
  /** Kept in all stores. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Replace stores that are there. @default false */
  readonly overwrite?: boolean;
  /** What a frame has survived when it counts as written; see `createStore`. @default "second" */
  readonly durability?: Durability;
  /** Bytes of the disk that stay free; see `createStore`. */
  readonly minFree?: number;
  /** Seconds before saving begins that are saved, too. @default 0 */
  readonly preTrigger?: number;
  /** Seconds that are saved, from the common onset on. @default no end */
  readonly seconds?: number;
  /** Frames of each camera that are saved. @default no end */
  readonly frames?: number;
  /** When it is over: seconds since 1970. */
  readonly until?: number;
  /** Wait for a trigger, a schedule or `begin()`. @default false: saving begins when all cameras give frames */
  readonly armed?: boolean;
  readonly rotate?: Rotation;
  /** Saving begins and ends by these; implies `armed`. */
  readonly schedule?: readonly SavingHours[];
  /** Implies `armed`. */
  readonly triggers?: Triggers;
  /** Seconds without a frame after which a camera is opened anew. @default 5 */
  readonly silence?: number;
}
