import type { Camera, CameraDriver, CameraFrame, CameraOptions } from "../capture/camera.js";
import { sleepUntil } from "../capture/sleep-until.js";
import { CameraError, DecodeError } from "../core/errors.js";
import type { FrameNumber, IndexedFrame } from "../core/frame.js";
import type { ImageInfo } from "../core/image.js";
import type { SeekableSource } from "../core/stream.js";
import {
  checkReplayNames,
  type ReplaySettings,
  readReplaySettings,
  splitReplayAddress,
} from "./replay/replay-settings.js";
import { schedule, type Turn, usualGap } from "./replay/schedule.js";

/** Opens a source; a colour that is asked for is given where it can be. */
export type OpenSource = (path: string, options: { readonly as?: "gray" | "bgr" }) => Promise<SeekableSource>;

/** Frames that wait for a slow reader, as in a camera driver. */
const buffers = 16;

/** Seconds between frames of a source that knows no times. */
const unknownGap = 1 / 25;

/**
 * Opens `replay:PATH`: anything that `open` opens plays as a camera does, at its own pace. A frame that nobody fetches
 * before 16 more have come is lost, and so is one that is damaged; their numbers are missing. The loop ends with the source.
 *
 * `cameraTime` is the source's own time, `time` is when the frame is played. Settings, also behind the path
 * ("film.mp4,speed=2,loop=true"): `speed` (times its pace, or "free": each frame waits for its reader, also for whoever
 * records it, and its times are as far apart as the source's), `loop` (true, or how often), `from` and `to` (an index, or seconds as 12.5s), `numbers` ("own", or "count" from 0 on). When a source starts
 * over, its numbers and times go on where they ended. `CameraOptions.rate` plays it evenly at that rate.
 */
export function replayDriver(openSource: OpenSource): CameraDriver {
  return {
    scheme: "replay",
    list: async () => [],
    open: (address, options = {}) => openReplay(address, options, openSource),
  };
}

async function openReplay(address: string, options: CameraOptions, openSource: OpenSource): Promise<Camera> {
  const { path, settings } = splitReplayAddress(address);
  const id = `replay:${path}`;
  const given = { ...settings, ...options.settings };
  checkReplayNames(id, given);
  const { rate, color } = options;
  if (rate !== undefined && !(rate > 0 && rate <= 100_000)) {
    throw new CameraError(id, `rate must be above 0 and at most 100000 frames a second, got ${rate}`);
  }
  if (path === "") throw new CameraError(id, "an address is the path of what is played: replay:film.mp4");
  const as = color === "gray" || color === "bgr" ? { as: color } : {};
  const source = await openSource(path, as).catch((cause) => {
    throw new CameraError(id, `nothing that can be played: ${(cause as Error).message}`, { cause });
  });
  try {
    return new Replay(id, source, readReplaySettings(id, given, source.index), options);
  } catch (error) {
    await source.close();
    throw error;
  }
}

class Replay implements Camera {
  readonly id: string;
  readonly info: ImageInfo;
  readonly rate: number;
  readonly counts: boolean;
  readonly waits: boolean;
  readonly clock?: "camera";
  readonly #source: SeekableSource;
  readonly #settings: ReplaySettings;
  readonly #options: CameraOptions;
  /** Seconds between most frames, on the source's own clock. */
  readonly #usual: number;
  readonly #closed = new AbortController();

  constructor(id: string, source: SeekableSource, settings: ReplaySettings, options: CameraOptions) {
    const { rate, signal } = options;
    this.id = id;
    this.info = source.info;
    this.counts = settings.numbers === "own";
    this.waits = !Number.isFinite(settings.speed);
    if (source.index.timeRange !== undefined) this.clock = "camera";
    this.#source = source;
    this.#settings = settings;
    this.#options = options;
    this.#usual = rate === undefined ? usualGap(source.index, settings, unknownGap) : 1 / rate;
    const speed = Number.isFinite(settings.speed) ? settings.speed : 1;
    this.rate = speed / this.#usual;
    signal?.addEventListener("abort", () => void this.close(), { once: true });
    if (signal?.aborted) this.#closed.abort();
  }

