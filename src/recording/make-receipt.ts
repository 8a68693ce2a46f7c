import type { LossCause } from "../capture/loss-ledger.js";
import {
  lossCauses,
  type RecordingFacts,
  type RigReceipt,
  type RigTrackReceipt,
  type TrackFacts,
} from "./receipt.js";
import { receiptWarnings } from "./receipt-warnings.js";

/** Puts the receipt of a recording together, sums and warnings included. */
export function makeReceipt({ tracks: facts, ...rest }: RecordingFacts): RigReceipt {
  const tracks = facts.map(receiptOfTrack);
  const onset = onsetOf(tracks);
  const receipt = {
    kind: "rig",
    version: 1,
    ...rest,
    tracks,
    ...(onset && { onset }),
    totals: {
      expected: tracks.reduce((sum, { expected }) => sum + expected, 0),
      written: tracks.reduce((sum, { written }) => sum + written, 0),
      losses: Object.fromEntries(
        lossCauses.map((cause) => [cause, tracks.reduce((sum, { losses }) => sum + losses[cause], 0)]),
      ) as Record<LossCause, number>,
    },
  } as const;
  return { ...receipt, warnings: receiptWarnings(receipt) };
}

function receiptOfTrack(track: TrackFacts): RigTrackReceipt {
  const { name, facts, format, saved, counts, restarts, outages, clock, failure } = track;
  return {
    ...{ name, camera: facts, format, stores: saved },
    expected: counts.written + counts.dropped + counts.missing,
    ...{ written: counts.written, losses: counts.losses, restarts, outages },
    ...(clock && { clock }),
    ...(failure && { failure: failure.message }),
  };
}

function onsetOf(tracks: readonly RigTrackReceipt[]): { time: number; skew: number } | undefined {
  const firsts = tracks.flatMap(({ stores }) => stores[0]?.report?.first?.time ?? []);
  if (firsts.length < 2) return undefined;
  return { time: Math.min(...firsts), skew: Math.max(...firsts) - Math.min(...firsts) };
}
