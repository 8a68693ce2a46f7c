import {
  AV_FRAME_FLAG_CORRUPT,
  AV_FRAME_FLAG_KEY,
  FF_DECODE_ERROR_CONCEALMENT_ACTIVE,
  FF_DECODE_ERROR_DECODE_SLICES,
  FF_DECODE_ERROR_INVALID_BITSTREAM,
} from "node-av/constants";
import { avImageGetBufferSize, Codec, CodecContext, Frame, type Packet, type Stream } from "node-av/lib";
import { check, isAgainOrEnd, setOption, ticks } from "./binding.js";

/** A decoded picture in FFmpeg's own memory. Whoever holds it calls `release()` once. */
export class NativeFrame {
  readonly frame: Frame;
  /** Rank of its packet in decoding order; see `Decoder.send`. */
  readonly packet: number;
  /** FFmpeg's best-effort time stamp in ticks; NaN where it has none. */
  readonly pts: number;
  readonly isKey: boolean;
  /** The decoder had to guess a part of the picture: the data is damaged. */
  readonly isDamaged: boolean;
  /** A picture that it refers to was not there: decoding started too late, or that picture is lost. */
  readonly isUnsure: boolean;
  /** Bytes of picture memory. */
  readonly bytes: number;
  #isFree = false;

  constructor(frame: Frame) {
    const errors = frame.decodeErrorFlags;
    this.frame = frame;
    this.packet = Number(frame.duration) - 1;
    this.pts = ticks(frame.bestEffortTimestamp);
    this.isKey = (frame.flags & AV_FRAME_FLAG_KEY) !== 0;
    this.isDamaged =
      (errors &
        (FF_DECODE_ERROR_INVALID_BITSTREAM |
          FF_DECODE_ERROR_CONCEALMENT_ACTIVE |
          FF_DECODE_ERROR_DECODE_SLICES)) !==
      0;
    this.isUnsure = (frame.flags & AV_FRAME_FLAG_CORRUPT) !== 0;
    this.bytes = avImageGetBufferSize(frame.format as number as never, frame.width, frame.height, 32);
  }

  release(): void {
    if (this.#isFree) return;
    this.#isFree = true;
    this.frame.free();
  }
}

/**
 * A decoder that stays warm. It decodes on another thread and takes one packet at a time: never two calls at once.
 */
export class Decoder {
  readonly #context: CodecContext;
  #isSkipping = false;
  #pending: Promise<unknown> | undefined;

  private constructor(context: CodecContext) {
    this.#context = context;
  }

  /**
   * @param threads decoder threads; 0 lets FFmpeg choose.
   * @param isStrict hold pictures back as long as the standard allows: for streams that lie about their reordering.
   * @throws {Error} if there is no decoder, or it refuses the stream.
   */
  static open(stream: Pick<Stream, "codecpar" | "timeBase">, threads: number, isStrict: boolean): Decoder {
    const codec = Codec.findDecoder(stream.codecpar.codecId);
    if (!codec) throw new Error(`there is no decoder for codec ${stream.codecpar.codecId}`);
    const context = new CodecContext();
    context.allocContext3(codec);
    try {
      check(context.parametersToContext(stream.codecpar), "decoder parameters");
      context.pktTimebase = stream.timeBase;
      context.threadCount = threads;
      if (isStrict) setOption(context, "strict", 1);
      check(context.open2Sync(codec, null), `open decoder ${codec.name}`);
    } catch (error) {
      context.freeContext();
      throw error;
    }
    return new Decoder(context);
  }

  /**
   * Decodes a packet on another thread.
   * @param rank the packet's rank in decoding order. It travels through the decoder in place of the duration, which
   *   no decoder looks at, and so tells exactly which packet each picture came from, whatever the time stamps say.
   * @param isSkipped decode it only if other pictures need it.
   * @returns false if the decoder refused the data.
   */
  async send(packet: Packet, rank: number, isSkipped: boolean): Promise<boolean> {
    if (isSkipped !== this.#isSkipping) {
      setOption(this.#context, "skip_frame", isSkipped ? "noref" : "default");
      this.#isSkipping = isSkipped;
    }
    packet.duration = BigInt(rank + 1);
    return (await this.#run(this.#context.sendPacket(packet))) >= 0;
  }

  /** Says that no more packets come, so that every picture comes out. `flush()` before the next packet. */
  async drain(): Promise<void> {
    await this.#run(this.#context.sendPacket(null));
  }

  /**
   * The next decoded picture, in presentation order; undefined if the decoder wants another packet. Take all of them
   * before the next `send`: a full decoder refuses packets.
   */
  receive(): NativeFrame | undefined {
    const frame = new Frame();
    frame.alloc();
    let code = this.#context.receiveFrameSync(frame);
    // With several threads, the error of a broken packet comes out here, and the pictures after it are still to come.
    for (let errors = 0; isBroken(code) && errors < MOST_ERRORS; errors++) {
      code = this.#context.receiveFrameSync(frame);
    }
    return wrap(frame, code);
  }

  /** As `receive`, after `drain`: waits on another thread for pictures that are still being decoded. */
  async receiveLate(): Promise<NativeFrame | undefined> {
    const frame = new Frame();
    frame.alloc();
    let code = await this.#run(this.#context.receiveFrame(frame));
    for (let errors = 0; isBroken(code) && errors < MOST_ERRORS; errors++) {
      code = await this.#run(this.#context.receiveFrame(frame));
    }
    return wrap(frame, code);
  }

  /** Forgets everything that was sent: before a jump. */
  flush(): void {
    this.#context.flushBuffers();
  }

  async close(): Promise<void> {
    await this.#pending;
    this.#context.freeContext();
  }

  async #run(call: Promise<number>): Promise<number> {
    this.#pending = call;
    try {
      return await call;
    } finally {
      this.#pending = undefined;
    }
  }
}

/** Errors that a decoder may give in a row before it is taken as stuck. */
const MOST_ERRORS = 64;

function isBroken(code: number): boolean {
  return code < 0 && !isAgainOrEnd(code);
}

function wrap(frame: Frame, code: number): NativeFrame | undefined {
  if (code >= 0) return new NativeFrame(frame);
  frame.free();
  return undefined;
}
