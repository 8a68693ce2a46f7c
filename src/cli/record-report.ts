import type { LossCause } from "../capture/loss-ledger.js";
import type { Recording } from "../recording/recording.js";
import type { RigTrack } from "../recording/track.js";
import { countOf, formatCount, formatSeconds } from "./output.js";

/** A line of `--events`. */
export function statusOf({ tracks, isSaving, onset }: Recording): Record<string, unknown> {
  return {
    saving: isSaving,
    onset,
    tracks: tracks.map(({ name, status, counts, pid }) => ({
      name,
      pid,
      ...status,
      saved: undefined,
      ...counts,
    })),
  };
}

/** What is said at the end, for people and for programs. */
export function describeRecording(
  output: string,
  { tracks, stoppedBy }: Recording,
  seconds: number,
): { readonly lines: readonly string[]; readonly json: Record<string, unknown> } {
  const sum = (key: "offered" | "written" | "dropped" | "missing"): number =>
    tracks.reduce((total, { counts }) => total + counts[key], 0);
  const json = {
    output,
    ...(tracks.length === 1 && { camera: tracks[0]!.facts?.id }),
    ...{ seconds, stoppedBy },
    ...{ offered: sum("offered"), written: sum("written"), dropped: sum("dropped"), missing: sum("missing") },
    tracks: tracks.map((track) => ({
      name: track.name,
      camera: track.facts?.id,
      ...track.counts,
      unsaved: track.status?.unsaved,
      restarts: track.restarts,
      outages: track.outages,
      clockSteps: track.status?.clockSteps,
      stores: track.saved,
      failure: track.failure?.message,
    })),
  };
  const length = (track: RigTrack): number => {
    const first = track.saved.find(({ report }) => report?.first)?.report?.first?.time;
    const last = track.saved.findLast(({ report }) => report?.last)?.report?.last?.time;
    return first === undefined || last === undefined ? 0 : last - first;
  };
  const lines = tracks.map((track) => {
    const stores = new Set(track.saved.map(({ path }) => path));
    const name = tracks.length === 1 && stores.size <= 1 ? output : track.name;
    const where = stores.size > 1 ? ` in ${countOf(stores.size, "store")}` : "";
    const restarted =
      track.restarts.length > 0
        ? `; its process was started again ${countOf(track.restarts.length, "time")}`
        : "";
    const failed = track.failure ? `; ${track.failure.message}` : "";
    const frames = countOf(track.counts.written, "frame");
    return `${name}: ${frames}${where} in ${formatSeconds(length(track))}, ${lossText(track.counts.losses)}${restarted}${failed}`;
  });
  return { lines, json };
}

const words: Record<LossCause, string> = {
  camera: "lost by the camera",
  queue: "dropped from a full queue",
  encoder: "lost by the encoder",
  disk: "lost by the disk",
};

function lossText(losses: Readonly<Record<LossCause, number>>): string {
  const found = (Object.keys(words) as LossCause[]).flatMap((cause) =>
    losses[cause] > 0 ? [`${formatCount(losses[cause])} ${words[cause]}`] : [],
  );
  return found.length === 0 ? "none lost" : found.join(", ");
}