  describe(): Record<string, unknown> {
    const { speed, passes, ...settings } = this.#settings;
    return {
      ...this.#source.describe?.(),
      replay: {
        ...settings,
        speed: Number.isFinite(speed) ? speed : "free",
        passes: Number.isFinite(passes) ? passes : "endless",
      },
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CameraFrame> {
    const signal = this.#closed.signal;
    const { speed } = this.#settings;
    const isFree = this.waits;
    const turns = schedule(this.#source.index, this.#settings, this.#usual, this.#options.rate !== undefined);
    const started = performance.now();
    const [startTime, startMonotonic] = [Date.now() / 1000, Number(process.hrtime.bigint()) / 1e9];
    const elapsed = (): number => (performance.now() - started) / 1000;
    const dueOf = (turn: Turn): number => (isFree ? turn.second : turn.second / speed);
    const waiting: Turn[] = [];
    let next = turns.next().value;
    let count = 0;
    for (;;) {
      // What has come since; of more than there is room for, the oldest was overwritten.
      while (next && !isFree && dueOf(next) <= elapsed()) {
        waiting.push(next);
        next = turns.next().value;
        if (waiting.length > buffers) waiting.shift();
      }
      let turn = waiting.shift();
      if (!turn && next) {
        turn = next;
        const reading = this.#read(turn.rank); // while the time goes by
        next = turns.next().value;
        if (!isFree) await sleepUntil(started + dueOf(turn) * 1000, signal);
        this.#ahead = { rank: turn.rank, reading };
      }
      if (!turn || signal.aborted) return;
      const frame = await this.#frameOf(turn);
      if (signal.aborted) return;
      if (!frame) continue;
      const { rank, pass } = turn;
      const own = this.#source.index.time(rank);
      yield {
        number: this.counts ? this.#numberOf(frame, pass) : count++,
        time: startTime + dueOf(turn),
        image: frame.image,
        ...(this.clock && { cameraTime: this.#clockOf(turn, own) }),
        arrived: startMonotonic + (isFree ? elapsed() : Math.min(dueOf(turn), elapsed())),
      };
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #ahead: { readonly rank: number; readonly reading: Promise<IndexedFrame> } | undefined;

  #read(rank: number): Promise<IndexedFrame> {
    const reading = this.#source.frame({ index: rank });
    reading.catch(() => {}); // it is looked at later, or never
    return reading;
  }

  /** @returns undefined if the frame is damaged, or the camera was closed. @throws {CameraError} */
  async #frameOf({ rank }: Turn): Promise<IndexedFrame | undefined> {
    const reading = this.#ahead?.rank === rank ? this.#ahead.reading : this.#read(rank);
    this.#ahead = undefined;
    const { timeout = 5 } = this.#options;
    const over = new AbortController();
    const stop = AbortSignal.any([this.#closed.signal, over.signal]);
    const deadline = timeout > 0 ? performance.now() + timeout * 1000 : Number.POSITIVE_INFINITY;
    try {
      const late = sleepUntil(deadline, stop).then(() => undefined);
      const frame = await Promise.race([reading, late]);
      if (!frame && !this.#closed.signal.aborted) {
        throw new CameraError(this.id, `frame ${rank} could not be read within ${timeout} s`);
      }
      return frame;
    } catch (cause) {
      if (cause instanceof DecodeError) return undefined;
      if (cause instanceof CameraError) throw cause;
      throw new CameraError(this.id, `frame ${rank} cannot be read: ${(cause as Error).message}`, { cause });
    } finally {
      over.abort();
    }
  }

  /** Numbers go on where the pass before ended. A frame without a number is numbered by its rank. */
  #numberOf({ number, index }: IndexedFrame, pass: number): FrameNumber {
    const own = Number.isNaN(Number(number)) ? index : number;
    if (pass === 0) return own;
    const { start, stop } = this.#settings;
    const [first, last] = [this.#source.index.number(start), this.#source.index.number(stop - 1)];
    const isNumbered = !Number.isNaN(Number(first)) && Number(last) >= Number(first);
    const span = isNumbered ? BigInt(last) - BigInt(first) + 1n : BigInt(stop - start);
    const shifted = BigInt(own) + BigInt(pass) * span;
    return Number.isSafeInteger(Number(shifted)) ? Number(shifted) : shifted;
  }

  /** The source's own time; when it starts over, as if its clock had run on. */
  #clockOf({ pass, second }: Turn, own: number): number {
    return pass === 0 && Number.isFinite(own) ? own : this.#source.index.time(this.#settings.start) + second;
  }
}
