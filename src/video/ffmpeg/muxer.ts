import { AVFMT_GLOBALHEADER } from "node-av/constants";
import {
  type CodecContext,
  Dictionary,
  FormatContext,
  type IRational,
  type Packet,
  Rational,
  type Stream,
} from "node-av/lib";
import { check } from "./binding.js";
import type { CodedParameters } from "./coded-packets.js";

const formats: Record<string, string> = { mp4: "mp4", mkv: "matroska", mov: "mov", avi: "avi" };

/**
 * What makes a file that can be read at any moment: every packet reaches the system at once, and MP4 is written in
 * fragments until `finish` makes a plain file of them. (Without `empty_moov`, older readers stop after the first
 * fragment of a file that was not finished.)
 */
const liveOptions: Record<string, string> = { flush_packets: "1" };
const liveFragments = "hybrid_fragmented+frag_custom+empty_moov+default_base_moof";

/** A container file that one video stream is written into. */
export class Muxer {
  readonly #format: FormatContext;
  readonly #options: Record<string, string>;
  #stream: Stream | undefined;
  #timeBase = { num: 1, den: 1 };
  #isOpen = false;
  #isClosed = false;

  /**
   * @param isLive the file can be read up to the last `flush`, though it is not finished.
   * @throws {Error} if FFmpeg cannot write that container.
   */
  constructor(path: string, container: string, isLive = false) {
    this.#format = new FormatContext();
    const isMovie = container === "mp4" || container === "mov";
    this.#options = {
      strict: "experimental",
      ...(isLive && liveOptions),
      ...(isLive && isMovie && { movflags: liveFragments }),
    };
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
    const { timeBase, framerate, sampleAspectRatio } = encoder;
    stream.sampleAspectRatio = sampleAspectRatio;
    await this.#begin(stream, timeBase, framerate);
  }

  /** As `start`, for packets that are copied from another file; without a tag, of the same kind of container. */
  async startCopy(source: Stream, tag?: number): Promise<void> {
    const stream = this.#format.newStream(null);
    check(source.codecpar.copy(stream.codecpar), "stream parameters");
    if (tag !== undefined) stream.codecpar.codecTag = tag;
    stream.sampleAspectRatio = source.sampleAspectRatio;
    await this.#begin(stream, source.timeBase, source.avgFrameRate);
  }

  /** As `start`, for packets that come without an encoder or a file. */
  async startCoded({ codecpar, timeBase }: CodedParameters, tag: string | number): Promise<void> {
    const stream = this.#format.newStream(null);
    check(codecpar.copy(stream.codecpar), "stream parameters");
    stream.codecpar.codecTag = tag;
    await this.#begin(stream, timeBase, { num: timeBase.den, den: timeBase.num });
  }

  async #begin(stream: Stream, timeBase: IRational, rate: IRational): Promise<void> {
    stream.timeBase = new Rational(timeBase.num, timeBase.den);
    stream.avgFrameRate = new Rational(rate.num, rate.den);
    this.#timeBase = { num: timeBase.num, den: timeBase.den };
    this.#stream = stream;
    check(await this.#format.openOutput(), "create file");
    this.#isOpen = true;
    check(await this.#format.writeHeader(Dictionary.fromObject(this.#options)), "write header");
  }

  /** Writes one packet. Its time stamps are in the encoder's time base. */
  write(packet: Packet, duration: number): void {
    const stream = this.#stream!;
    packet.streamIndex = stream.index;
    if (packet.duration <= 0n) packet.duration = BigInt(duration);
    packet.rescaleTs(this.#timeBase, stream.timeBase);
    check(this.#format.interleavedWriteFrameSync(packet), "write packet");
  }

  /** Hands all packets so far to the system. */
  flush(): void {
    check(this.#format.writeFrameSync(null), "write packet");
  }

  /** Writes what belongs at the end of the file. */
  async finish(): Promise<void> {
    check(await this.#format.writeTrailer(), "write the end of the file");
  }

  /** May be called twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#isOpen) await this.#format.closeOutput();
    this.#format.freeContext();
  }
}
