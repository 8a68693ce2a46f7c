import type { ClockFitSummary } from "../capture/clock-fit.js";
import type { ClockStep } from "../capture/host-clock.js";
import type { LossCause } from "../capture/loss-ledger.js";
import type { SegmentReport } from "../capture/segment.js";
import type { ChunkSeal } from "../store/chunk-seals.js";
import type { IntervalPoint } from "./index-profile.js";
import type { Rig } from "./rig.js";
import type { CameraFacts, SavedCounts, ToldError } from "./track-messages.js";

/** What the recording was made with. */
export interface MachineFacts {
  readonly host: string;
  /** "Linux 6.1.0 x64". */
  readonly system: string;
  /** Versions. */
  readonly marey: string;
  readonly node: string;
  readonly ffmpeg?: string;
}

/** A time and what happened then. */
export interface Incident {
  /** Seconds since 1970. */
  readonly time: number;
  readonly reason: string;
}

/** A store of a track, or the part of one that was written without an interruption. */
export interface StoreOfTrack {
  readonly path: string;
  /** Frames that this part has. */
  readonly frames: number;
  /** Absent where the process that wrote it died. */
  readonly report?: SegmentReport | undefined;
  readonly error?: ToldError;
  /** What the store's chunks are, to the bit: of its last part only, and of all parts. */
  readonly chunks?: readonly ChunkSeal[];
  /** How its frames followed one another, over time: as `chunks`. */
  readonly points?: readonly IntervalPoint[];
}

/** What is known of a track; a `RigTrack` has all of it but `clock` and what was found out about its stores. */
export interface TrackFacts {
  readonly name: string;
  /** Absent if it never gave a frame. */
  readonly facts?: CameraFacts | undefined;
  /** Of its stores. */
  readonly format: string;
  readonly saved: readonly StoreOfTrack[];
  readonly counts: SavedCounts;
  /** Times that its process had to be started again. */
  readonly restarts: readonly Incident[];
  /** Times that the camera was lost. */
  readonly outages: readonly Incident[];
  readonly clock?: ClockFitSummary | undefined;
  readonly failure?: Error | undefined;
}

export interface RecordingFacts {
  readonly rig: Rig;
  readonly machine: MachineFacts;
  /** Seconds since 1970. */
  readonly started: number;
  readonly ended: number;
  /** In words. */
  readonly stoppedBy: string;
  readonly clockSteps: readonly ClockStep[];
  readonly tracks: readonly TrackFacts[];
}

export interface RigTrackReceipt {
  readonly name: string;
  readonly camera: CameraFacts | undefined;
  readonly format: string;
  readonly stores: readonly StoreOfTrack[];
  /** Frames that should have been saved: written, dropped and missing. */
  readonly expected: number;
  readonly written: number;
  readonly losses: Readonly<Record<LossCause, number>>;
  readonly restarts: readonly Incident[];
  readonly outages: readonly Incident[];
  readonly clock?: ClockFitSummary;
  readonly failure?: string;
}

/** All that is known of a recording, as plain JSON. */
export interface RigReceipt {
  readonly kind: "rig";
  /** Of this form. */
  readonly version: 1;
  /** The settings, defaults of the file filled in. */
  readonly rig: Rig;
  readonly machine: MachineFacts;
  readonly started: number;
  readonly ended: number;
  readonly stoppedBy: string;
  readonly tracks: readonly RigTrackReceipt[];
  readonly clockSteps: readonly ClockStep[];
  /** When saving first began, and how far apart the first frames of the tracks are; absent with less than two tracks. */
  readonly onset?: { readonly time: number; readonly skew: number };
  readonly totals: {
    readonly expected: number;
    readonly written: number;
    readonly losses: Readonly<Record<LossCause, number>>;
  };
  /** In words; none if all went well. */
  readonly warnings: readonly string[];
}

export const lossCauses: readonly LossCause[] = ["camera", "queue", "encoder", "disk"];
