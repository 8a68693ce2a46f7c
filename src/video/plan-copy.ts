import type { FrameTable } from "./frame-table.js";

/** Which packets make a film of their own, and what their stamps are there. */
export interface CopyPlan {
  /** Frames [start, stop) of the source are in it: at least those that were asked for. */
  readonly start: number;
  readonly stop: number;
  /** Ranks of the packets, in decoding order. */
  readonly packets: Uint32Array;
  /** Ticks of the source's time base; the first frame is at 0. */
  readonly pts: Float64Array;
  /** Ticks; rise from packet to packet, and are never later than the frame. */
  readonly dts: Float64Array;
  /** Some of the packets are never shown. */
  readonly isHidden: boolean;
}

/**
 * Plans a copy of frames [start, stop).
 *
 *     decoding order   I0 P3 B1 B2  I6 B4 B5 P9 B7 B8        frames 4 to 7 are wanted
 *
 * The copy begins with the keyframe from which the first frame can be decoded (I0), and ends where no packet is missing
 * among those that it has: P9 is needed for B7, so that B8 and P9 are in it too. Frames that are decoded after the first
 * keyframe, but shown before it (B4 and B5 if I6 were the first), lean on what is not there, and are left out.
 */
export function planCopy(table: FrameTable, start: number, stop: number): CopyPlan {
  const { packetOf, frameOf } = table;
  const key = table.keyFor(start);
  const begin = Math.max(0, frameOf[key]!);
  let [end, last] = [Math.max(stop, begin + 1), key];
  for (let frame = begin; frame < end; frame++) {
    for (; last < packetOf[frame]!; last++) end = Math.max(end, frameOf[last + 1]! + 1);
  }
  const packets = Uint32Array.from({ length: last + 1 - key }, (_, at) => key + at).filter(
    (packet) => frameOf[packet]! < 0 || frameOf[packet]! >= begin,
  );
  const first = table.pts[begin]!;
  const pts = Float64Array.from(packets, (packet) => table.packets.pts[packet]! - first);
  return {
    start: begin,
    stop: end,
    packets,
    pts,
    dts: decodingTimes(pts),
    isHidden: packets.some((packet) => frameOf[packet]! < 0),
  };
}

/**
 * Times at which packets are decoded, whatever the container said of them: the k-th packet when the k-th frame is shown, all
 * of them as much earlier as it takes for none to be late.
 */
function decodingTimes(pts: Float64Array): Float64Array {
  const shown = pts.slice().sort();
  const late = shown.reduce((most, time, at) => Math.max(most, time - pts[at]!), 0);
  const dts = shown.map((time) => time - late);
  // A frame that is never shown may have the time of one that is.
  for (let at = 1; at < dts.length; at++) dts[at] = Math.max(dts[at]!, dts[at - 1]! + 1);
  const over = dts.reduce((most, time, at) => Math.max(most, time - pts[at]!), 0);
  return dts.map((time) => time - over);
}
