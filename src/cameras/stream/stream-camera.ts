import type { Camera, CameraCodedFrame, CameraFrame, CameraOptions } from "../../capture/camera.js";
import { withoutSecrets } from "../../capture/without-secrets.js";
import type { CodedInfo, CodedSource } from "../../core/coded-frame.js";
import { CameraError } from "../../core/errors.js";
import type { ImageInfo } from "../../core/image.js";
import { decodedInfo } from "../../video/live/decoded-info.js";
import { LiveDecoder, type LivePicture } from "../../video/live/live-decoder.js";
import { type LiveFrame, PacketStream, type PacketStreamOptions } from "../../video/live/packet-stream.js";
import { optionsOf, type StreamAddress } from "./address.js";
import { backOff } from "./back-off.js";
import { FrameCount } from "./frame-count.js";
import { PacketQueue } from "./packet-queue.js";
import type { StreamSettings } from "./settings.js";
import { ShownOrder } from "./shown-order.js";

/** A frame as it came, with its stamps. */
interface StampedPacket extends CameraCodedFrame {
  readonly number: number;
  readonly arrived: number;
}

/** Frames that `open` waits for, to know their rate, and how long at most, in milliseconds. */
const settling = { frames: 12, milliseconds: 1000 };

/** A stream from the network as a camera; see `stream`. */
export class StreamCamera implements Camera {
  readonly id: string;
  readonly counts = true;
  /** As measured when it was opened: streams seldom say. */
  rate?: number;
  /** Absent where frames come without stamps, as JPEG over HTTP does. */
  clock?: "camera";
  readonly coded?: CodedSource<CameraCodedFrame>;
  readonly #address: StreamAddress;
  readonly #connection: PacketStreamOptions;
  readonly #settings: StreamSettings;
  readonly #as: "auto" | "bgr" | "gray";
  readonly #count = new FrameCount();
  #queue: PacketQueue<StampedPacket>;
  #first: CodedInfo | undefined;
  #container = "";
  #running: Promise<void> | undefined;
  #stopping = new AbortController();
  #isClosed = false;
  #isRead = false;
  #stream: PacketStream | undefined;
  /** Frames are of no use up to the next keyframe: one before it is missing. */
  #needsKey = false;
  /** What is told when a frame has come, or none will. */
  #onFrame: (() => void) | undefined;
  readonly #told = { connects: 0, breaks: 0, refusals: 0, frames: 0, bytes: 0, damaged: 0, missedPackets: 0 };
  #dropped = 0;
  #lastBreak: string | undefined;

