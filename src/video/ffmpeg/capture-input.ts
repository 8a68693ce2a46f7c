import { AVFMT_FLAG_NONBLOCK, AVMEDIA_TYPE_VIDEO } from "node-av/constants";
import { Device, Dictionary, FormatContext, InputFormat, Packet } from "node-av/lib";
import type { Image, ImageInfo } from "../../core/image.js";
import { check, isAgain, isEnd, ticks } from "./binding.js";
import { Converter } from "./converter.js";
import { Decoder, type NativeFrame } from "./decoder.js";

/** A camera that FFmpeg knows of. */
export interface ListedInput {
  readonly name: string;
  readonly title: string;
  readonly isDefault: boolean;
}

export interface CaptureOptions {
  readonly as: "auto" | "bgr" | "gray";
  /** Options of FFmpeg's input device: video_size, framerate, pixel_format … */
  readonly options: Readonly<Record<string, string>>;
}

/** A picture of an input device. */
export interface CapturedPicture {
  readonly image: Image;
  /** Seconds on the device's own clock; NaN where it has none. */
  readonly time: number;
}

/** Milliseconds between two looks at a device that has nothing yet: its driver never blocks a thread of Node's. */
const pause = 2;

/** Whether this build of FFmpeg has an input device of that name. */
export function hasInputDevice(name: string): boolean {
  return InputFormat.findInputFormat(name) !== null;
}

/** Cameras of this system, where FFmpeg can list them. */
export async function listInputs(): Promise<ListedInput[]> {
  const found = (await Device.list()).filter(({ type }) => type === "video");
  return found.map(({ name, description, isDefault }) => ({ name, title: description || name, isDefault }));
}

/**
 * One of FFmpeg's input devices (avfoundation, dshow; lavfi stands in for them in tests), decoded picture by picture. One
 * call at a time.
 */
export class CaptureInput {
  readonly info: ImageInfo;
  /** Frames a second that the device says; 0 where it does not. */
  readonly rate: number;
  readonly #format: FormatContext;
  readonly #decoder: Decoder;
  readonly #converter: Converter;
  readonly #packet: Packet;
  readonly #tick: number;
  readonly #index: number;
  #first: NativeFrame | undefined;
  #isClosed = false;

  private constructor(
    format: FormatContext,
    index: number,
    decoder: Decoder,
    converter: Converter,
    packet: Packet,
    first: NativeFrame,
  ) {
    const stream = format.streams[index]!;
    this.#format = format;
    this.#index = index;
    this.#decoder = decoder;
    this.#converter = converter;
    this.#packet = packet;
    this.#first = first;
    this.#tick = stream.timeBase.num / stream.timeBase.den;
    const { num, den } = stream.avgFrameRate.num > 0 ? stream.avgFrameRate : stream.rFrameRate;
    this.rate = num > 0 && den > 0 ? num / den : 0;
    this.info = converter.infoOf(first);
  }

  /**
   * Opens a device and waits for its first picture: only that says what all are.
   * @throws {Error} with FFmpeg's own words; the signal's reason.
   */
  static async open(
    device: string,
    url: string,
    { as, options }: CaptureOptions,
    signal: AbortSignal,
  ): Promise<CaptureInput> {
    const input = InputFormat.findInputFormat(device);
    if (!input) throw new Error(`FFmpeg has no input device ${device} here`);
    const format = new FormatContext();
    format.allocContext();
    format.flags = AVFMT_FLAG_NONBLOCK;
    const given = Dictionary.fromObject({ ...options });
    const packet = new Packet();
    packet.alloc();
    let decoder: Decoder | undefined;
    try {
      check(await format.openInput(url, input, given), "open");
      const index = format.findBestStream(AVMEDIA_TYPE_VIDEO);
      if (!format.streams[index]) throw new Error("it gives no video");
      decoder = Decoder.open(format.streams[index], 1, false);
      const first = await nextPicture(format, index, decoder, packet, signal);
      if (!first) throw new Error("it gave no picture");
      const converter = new Converter({ as, rotation: 0 });
      return new CaptureInput(format, index, decoder, converter, packet, first);
    } catch (error) {
      await decoder?.close();
      packet.free();
      await format.closeInput();
      throw error;
    } finally {
      given.free();
    }
  }

  /** The next picture, once there is one; undefined at the end. @throws {Error} with FFmpeg's own words. */
  async next(signal: AbortSignal): Promise<CapturedPicture | undefined> {
    const kept = this.#first;
    this.#first = undefined;
    const native =
      kept ?? (await nextPicture(this.#format, this.#index, this.#decoder, this.#packet, signal));
    if (!native) return undefined;
    try {
      return { image: this.#converter.convert(native), time: native.pts * this.#tick };
    } finally {
      native.release();
    }
  }

  /** Not while a picture is awaited. May be called twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#first?.release();
    await this.#decoder.close();
    this.#converter.close();
    this.#packet.free();
    await this.#format.closeInput();
  }
}

/** A picture that is damaged is none. */
async function nextPicture(
  format: FormatContext,
  index: number,
  decoder: Decoder,
  packet: Packet,
  signal: AbortSignal,
): Promise<NativeFrame | undefined> {
  for (;;) {
    const ready = decoder.receive();
    if (ready && !ready.isDamaged) return ready;
    ready?.release();
    if (ready) continue;
    signal.throwIfAborted();
    packet.unref();
    const code = await format.readFrame(packet);
    if (isAgain(code)) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      continue;
    }
    if (isEnd(code)) return undefined;
    check(code, "read");
    if (packet.streamIndex !== index) continue;
    if (Number.isNaN(ticks(packet.pts))) packet.pts = packet.dts;
    await decoder.send(packet, 0, false);
  }
}
