import { Decoder, type NativeFrame } from "./ffmpeg/decoder.js";
import { type Demuxer, type Packet, type PacketFacts, packetFacts } from "./ffmpeg/demuxer.js";
import type { FrameTable } from "./frame-table.js";

/** Codecs whose decoders know which pictures no other refers to. */
const canSkip = new Set(["h264", "hevc", "mpeg4", "mpeg2video", "mpeg1video"]);

/** How far before its keyframe decoding may start over when a picture does not come out right, in packets. */
const RETRY_PACKETS = 1000;

/** How often decoding starts over for a picture that is damaged or does not come out at all. */
const RETRIES = 2;

/** Packets after a seek among which the first one that is known has to be. */
const UNKNOWN_PACKETS = 64;

export interface DecodeCounters {
  framesDecoded: number;
  seeks: number;
}

export interface FetchOptions {
  /**
   * `jump`: the shortest way to this one picture; the decoder is cold afterwards. `run`: decode every picture on the
   * way and stay warm, so that the next ones are cheap.
   */
  readonly way: "jump" | "run";
  /** Takes every picture that comes out, the wanted one included, with its frame index. */
  readonly keep: (frame: NativeFrame, index: number) => void;
  /** Stops between two packets. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One demuxer and one decoder that walk through a video. Every picture is known by the packet that it came from, not
 * by its time stamp, so it is the right one even where the container lies. One call at a time.
 */
export class DecodeSession {
  readonly counters: DecodeCounters = { framesDecoded: 0, seeks: 0 };
  readonly #threads: number;
  #table: FrameTable | undefined;
  #demuxer: Demuxer;
  #decoder: Decoder;
  /** Whether the decoder has got nothing yet. */
  #isFresh = true;
  #canFlush = true;
  /** Rank of the packet that the demuxer gives next. */
  #position = 0;
  /** Rank of the first packet that the decoder got since it was flushed. */
  #start = 0;
  /** Highest frame index that came out since then. */
  #reached = -1;
  #isDrained = false;
  /** A jump left pictures out: nothing can be read on from here. */
  #isCold = false;
  /** A packet that was read to see where a seek has landed, and is still to be decoded. */
  #held: Packet | undefined;
  /** The packet that is being decoded ahead. */
  #ahead: Promise<void> | undefined;
  readonly #ready: NativeFrame[] = [];

  private constructor(demuxer: Demuxer, decoder: Decoder, threads: number, table: FrameTable | undefined) {
    this.#demuxer = demuxer;
    this.#decoder = decoder;
    this.#threads = threads;
    this.#table = table;
  }

  /** @param demuxer whose file is opened once more, for this session alone. */
  static async open(
    demuxer: Demuxer,
    options: { readonly threads: number; readonly table?: FrameTable },
  ): Promise<DecodeSession> {
    const own = await demuxer.reopen();
    try {
      return new DecodeSession(
        own,
        Decoder.open(own.stream, options.threads, false),
        options.threads,
        options.table,
      );
    } catch (error) {
      await own.close();
      throw error;
    }
  }

  /** Tells the session where every frame lies, if it was opened before that was known. */
  attach(table: FrameTable): void {
    this.#table = table;
  }

  /** The picture of the first packet, if it has one of its own; for looking at a video before its table is built. */
  async decodeFirst(): Promise<NativeFrame | undefined> {
    await this.#feed(false);
    await this.#drain();
    this.#isCold = true;
    const [first, ...others] = this.#ready.splice(0);
    for (const frame of others) frame.release();
    return first;
  }

  /** Rank of the packet where the decoder started; what comes out may lean on pictures before it. */
  get start(): number {
    return this.#start;
  }

