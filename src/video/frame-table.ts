import { ColumnIndex } from "../core/column-index.js";

/** The packets of a video stream in decoding order, one column per fact. Ticks are NaN where there are none. */
export interface PacketColumns {
  readonly pts: Float64Array;
  readonly dts: Float64Array;
  readonly duration: Float64Array;
  readonly size: Uint32Array;
  /** Bit 0: keyframe. Bit 1: never shown. */
  readonly flags: Uint8Array;
}

export const KEY = 1;
export const HIDDEN = 2;

/**
 * Where every frame of a video lies: packets in decoding order, frames in presentation order, and the way from one to
 * the other. Pure data.
 */
export class FrameTable {
  readonly packets: PacketColumns;
  /** Packet rank of each frame, in presentation order. */
  readonly packetOf: Uint32Array;
  /** Time stamp of each frame in ticks, in presentation order; NaN where there is none. */
  readonly pts: Float64Array;
  /** Frame index of each packet, -1 if it is never shown. */
  readonly frameOf: Int32Array;
  /** Whether the presentation order came from decoding every frame, because the container does not tell it. */
  readonly isDecoded: boolean;

  constructor(packets: PacketColumns, packetOf: Uint32Array, pts: Float64Array, isDecoded: boolean) {
    this.packets = packets;
    this.packetOf = packetOf;
    this.pts = pts;
    this.isDecoded = isDecoded;
    this.frameOf = new Int32Array(packets.pts.length).fill(-1);
    for (let frame = 0; frame < packetOf.length; frame++) this.frameOf[packetOf[frame]!] = frame;
  }

  get length(): number {
    return this.packetOf.length;
  }

  isKey(frame: number): boolean {
    return this.isKeyPacket(this.packetOf[frame]!);
  }

  isKeyPacket(packet: number): boolean {
    return (this.packets.flags[packet]! & KEY) !== 0;
  }

  /**
   * The packet from which decoding has to start to get a frame: the last keyframe that comes before it both in
   * decoding and in presentation order. A frame that is presented before "its" keyframe (open GOP) needs the one
   * before that.
   * @param before only keyframes before this packet.
   * @returns 0, the start of the file, if there is no such keyframe.
   */
  keyFor(frame: number, before = this.packetOf[frame]! + 1): number {
    for (let packet = before - 1; packet > 0; packet--) {
      const shown = this.frameOf[packet]!;
      if (this.isKeyPacket(packet) && shown >= 0 && shown <= frame) return packet;
    }
    return 0;
  }

  /**
   * Frame times in seconds, and the numbers 0, 1, 2 …
   * @param rate frames a second, for streams without any time stamp.
   */
  index(timeBase: { readonly num: number; readonly den: number }, rate: number): ColumnIndex {
    const times = this.pts.map((pts) => (pts * timeBase.num) / timeBase.den);
    return new ColumnIndex({ times: fillGaps(times, rate) });
  }

  /** How long a frame is shown, in ticks: until the next one, or what the container says of the last one. */
  duration(frame: number): number {
    const next = frame + 1 < this.length ? this.pts[frame + 1]! - this.pts[frame]! : Number.NaN;
    return next > 0 ? next : this.packets.duration[this.packetOf[frame]!]!;
  }
}

/**
 * The presentation order as the time stamps tell it; undefined where they cannot be trusted to: a stamp is missing or
 * stands twice, or frames come before the first keyframe and may never decode.
 */
export function orderByStamps(packets: PacketColumns): FrameTable | undefined {
  const { pts, flags } = packets;
  if (pts.length > 0 && (flags[0]! & KEY) === 0) return undefined;
  const shown = Uint32Array.from(pts.keys()).filter((packet) => (flags[packet]! & HIDDEN) === 0);
  for (const packet of shown) {
    if (Number.isNaN(pts[packet])) return undefined;
    if (pts[packet]! < pts[0]! && (flags[0]! & HIDDEN) === 0) return undefined;
  }
  if (!isSorted(shown, pts)) shown.sort((a, b) => pts[a]! - pts[b]!);
  const sorted = Float64Array.from(shown, (packet) => pts[packet]!);
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) return undefined;
  return new FrameTable(packets, shown, sorted, false);
}

function isSorted(order: Uint32Array, values: Float64Array): boolean {
  for (let i = 1; i < order.length; i++) if (values[order[i - 1]!]! > values[order[i]!]!) return false;
  return true;
}

/** Estimates the times that a container leaves out, one usual distance from their neighbours; in place. */
function fillGaps(times: Float64Array, rate: number): Float64Array {
  const first = times.findIndex((time) => !Number.isNaN(time));
  if (first === 0 && !times.some(Number.isNaN)) return times;
  const distance = usualDistance(times) ?? (rate > 0 ? 1 / rate : Number.NaN);
  if (first > 0) for (let i = first - 1; i >= 0; i--) times[i] = times[i + 1]! - distance;
  else if (first < 0) times[0] = 0;
  for (let i = 1; i < times.length; i++) if (Number.isNaN(times[i])) times[i] = times[i - 1]! + distance;
  return times;
}

/** The median distance of neighbours that both have a time. */
function usualDistance(times: Float64Array): number | undefined {
  const distances = times
    .map((time, i) => (i === 0 ? Number.NaN : time - times[i - 1]!))
    .filter((distance) => distance > 0)
    .sort();
  return distances[distances.length >> 1];
}
