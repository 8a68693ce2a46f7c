import type { FrameNumber } from "../core/frame.js";
import type { DiskLeft } from "./disk-left.js";
import type { LiveRecording, LiveTrack } from "./live-recording.js";

/** How a recording is doing, as plain JSON. */
export function describeLive(live: LiveRecording, disk: DiskLeft, viewers = 0): Record<string, unknown> {
  return {
    /** Seconds since 1970. */
    time: Date.now() / 1000,
    isSaving: live.isSaving,
    ...(live.onset !== undefined && { onset: live.onset }),
    viewers,
    cameras: live.tracks.map((track) => describeTrack(track, disk)),
  };
}

function describeTrack(track: LiveTrack, disk: DiskLeft): Record<string, unknown> {
  const { name, status, counts, facts, failure, isSaving, restarts, outages } = track;
  const { offered, written, dropped, waiting, missing, losses } = counts;
  const share = disk.of(name);
  return {
    name,
    ...(facts && { camera: facts.id, width: facts.info.width, height: facts.info.height }),
    state: failure ? "failed" : track.hasEnded ? "ended" : (status?.state ?? "opening"),
    isSaving,
    fps: status?.rate ?? 0,
    ...{ offered, written, dropped, waiting, missing, losses },
    /** Seconds from arrival to written. */
    ...(status?.latency && { latency: status.latency }),
    ...(status?.last && { frame: { number: plainNumber(status.last.number), time: status.last.time } }),
    ...(status?.store !== undefined && { store: status.store }),
    bytesPerSecond: status?.byteRate ?? 0,
    ...(share && { diskFree: share.free }),
    ...(share?.hours !== undefined && { diskHours: share.hours }),
    memory: status?.memory ?? 0,
    cpu: status?.cpu ?? 0,
    restarts: restarts.length,
    outages: outages.length,
    ...(failure && { failure: failure.message }),
  };
}

/** JSON has no integers beyond 2^53: those are written as text. */
export function plainNumber(number: FrameNumber): number | string | null {
  if (typeof number === "bigint") return String(number);
  return Number.isNaN(number) ? null : number;
}