  private constructor(address: StreamAddress, settings: StreamSettings, options: CameraOptions) {
    this.id = address.id;
    this.#address = address;
    this.#settings = settings;
    this.#as = options.color === "gray" || options.color === "bgr" ? options.color : "auto";
    this.#connection = {
      url: address.url,
      options: optionsOf(address, settings),
      timeout: options.timeout ?? 5,
      keyframeTimeout: settings.keyframeWait,
    };
    this.#queue = new PacketQueue(settings.backlog);
    if (settings.copy) {
      const camera = this;
      this.coded = {
        get info() {
          return camera.info;
        },
        get coded() {
          return camera.#first!;
        },
        [Symbol.asyncIterator]: () => camera.#packets(),
      };
    }
    options.signal?.addEventListener("abort", () => void this.close(), { once: true });
  }

  /** @throws {CameraError} if it does not answer, or gives no video that can be decoded. */
  static async open(
    address: StreamAddress,
    settings: StreamSettings,
    options: CameraOptions,
  ): Promise<StreamCamera> {
    const camera = new StreamCamera(address, settings, options);
    if (options.signal?.aborted) throw new CameraError(camera.id, "was closed before it was open");
    camera.#start();
    try {
      await camera.#settle();
    } catch (error) {
      await camera.close();
      throw error;
    }
    return camera;
  }

  get info(): ImageInfo {
    return decodedInfo(this.#first!, this.#as);
  }

  describe(): Record<string, unknown> {
    const { codec, pixelFormat } = this.#first ?? {};
    const { scheme } = this.#address;
    return {
      address: this.id,
      container: this.#container,
      codec,
      pixelFormat,
      ...(scheme.startsWith("rtsp") && { transport: this.#settings.transport }),
      ...this.#told,
      dropped: this.#dropped + this.#queue.dropped,
      ...(this.#lastBreak !== undefined && { lastBreak: this.#lastBreak }),
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CameraFrame> {
    const order = new ShownOrder();
    const decoder = new LiveDecoder<StampedPacket>({ as: this.#as, threads: this.#settings.threads });
    const finished = ({ from, image }: LivePicture<StampedPacket>): CameraFrame => {
      const { time, cameraTime, arrived } = from;
      const number = order.take({ number: from.number, cameraTime: cameraTime ?? Number.NaN });
      return { number, time, image, arrived, ...(cameraTime !== undefined && { cameraTime }) };
    };
    const packets = this.#packets();
    try {
      for await (const packet of packets) {
        order.add({ number: packet.number, cameraTime: packet.cameraTime ?? Number.NaN });
        for (const picture of await decoder.decode(packet)) yield finished(picture);
      }
      for (const picture of await decoder.finish()) yield finished(picture);
    } finally {
      await decoder.close();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#queue.stop();
    await this.#stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Frames as they came. Starts the stream if it does not run, and stops it when the loop is left. */
  async *#packets(): AsyncGenerator<StampedPacket> {
    if (this.#isRead) throw new CameraError(this.id, "it is being read already, by another loop");
    if (this.#isClosed) return;
    this.#isRead = true;
    if (this.#running === undefined) {
      this.#dropped += this.#queue.dropped;
      this.#queue = new PacketQueue(this.#settings.backlog);
      this.#count.break();
      this.#start();
    }
    try {
      for (let frame = await this.#queue.take(); frame; frame = await this.#queue.take()) yield frame;
    } finally {
      this.#isRead = false;
      await this.#stop();
    }
  }

  #start(): void {
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal).catch((error) => this.#queue.finish(error));
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    this.#onFrame?.();
    await Promise.all([this.#stream?.close(), this.#running]);
    this.#running = undefined;
  }

  /** Waits for the first frames. */
  async #settle(): Promise<void> {
    const frame = (): Promise<void> =>
      new Promise((resolve) => {
        this.#onFrame = resolve;
      });
    const ended = this.#running!;
    let hasEnded = false;
    ended.then(() => {
      hasEnded = true;
    });
    while (this.#first === undefined && !hasEnded && !this.#isClosed) await Promise.race([frame(), ended]);
    if (this.#first === undefined) {
      throw new CameraError(
        this.id,
        this.#isClosed ? "was closed before it was open" : (this.#lastBreak ?? "ended"),
      );
    }
    const { frames, milliseconds } = settling;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#onFrame?.();
    }, milliseconds);
    while (this.#told.frames < frames && !isLate && !hasEnded && !this.#isClosed) {
      await Promise.race([frame(), ended]);
    }
    clearTimeout(timer);
    this.#onFrame = undefined;
    if (this.#count.rate !== undefined) this.rate = Number(this.#count.rate.toPrecision(6));
  }

  /** Calls the camera, and calls it again when it is lost, until it is to stop or has been called often enough. */
  async #run(stop: AbortSignal): Promise<void> {
    const { attempts } = this.#settings;
    for (let failures = 0; !stop.aborted; ) {
      const before = this.#told.frames;
      const reason = await this.#connect();
      if (stop.aborted) return;
      const hasWorked = this.#told.frames > before;
      this.#lastBreak = withoutSecrets(reason ?? "the stream ended");
      if (hasWorked) {
        this.#told.breaks++;
        this.#count.break();
        this.#needsKey = false;
        failures = 0;
      } else this.#told.refusals++;
      if (failures >= attempts || this.#first === undefined) {
        // A stream that ends by itself and is not called again is no loss.
        if (reason === undefined && attempts === 0) this.#queue.finish();
        else this.#queue.finish(this.#lost(failures));
        return;
      }
      failures++;
      await sleep(backOff(failures, this.#settings), stop);
    }
  }

  #lost(failures: number): CameraError {
    const called = failures === 0 ? "" : `, and did not come back when it was called ${failures} times`;
    return new CameraError(this.id, `${this.#lastBreak}${called}`);
  }

  /** @returns why the connection ended, when it has; undefined if the stream did. */
  async #connect(): Promise<string | undefined> {
    const stream = new PacketStream(this.#connection, {
      onOpened: (container) => {
        this.#told.connects++;
        this.#container = container;
      },
      onFrame: (frame, coded, leftOut) => this.#take(frame, coded, leftOut),
      onMissed: (packets) => {
        this.#told.missedPackets += packets;
        this.#count.lose();
      },
    });
    this.#stream = stream;
    try {
      return await stream.ended;
    } finally {
      await stream.close();
    }
  }

  #take({ data, pts, arrived, isKey, isDamaged }: LiveFrame, coded: CodedInfo, leftOut: number): void {
    this.#told.frames++;
    this.#told.bytes += data.length;
    this.#dropped += leftOut;
    const { number, cameraTime } = this.#count.next({ pts, arrived, leftOut });
    if (isDamaged || leftOut > 0) this.#needsKey = coded.codec !== "mjpeg";
    if (isDamaged) this.#count.lose();
    else if (isKey) this.#needsKey = false;
    if (this.#first === undefined) {
      this.#first = coded;
      if (!Number.isNaN(pts)) this.clock = "camera";
    }
    if (isDamaged || this.#needsKey) this.#told.damaged++;
    else {
      const now = Number(process.hrtime.bigint()) / 1e9;
      const time = Date.now() / 1000 - (now - arrived);
      const clocks = { arrived, arrivedUtc: time, ...(this.clock && { cameraTime }) };
      const stamps = { number, time, arrived, clocks, ...(this.clock && { cameraTime, pts: cameraTime }) };
      this.#queue.offer({ ...stamps, data, isKey, coded }, !this.#isRead);
    }
    this.#onFrame?.();
  }
}

function sleep(seconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    stop.addEventListener("abort", done);
    if (stop.aborted) done();
  });
}
