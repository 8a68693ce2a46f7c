import type { FrameNumber, Stamp } from "../core/frame.js";

// What is looked at and steered here. A `Recording` is one; so may be anything else with cameras.

/** What has become of the frames that were to be saved: offered = written + dropped + waiting. */
export interface LiveCounts {
  readonly offered: number;
  readonly written: number;
  readonly dropped: number;
  readonly waiting: number;
  /** Numbers that never came. */
  readonly missing: number;
  /** All that was lost, by cause. */
  readonly losses: Readonly<Record<string, number>>;
}

/** How a camera was doing a moment ago. */
export interface LiveStatus {
  readonly state: string;
  /** Frames a second, of late. */
  readonly rate: number;
  /** Bytes a second that are written, of late. */
  readonly byteRate: number;
  /** The store at work. */
  readonly store?: string;
  /** Seconds from arrival to written. */
  readonly latency?: { readonly median: number; readonly p95: number };
  readonly last?: Stamp;
  /** Bytes. */
  readonly memory: number;
  /** Seconds of processor that its process has taken. */
  readonly cpu: number;
}

/** What has become of a row of extra data. */
export interface LiveRow {
  /** The frame it is tied to; `index` is its rank in the store. */
  readonly stamp?: { readonly number: FrameNumber; readonly time: number; readonly index: number };
  /** Why it is not kept. */
  readonly error?: { readonly message: string };
}

/** One camera. */
export interface LiveTrack {
  /** Unique in the recording. */
  readonly name: string;
  readonly status: LiveStatus | undefined;
  readonly counts: LiveCounts;
  readonly isSaving: boolean;
  readonly hasEnded: boolean;
  /** Why it cannot go on. */
  readonly failure: Error | undefined;
  /** What the camera is, once it is there. */
  readonly facts:
    | { readonly id: string; readonly info: { readonly width: number; readonly height: number } }
    | undefined;
  readonly restarts: readonly { readonly time: number; readonly reason: string }[];
  readonly outages: readonly { readonly time: number; readonly reason: string }[];
  /** Small JPEGs, so many a second at most and so wide at most; 0 a second ends them. */
  preview(rate: number, width: number, take: (jpeg: Uint8Array, stamp: Stamp) => void): void;
  /** The same as H.264 (Annex B), a picture a time. Asked again, the next is a keyframe. */
  video(rate: number, width: number, take: (picture: Uint8Array, stamp: Stamp, isKey: boolean) => void): void;
  /** The next frame, whole, as PNG. */
  snapshot(): Promise<Uint8Array>;
}

export interface LiveRecording {
  readonly tracks: readonly LiveTrack[];
  readonly rig: {
    /** Where its stores are. */
    readonly directory?: string;
    /** Bytes of the disk that stay free. */
    readonly minFree?: number;
  };
  readonly isSaving: boolean;
  /** Seconds since 1970 from which on frames are saved; undefined while none is. */
  readonly onset: number | undefined;
  /** Resolves when all is over. */
  readonly done: Promise<void>;
  begin(): Promise<void>;
  end(): void;
  stop(): Promise<void>;
  /** @param name of the one camera that it is for. */
  addExtra(
    row: Readonly<Record<string, unknown>>,
    name?: string,
  ): Promise<readonly (LiveRow & { readonly track: string })[]>;
}

/** Something that happened. */
export interface LiveEvent {
  /** The camera's name. */
  readonly track: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly kind: string;
  /** In words. */
  readonly text: string;
}
