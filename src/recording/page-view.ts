import type { LossCause } from "../capture/loss-ledger.js";
import type { IntervalPoint } from "./index-profile.js";
import type { Loss, Stretch } from "./page-charts.js";

/** A name and what is known of it. */
export type Fact = readonly [name: string, value: string];

/** Frames that were lost one after another, as a row. */
export interface GapRow {
  readonly time: number;
  readonly number: string;
  readonly count: number;
  readonly cause?: LossCause;
  readonly reason: string;
}

/** What a page tells of one camera, or of one store. */
export interface TrackView {
  readonly name: string;
  /** "12,000 of 12,003 frames; 3 lost by the camera at 14:02:11". */
  readonly summary: string;
  readonly isGood: boolean;
  readonly stretch: Stretch | undefined;
  readonly losses: readonly Loss[];
  /** The first of them; `gapCount` says how many there are. */
  readonly gaps: readonly GapRow[];
  readonly gapCount: number;
  readonly bins: readonly { readonly from: number; readonly to: number; readonly count: number }[];
  readonly points: readonly IntervalPoint[];
  readonly facts: readonly Fact[];
  /** What happened, by time. */
  readonly incidents: readonly { readonly time: number; readonly text: string }[];
  readonly tables: readonly TableView[];
}

/** Cells that are numbers stand to the right. */
export interface TableView {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** A page, before it is HTML. */
export interface PageView {
  readonly title: string;
  readonly subtitle: string;
  readonly verdict: string;
  readonly isGood: boolean;
  readonly warnings: readonly string[];
  readonly facts: readonly Fact[];
  readonly tracks: readonly TrackView[];
  /** Shown at the end, folded up. */
  readonly appendix?: { readonly title: string; readonly text: string };
  /** IANA's name, in which times are told. */
  readonly zone: string;
}