  /** Every picture that comes out of the first `limit` packets, from the start of the file. */
  async *decodeAll(limit: number): AsyncGenerator<NativeFrame> {
    while (!this.#isDrained || this.#ready.length > 0) {
      const frame = this.#ready.shift();
      if (frame) yield frame;
      else if (this.#position < limit) await this.#feed(false);
      else await this.#drain();
    }
  }

  /**
   * Decodes until a frame comes out.
   * @returns undefined if it does not, wherever decoding starts: it is damaged.
   */
  async fetch(index: number, options: FetchOptions): Promise<NativeFrame | undefined> {
    const table = this.#need();
    // A decoder does one thing at a time. What went wrong ahead goes wrong again, and is told, when it is read.
    await this.#ahead?.catch(() => undefined);
    let key = table.keyFor(index);
    let isSure = false;
    let retries = 0;
    let found: NativeFrame | undefined;
    const take = (frame: NativeFrame, at: number): void => {
      if (at === index) {
        isSure = !frame.isUnsure && !frame.isDamaged;
        found = frame;
      }
      options.keep(frame, at);
    };
    if (!this.#canContinueTo(index, key)) await this.#restart(key);
    else key = this.#start;
    await this.#decodeTo(index, { ...options, keep: take });
    if (!found && !this.#isFresh && !options.signal?.aborted) {
      // Some decoders do not come back from a flush: once more with a new one, and never a flush again if that helps.
      await this.#renew();
      await this.#restart(key);
      await this.#decodeTo(index, { ...options, way: "run", keep: take });
      this.#canFlush &&= found === undefined;
    }
    // Where a picture is missing or leans on one that is, the keyframe was none: begin at the one before it.
    const origin = table.packetOf[index]!;
    while (!isSure && key > 0 && origin - key < RETRY_PACKETS && !options.signal?.aborted) {
      if ((!found || found.isDamaged) && retries++ >= RETRIES) break;
      key = table.keyFor(index, key);
      await this.#renew();
      await this.#restart(key);
      await this.#decodeTo(index, { ...options, way: "run", keep: take });
    }
    return found;
  }

  /**
   * The picture after the one that was fetched or given last, for reading on after a `fetch` with `run`.
   * @param index what it has to be. A picture beyond it is kept for later: the wanted one is missing.
   * @returns undefined at the end of the file, or if the wanted picture is missing.
   */
  async next(index: number): Promise<NativeFrame | undefined> {
    for (;;) {
      const frame = this.#ready[0];
      if (frame) {
        const at = this.#need().frameOf[frame.packet] ?? -1;
        if (at > index) return undefined;
        this.#ready.shift();
        if (at === index) {
          this.#reached = at;
          return frame;
        }
        frame.release();
      } else if (this.#isDrained) return undefined;
      else await (this.#ahead ?? this.#feed(false));
    }
  }

  /** Starts to decode the next packet on another thread, while the caller works on the picture it has. */
  readAhead(): void {
    if (this.#ahead || this.#isDrained || this.#ready.length > 0) return;
    this.#ahead = this.#feed(false).finally(() => {
      this.#ahead = undefined;
    });
    // Whoever waits for it sees the error; nobody may wait any more.
    this.#ahead.catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#ahead?.catch(() => undefined);
    for (const frame of this.#ready.splice(0)) frame.release();
    await this.#decoder.close();
    await this.#demuxer.close();
  }

  /**
   * Frame 9 is wanted, the decoder stands after 6. Decoding on costs 3 frames, seeking to K costs 2:
   *   K . . . . . 6 . K 9      seek only if a keyframe lies between here and there.
   */
  #canContinueTo(index: number, key: number): boolean {
    const isWarm = !this.#isCold && (!this.#isDrained || this.#ready.length > 0);
    return (
      isWarm && this.#position > 0 && index > this.#reached && this.#start <= key && key <= this.#position
    );
  }

  async #decodeTo(index: number, options: FetchOptions): Promise<void> {
    const last = this.#need().packetOf[index]!;
    const isJump = options.way === "jump";
    const maySkip = isJump && canSkip.has(this.#demuxer.info.codec);
    while (this.#reached < index && !options.signal?.aborted) {
      const frame = this.#ready.shift();
      if (frame) {
        const at = this.#indexOf(frame);
        if (at < 0) frame.release();
        else options.keep(frame, at);
      } else if (this.#isDrained) return;
      else if (isJump && this.#position > last) await this.#drain();
      else await this.#feed(maySkip && this.#position < last);
    }
    if (!isJump) return;
    this.#isCold = true;
    for (const frame of this.#ready.splice(0)) options.keep(frame, this.#indexOf(frame));
  }

  #indexOf(frame: NativeFrame): number {
    const index = this.#need().frameOf[frame.packet] ?? -1;
    if (index > this.#reached) this.#reached = index;
    return index;
  }

  /**
   * Sends one packet and takes what comes out. Decoding has begun on its thread when this returns its promise, so that
   * what the caller does before it awaits runs beside it.
   */
  #feed(isSkipped: boolean): Promise<void> {
    const next = this.#held ?? this.#demuxer.read();
    this.#held = undefined;
    return next instanceof Promise
      ? next.then((packet) => this.#send(packet, isSkipped))
      : this.#send(next, isSkipped);
  }

  async #send(packet: Packet | undefined, isSkipped: boolean): Promise<void> {
    if (!packet) return this.#drain();
    const rank = this.#position++;
    const table = this.#table;
    if (table && packet.size !== table.packets.size[rank]) {
      throw new Error(
        `packet ${rank} is not the one that was there when the file was opened: it has changed`,
      );
    }
    this.#isFresh = false;
    await this.#decoder.send(packet, rank, isSkipped);
    for (let frame = this.#decoder.receive(); frame; frame = this.#decoder.receive()) this.#push(frame);
  }

  async #drain(): Promise<void> {
    await this.#decoder.drain();
    for (;;) {
      const frame = await this.#decoder.receiveLate();
      if (!frame) break;
      this.#push(frame);
    }
    this.#isDrained = true;
  }

  #push(frame: NativeFrame): void {
    this.counters.framesDecoded++;
    this.#ready.push(frame);
  }

  /** Puts demuxer and decoder before a packet. */
  async #restart(packet: number): Promise<void> {
    for (const frame of this.#ready.splice(0)) frame.release();
    if (!this.#canFlush) await this.#renew();
    else if (!this.#isFresh) this.#decoder.flush();
    this.#isDrained = false;
    this.#isCold = false;
    this.#reached = -1;
    if (this.#position !== packet) {
      this.counters.seeks++;
      if (!(await this.#seek(packet))) await this.#walk(packet);
    }
    this.#start = packet;
  }

  /** Goes to a packet by its time stamp. @returns whether the demuxer really stands before it. */
  async #seek(packet: number): Promise<boolean> {
    if (packet === 0) return false;
    const table = this.#need();
    // Some containers land late; then the keyframe before is tried as well.
    const earlier = table.frameOf[packet]! >= 0 ? table.keyFor(table.frameOf[packet]!, packet) : 0;
    return (await this.#seekBy(packet, packet)) || (earlier > 0 && (await this.#seekBy(packet, earlier)));
  }

  /** Seeks with the stamp of the packet `by`. Which one follows is not taken on trust: it is recognised. */
  async #seekBy(packet: number, by: number): Promise<boolean> {
    const { pts, dts } = this.#need().packets;
    const stamp = Number.isNaN(pts[by]) ? dts[by]! : pts[by]!;
    this.#held = undefined;
    if (Number.isNaN(stamp) || !this.#demuxer.seek(stamp)) return false;
    let rank = -1;
    for (let count = 0; rank < packet; count++) {
      const found = await this.#read();
      if (!found || (rank < 0 && count === UNKNOWN_PACKETS)) return false;
      rank = rank >= 0 ? rank + 1 : this.#recognise(packetFacts(found, this.#demuxer.info.codec), packet);
      this.#held = found;
    }
    this.#position = packet;
    return true;
  }

  async #read(): Promise<Packet | undefined> {
    const next = this.#demuxer.read();
    return next instanceof Promise ? await next : next;
  }

  /** Rank of a packet at or before `near`, -1 if it is none of them. */
  #recognise(found: PacketFacts, near: number): number {
    const { pts, dts, size } = this.#need().packets;
    for (let rank = near; rank >= 0; rank--) {
      if (size[rank] !== found.size) continue;
      if (Number.isNaN(found.pts) ? dts[rank] === found.dts : pts[rank] === found.pts) return rank;
    }
    return -1;
  }

  /** From the start of the file, packet by packet: for containers that cannot seek, or not there. */
  async #walk(packet: number): Promise<void> {
    const fresh = await this.#demuxer.reopen();
    await this.#demuxer.close();
    this.#demuxer = fresh;
    this.#held = undefined;
    for (this.#position = 0; this.#position < packet; this.#position++) {
      if (!(await this.#read())) throw new Error(`packet ${this.#position} is gone: the file has changed`);
    }
  }

  /**
   * A new decoder, and one that holds pictures back as long as any legal stream may need: slower to give the first
   * one, but none comes out of order.
   */
  async #renew(): Promise<void> {
    await this.#decoder.close();
    this.#decoder = Decoder.open(this.#demuxer.stream, this.#threads, true);
    this.#isFresh = true;
  }

  #need(): FrameTable {
    if (!this.#table) throw new Error("this session has no frame table");
    return this.#table;
  }
}
