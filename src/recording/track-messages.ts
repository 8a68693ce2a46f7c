import type { ClockFitSummary } from "../capture/clock-fit.js";
import type { ClockStep } from "../capture/host-clock.js";
import type { LossCause } from "../capture/loss-ledger.js";
import type { SegmentCounts, SegmentReport } from "../capture/segment.js";
import type { CodedCodec } from "../core/coded-frame.js";
import type { Stamp } from "../core/frame.js";
import type { ImageInfo } from "../core/image.js";
import type { WriteProgress } from "../core/stream.js";
import type { ExtraRow, RowStamp } from "../store/extra/row.js";
import type { Rig, RigCamera } from "./rig.js";

// What a recording and the processes of its cameras say to each other. No picture goes this way, but for previews.

/** How a camera's process is to work. */
export interface TrackPlan {
  readonly camera: RigCamera;
  readonly rig: Pick<Rig, "durability" | "minFree" | "preTrigger" | "silence" | "metadata" | "overwrite">;
  /** Of the recording's time line; see `HostClock`. */
  readonly clockOffset: number;
  /** A process before it recorded into this store, and died: go on there. Its frames were `interval` seconds apart. */
  readonly resume?: StoreTarget & { readonly why: string; readonly interval: number };
}

/** A store that a camera's process is to write. */
export interface StoreTarget {
  /** Names the segment in later messages. */
  readonly id: number;
  readonly path: string;
  /** Goes on in a store that is there. */
  readonly append: boolean;
  /** Seconds since 1970. */
  readonly from?: number;
  readonly until?: number;
  readonly frames?: number;
}

/** From the recording to a camera's process. */
export type TrackOrder =
  | { readonly kind: "open"; readonly plan: TrackPlan }
  /** Make the store; it is answered by `prepared`. */
  | { readonly kind: "prepare"; readonly target: StoreTarget }
  /** Save into a store that is prepared, from `from` on. */
  | { readonly kind: "begin"; readonly id: number; readonly from?: number; readonly until?: number }
  /** Save no more. */
  | { readonly kind: "end" }
  /** It is answered by `extra`. */
  | { readonly kind: "extra"; readonly id: number; readonly row: ExtraRow }
  /** Pictures for people, so many a second at most and so wide at most; 0 a second ends them. The next is a keyframe. */
  | {
      readonly kind: "preview";
      readonly of: PreviewKind;
      readonly rate: number;
      readonly width: number;
    }
  /** The next frame, whole, as PNG. */
  | { readonly kind: "snapshot"; readonly id: number }
  | { readonly kind: "close" };

/** JPEG files, or H.264 as Annex B. */
export type PreviewKind = "jpeg" | "h264";

/** An error that has crossed from one process to another. */
export interface ToldError {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
}

/** What has become of a row of extra data. */
export interface ExtraAnswer {
  /** The frame it is tied to; `index` is its rank in the store, -1 before the first. */
  readonly stamp?: RowStamp;
  /** Why it is not kept. */
  readonly error?: ToldError;
}

/** What has become of the frames that were to be saved: offered = written + dropped + waiting. */
export type SavedCounts = SegmentCounts;

/** How a track is doing; sent some times a second. */
export interface TrackStatus {
  readonly state: "opening" | "running" | "lost";
  /** Frames that the camera gave in this process. */
  readonly offered: number;
  readonly unsaved: number;
  /** Of all segments of this process together. */
  readonly saved: SavedCounts;
  /** How far the frames of the store at work have come. */
  readonly progress?: WriteProgress;
  /** The store at work. */
  readonly store?: string;
  /** Frames a second, of late. */
  readonly rate: number;
  /** Bytes a second of encoded pictures, of late. */
  readonly byteRate: number;
  /** Seconds from arrival to written; of the segment at work. */
  readonly latency?: { readonly median: number; readonly p95: number };
  readonly peakBytes: number;
  readonly last?: Stamp;
  readonly fit?: ClockFitSummary;
  readonly clockSteps: readonly ClockStep[];
  /** Bytes. */
  readonly memory: number;
  /** Seconds of CPU that the process has taken. */
  readonly cpu: number;
  /** Seconds, the 99th hundredth of how late its event loop was since the last status. */
  readonly loopDelay: number;
}

/** What a camera is, once it is there. */
export interface CameraFacts {
  readonly id: string;
  readonly info: ImageInfo;
  readonly rate?: number;
  readonly describe: Record<string, unknown>;
  /** Its frames are kept as it compressed them, by this codec: only keyframes are shown to people. */
  readonly copied?: CodedCodec;
}

/** From a camera's process to the recording. */
export type TrackNews =
  /** The camera gives frames, from `time` on (seconds since 1970); again after each time it was lost. */
  | { readonly kind: "running"; readonly facts: CameraFacts; readonly format: string; readonly time: number }
  /** It could not be opened at all, or its process cannot go on. */
  | { readonly kind: "failed"; readonly error: ToldError }
  /** It was lost; it is opened again and again. */
  | { readonly kind: "lost"; readonly error: ToldError; readonly time: number }
  /** The camera has given all it has. */
  | { readonly kind: "ended" }
  /** `before`: frames that the store had already. */
  | { readonly kind: "prepared"; readonly id: number; readonly before: number; readonly error?: ToldError }
  /** A store takes no more frames. */
  | { readonly kind: "broken"; readonly id: number; readonly error: ToldError; readonly cause: LossCause }
  /** All of a segment is written, and its store is closed. */
  | {
      readonly kind: "segment";
      readonly id: number;
      readonly report: SegmentReport;
      readonly error?: ToldError;
    }
  /** The camera gives other pictures than the store can hold. */
  | { readonly kind: "shape"; readonly info: ImageInfo }
  | { readonly kind: "status"; readonly status: TrackStatus }
  | {
      readonly kind: "preview";
      readonly of: PreviewKind;
      readonly bytes: Uint8Array;
      readonly isKey: boolean;
      readonly stamp: Stamp;
    }
  | ({ readonly kind: "extra"; readonly id: number } & ExtraAnswer)
  | { readonly kind: "snapshot"; readonly id: number; readonly png?: Uint8Array; readonly error?: ToldError }
  /** Nothing is open any more. */
  | { readonly kind: "closed" };

export function tellError(error: unknown): ToldError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message } = error;
  const { code } = error as { code?: unknown };
  return { name, message, ...(typeof code === "string" && { code }) };
}
