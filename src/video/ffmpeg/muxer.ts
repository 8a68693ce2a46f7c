import { AVFMT_GLOBALHEADER } from "node-av/constants";
import {
  type CodecContext,
  Dictionary,
  FormatContext,
  type Packet,
  Rational,
  type Stream,
} from "node-av/lib";
import { check } from "./binding.js";

const formats: Record<string, string> = { mp4: "mp4", mkv: "matroska", mov: "mov", avi: "avi" };

/** A container file that one video stream is written into. */
export class Muxer {
  readonly #format: FormatContext;
  #stream: Stream | undefined;
  #timeBase = { num: 1, den: 1 };
  #isOpen = false;

  /** @throws {Error} if FFmpeg cannot write that container. */
  constructor(path: string, container: string) {
    this.#format = new FormatContext();
    check(
      this.#format.allocOutputContext2(null, formats[container] ?? container, `file:${path}`),
      `container ${container}`,
    );
  }

  /** Whether the codec's headers belong into the file's header. */
  get hasGlobalHeader(): boolean {
    return (Number(this.#format.oformat?.flags ?? 0) & AVFMT_GLOBALHEADER) !== 0;
  }

  /**
   * Creates the file and writes its header.
   * @param tag the codec's four letters, where the container is not to choose; 0 lets it choose.
   */
  async start(encoder: CodecContext, tag?: string | number): Promise<void> {
    const stream = this.#format.newStream(null);
    check(stream.codecpar.fromContext(encoder), "stream parameters");
    if (tag !== undefined) stream.codecpar.codecTag = tag;
    stream.timeBase = encoder.timeBase;
    stream.avgFrameRate = new Rational(encoder.framerate.num, encoder.framerate.den);
    this.#timeBase = { num: encoder.timeBase.num, den: encoder.timeBase.den };
    this.#stream = stream;
    check(await this.#format.openOutput(), "create file");
    this.#isOpen = true;
    const options = Dictionary.fromObject({ strict: "experimental" });
    check(await this.#format.writeHeader(options), "write header");
  }

  /** Writes one packet. Its time stamps are in the encoder's time base. */
  write(packet: Packet, duration: number): void {
    const stream = this.#stream!;
    packet.streamIndex = stream.index;
    if (packet.duration <= 0n) packet.duration = BigInt(duration);
    packet.rescaleTs(this.#timeBase, stream.timeBase);
    check(this.#format.interleavedWriteFrameSync(packet), "write packet");
  }

  /** Writes what belongs at the end of the file. */
  async finish(): Promise<void> {
    check(await this.#format.writeTrailer(), "write the end of the file");
  }

  async close(): Promise<void> {
    if (this.#isOpen) await this.#format.closeOutput();
    this.#isOpen = false;
    this.#format.freeContext();
  }
}
