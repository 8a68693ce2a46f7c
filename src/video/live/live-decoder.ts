import type { CodedFrame, CodedInfo } from "../../core/coded-frame.js";
import type { Image } from "../../core/image.js";
import { CodedPacket, codedParameters } from "../ffmpeg/coded-packets.js";
import { Converter } from "../ffmpeg/converter.js";
import { Decoder, type NativeFrame } from "../ffmpeg/decoder.js";

/** A decoded frame, and the one that it came from. */
export interface LivePicture<F extends CodedFrame> {
  readonly from: F;
  readonly image: Image;
}

export interface LiveDecoderOptions {
  readonly as: "auto" | "bgr" | "gray";
  /** Decoder threads; each beyond the first holds a frame back. */
  readonly threads: number;
}

/**
 * Decodes frames as they come. A picture is known by its packet. What is damaged, or leans on what is not there, is not
 * given. One call at a time.
 */
export class LiveDecoder<F extends CodedFrame> {
  readonly #threads: number;
  readonly #converter: Converter;
  readonly #packet = new CodedPacket();
  /** Frames that the decoder has got and not given back, by their rank. */
  readonly #sent = new Map<number, F>();
  #rank = 0;
  #decoder: Decoder | undefined;
  #coded: CodedInfo | undefined;

  constructor({ as, threads }: LiveDecoderOptions) {
    this.#threads = threads;
    this.#converter = new Converter({ as, rotation: 0 });
  }

  /** @returns the pictures that have come out, in the order in which they are shown. */
  async decode(frame: F): Promise<LivePicture<F>[]> {
    const before = this.#coded === frame.coded ? [] : await this.#restart(frame.coded);
    const rank = this.#rank++;
    this.#sent.set(rank, frame);
    const packet = this.#packet.fill(frame.data, rank, frame.isKey);
    if (!(await this.#decoder!.send(packet, rank, false))) this.#sent.delete(rank);
    const pictures = before;
    for (let out = this.#decoder!.receive(); out; out = this.#decoder!.receive()) this.#take(out, pictures);
    return pictures;
  }

  /** The pictures that the decoder still holds. It begins anew after that. */
  async finish(): Promise<LivePicture<F>[]> {
    const pictures: LivePicture<F>[] = [];
    const decoder = this.#decoder;
    if (decoder === undefined) return pictures;
    await decoder.drain();
    for (;;) {
      const out = await decoder.receiveLate();
      if (out === undefined) break;
      this.#take(out, pictures);
    }
    await this.#release();
    return pictures;
  }

  async close(): Promise<void> {
    await this.#release();
    this.#packet.free();
    this.#converter.close();
  }

  async #restart(coded: CodedInfo): Promise<LivePicture<F>[]> {
    const pictures = await this.finish();
    const parameters = codedParameters(coded);
    try {
      this.#decoder = Decoder.open(parameters, this.#threads, false);
      this.#coded = coded;
    } finally {
      parameters.codecpar.free();
    }
    return pictures;
  }

  #take(native: NativeFrame, pictures: LivePicture<F>[]): void {
    try {
      const from = this.#sent.get(native.packet);
      this.#sent.delete(native.packet);
      // Those that came so long before it will not come out any more.
      for (const rank of this.#sent.keys())
        if (rank < native.packet - MOST_REORDERED) this.#sent.delete(rank);
      if (from === undefined || native.isDamaged || native.isUnsure) return;
      pictures.push({ from, image: this.#converter.convert(native) });
    } finally {
      native.release();
    }
  }

  async #release(): Promise<void> {
    const decoder = this.#decoder;
    this.#decoder = undefined;
    this.#coded = undefined;
    this.#sent.clear();
    await decoder?.close();
  }
}

/** Pictures that a codec may put between a packet and its picture; H.264 and H.265 allow 16. */
const MOST_REORDERED = 64;
