import { DecodeSession } from "./decode-session.js";
import { type Demuxer, packetFacts } from "./ffmpeg/demuxer.js";
import { FrameTable, HIDDEN, KEY, orderByStamps, type PacketColumns } from "./frame-table.js";

/** Packets between two turns of the event loop: some milliseconds of scanning. */
const PACKETS_PER_TURN = 1500;

/** Packets that are decoded to see whether a parsed stream gives one picture for each of them. */
const TRIAL_PACKETS = 24;

export interface ScanOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds the frame table of a video. The packets are read, not decoded, unless their time stamps cannot tell the
 * presentation order; then every frame is decoded once, which is slower and right.
 * @param demuxer at its start; left at its end.
 */
export async function buildFrameTable(demuxer: Demuxer, options: ScanOptions = {}): Promise<FrameTable> {
  const { packets, isBroken } = await scanPackets(demuxer, options);
  const byStamps = isBroken ? undefined : orderByStamps(packets);
  if (byStamps && !demuxer.info.isParsed) return byStamps;
  if (byStamps && (await givesOneFrameEach(demuxer, packets))) return byStamps;
  return orderByDecoding(demuxer, packets, Number.POSITIVE_INFINITY, options);
}

/** Reads every packet. `isBroken`: the file ends inside one. */
async function scanPackets(
  demuxer: Demuxer,
  { signal }: ScanOptions,
): Promise<{ packets: PacketColumns; isBroken: boolean }> {
  const columns = new GrowingColumns();
  let isBroken = false;
  for (let count = 1; ; count++) {
    const next = demuxer.read();
    const packet = next instanceof Promise ? await next : next;
    if (!packet) break;
    const facts = packetFacts(packet, demuxer.info.codec);
    isBroken ||= facts.isBroken;
    columns.push(
      facts.pts,
      facts.dts,
      facts.duration,
      facts.size,
      (facts.isKey ? KEY : 0) | (facts.isHidden ? HIDDEN : 0),
    );
    if (count % PACKETS_PER_TURN === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    }
  }
  return { packets: columns.finish(), isBroken };
}

/** Interlaced streams may come as one packet a field: then two packets give one frame, which only decoding tells. */
async function givesOneFrameEach(demuxer: Demuxer, packets: PacketColumns): Promise<boolean> {
  const table = await orderByDecoding(demuxer, packets, TRIAL_PACKETS, {});
  return (
    table.length ===
    Math.min(TRIAL_PACKETS, packets.pts.filter((_, i) => !(packets.flags[i]! & HIDDEN)).length)
  );
}

/** The presentation order as the decoder tells it. */
async function orderByDecoding(
  demuxer: Demuxer,
  packets: PacketColumns,
  limit: number,
  { signal }: ScanOptions,
): Promise<FrameTable> {
  const session = await DecodeSession.open(demuxer, { threads: 0 });
  const packetOf: number[] = [];
  const pts: number[] = [];
  try {
    for await (const frame of session.decodeAll(limit)) {
      packetOf.push(frame.packet);
      pts.push(frame.pts);
      frame.release();
      signal?.throwIfAborted();
    }
  } finally {
    await session.close();
  }
  return new FrameTable(packets, Uint32Array.from(packetOf), Float64Array.from(pts), true);
}

/** Columns that double when full: the number of packets is not known before the last one. */
class GrowingColumns {
  #capacity = 1024;
  #length = 0;
  #pts = new Float64Array(this.#capacity);
  #dts = new Float64Array(this.#capacity);
  #duration = new Float64Array(this.#capacity);
  #size = new Uint32Array(this.#capacity);
  #flags = new Uint8Array(this.#capacity);

  push(pts: number, dts: number, duration: number, size: number, flags: number): void {
    if (this.#length === this.#capacity) this.#grow();
    const at = this.#length++;
    this.#pts[at] = pts;
    this.#dts[at] = dts;
    this.#duration[at] = duration;
    this.#size[at] = size;
    this.#flags[at] = flags;
  }

  finish(): PacketColumns {
    const end = this.#length;
    return {
      pts: this.#pts.slice(0, end),
      dts: this.#dts.slice(0, end),
      duration: this.#duration.slice(0, end),
      size: this.#size.slice(0, end),
      flags: this.#flags.slice(0, end),
    };
  }

  #grow(): void {
    this.#capacity *= 2;
    const grown = <A extends Float64Array | Uint32Array | Uint8Array>(old: A, fresh: A): A => {
      fresh.set(old);
      return fresh;
    };
    this.#pts = grown(this.#pts, new Float64Array(this.#capacity));
    this.#dts = grown(this.#dts, new Float64Array(this.#capacity));
    this.#duration = grown(this.#duration, new Float64Array(this.#capacity));
    this.#size = grown(this.#size, new Uint32Array(this.#capacity));
    this.#flags = grown(this.#flags, new Uint8Array(this.#capacity));
  }
}
