import { existsSync } from "node:fs";
import { join } from "node:path";
import { HostClock } from "../capture/host-clock.js";
import type { Stamp } from "../core/frame.js";
import type { ExtraRow } from "../store/extra/row.js";
import type { Rig } from "./rig.js";
import { hasSeveralStores, isDriven, SavingWishes } from "./saving-wishes.js";
import { freePath, parseStorePattern, type StorePattern, usualPattern } from "./store-names.js";
import { RigTrack, type TrackEvent } from "./track.js";
import type { ExtraAnswer, StoreTarget } from "./track-messages.js";

export interface StartOptions {
  /** Ends the recording; what the cameras have given by then is written. */
  readonly signal?: AbortSignal;
  /** Told of all that happens to a track. */
  readonly onEvent?: (event: TrackEvent) => void;
}

/** Milliseconds between two looks at what is to be done. */
const tick = 50;
/** Seconds from the moment when all stores are ready to the common onset. */
const lead = 0.05;
/** Seconds of frames that are kept until the store of a camera that is alone is ready. */
const untilReady = 60;
/** Seconds before a rotation when the next stores are made, at most; half of the time that one is written. */
const ahead = 3;
/** Seconds that a camera may be silent after the end, before it is told. */
const grace = 2;

/**
 * Starts all cameras of a rig, each in a process of its own, and resolves when every one gives frames. Saving begins then,
 * all from one instant on, unless the rig is armed.
 * @throws {TrackError} if a camera cannot be opened, or a store cannot be made: nothing runs then. If the signal aborts before
 *   that, its reason.
 */
export async function startRecording(rig: Rig, options: StartOptions = {}): Promise<Recording> {
  options.signal?.throwIfAborted();
  const recording = new Recording(rig, options);
  try {
    await recording.ready();
  } catch (error) {
    await recording.stop();
    options.signal?.throwIfAborted();
    throw error;
  }
  return recording;
}

/** Cameras that are being recorded. Made by `startRecording`. */
export class Recording {
  readonly rig: Rig;
  readonly tracks: readonly RigTrack[];
  /** The time line of all its cameras. */
  readonly clock = new HostClock();
  /** Seconds since 1970. */
  readonly started = this.clock.now();
  /** Resolves when all is over and every store is closed. */
  readonly done: Promise<void>;
  readonly #options: StartOptions;
  readonly #timer: NodeJS.Timeout;
  #finish: () => void = () => {};
  #ending: Promise<void> | undefined;
  /** Of the stores, 1 … */
  #count = 0;
  #onset: number | undefined;
  /** When saving ends by itself; seconds since 1970. */
  #until: number | undefined;
  /** It has come to its own end. */
  #isOver = false;
  /** Saving has begun at least once. */
  #hasSaved = false;
  #isBusy = false;
  #rotateAt: number | undefined;
  readonly #pattern: StorePattern;
  readonly #wishes: SavingWishes;
  /** Saving waits for somebody who wants it. */
  readonly #isDriven: boolean;
  #wished = false;
  readonly #isAlone: boolean;
  /** Stores that were big enough to be left. */
  readonly #full = new Set<string>();
  readonly #onAbort = (): void => void this.stop();

  /** @internal Use `startRecording`. */
  constructor(rig: Rig, options: StartOptions) {
    this.rig = rig;
    this.#options = options;
    const names = rig.cameras.map(({ name }) => name);
    if (names.length === 0) throw new RangeError("a rig needs a camera");
    const same = names.find((name, at) => names.indexOf(name) !== at);
    if (same !== undefined) throw new RangeError(`two cameras are called "${same}"`);
    this.#isDriven = isDriven(rig);
    this.#pattern = parseStorePattern(rig.pattern ?? usualPattern, { names, several: hasSeveralStores(rig) });
    this.#wishes = new SavingWishes(rig);
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const { durability, minFree, preTrigger, silence, metadata, overwrite } = rig;
    const shared = {
      ...(durability && { durability }),
      ...(minFree !== undefined && { minFree }),
      ...(preTrigger !== undefined && { preTrigger }),
      ...(silence !== undefined && { silence }),
      ...(metadata && { metadata }),
      ...(overwrite && { overwrite }),
    };
    // One camera alone is saved from its first frame on: there is no other to wait for.
    this.#isAlone = rig.cameras.length === 1 && !this.#isDriven;
    this.tracks = rig.cameras.map((camera) => {
      const early = this.#isAlone && { preTrigger: untilReady };
      const plan = { camera, rig: { ...shared, ...early }, clockOffset: this.clock.offset };
      const track = new RigTrack(plan, (event) => options.onEvent?.(event));
      track.onShape = () => void this.#rotateOne(track);
      return track;
    });
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#timer = setInterval(() => this.#look(), tick);
  }

  /** Seconds since 1970 from which on frames are saved; undefined while none is. */
  get onset(): number | undefined {
    return this.#onset;
  }

  /** What ended it: somebody who stopped it, the cameras themselves, or the length that was asked for. */
  get stoppedBy(): "signal" | "source" | "length" | "nothing" {
    if (this.#ending === undefined) return "nothing";
    if (!this.#isOver) return "signal";
    return this.tracks.some(({ hasEnded, failure }) => hasEnded || failure) ? "source" : "length";
  }

  get isSaving(): boolean {
    return this.tracks.some((track) => track.isSaving);
  }

  /** Resolves when every camera gives frames, and those that are to be saved at once are. */
  async ready(): Promise<void> {
    await Promise.all(this.tracks.map((track) => track.running()));
    if (!this.#isDriven) await this.#save();
  }

  /**
   * Begins to save, on all cameras from the same instant on; with a pre-trigger also what came before. Does nothing while
   * frames are saved.
   * @throws {TrackError} if a store cannot be made; no camera saves then.
   */
  async begin(): Promise<void> {
    this.#wishes.isCalled = true;
    this.#wished = true;
    await this.#save();
  }

  /** Saves no more; cameras go on. What came is written. */
  end(): void {
    this.#wishes.isCalled = false;
    this.#wished = false;
    this.#leave();
  }

  #leave(): void {
    this.#onset = undefined;
    this.#rotateAt = undefined;
    for (const track of this.tracks) track.end();
  }

  /** @param limit when it ends, if that is known. */
  async #save(limit?: number): Promise<void> {
    if (this.isSaving || this.#isBusy || this.#ending) return;
    this.#isBusy = true;
    try {
      const asked = this.clock.now();
      const { preTrigger = 0, seconds, until, frames } = this.rig;
      this.#count++;
      const targets = await this.#prepare(asked, { ...(frames !== undefined && { frames }) });
      const first = this.#isAlone ? this.tracks[0]!.firstTime : undefined;
      const onset = first ?? (preTrigger > 0 ? asked : this.clock.now() + lead);
      const ends = [limit, until, seconds === undefined ? undefined : onset + seconds].filter(
        (end) => end !== undefined,
      );
      this.#until = ends.length > 0 ? Math.min(...ends) : undefined;
      for (const [track, target] of targets) {
        track.begin({ ...target, ...this.#end }, onset);
      }
      this.#onset = onset;
      this.#hasSaved = true;
      this.#rotateAt = this.#nextRotation(onset);
    } finally {
      this.#isBusy = false;
    }
  }

  /**
   * A row of extra data, tied to the frame that was written last: of one camera, or of all.
   * @returns what has become of it in each camera's store; never rejects.
   */
  addExtra(row: ExtraRow, name?: string): Promise<(ExtraAnswer & { readonly track: string })[]> {
    const tracks = this.tracks.filter((track) => name === undefined || track.name === name);
    return Promise.all(
      tracks.map(async (track) => {
        const { stamp, error } = await track.addExtra(row);
        return { track: track.name, ...(stamp && { stamp }), ...(error && { error }) };
      }),
    );
  }

  /** Small pictures of a camera, as JPEG; see `RigTrack.preview`. @throws {RangeError} if there is no such camera. */
  preview(name: string, rate: number, width: number, take: (jpeg: Uint8Array, stamp: Stamp) => void): void {
    this.track(name).preview(rate, width, take);
  }

  /** The camera of that name. @throws {RangeError} if there is none. */
  track(name: string): RigTrack {
    const track = this.tracks.find((candidate) => candidate.name === name);
    if (track === undefined) {
      throw new RangeError(
        `no camera "${name}" (there are: ${this.tracks.map((each) => each.name).join(", ")})`,
      );
    }
    return track;
  }

  /** Ends it: every frame that came is written, every store closed, every process gone. May be called twice. */
  stop(): Promise<void> {
    this.#ending ??= (async () => {
      clearInterval(this.#timer);
      this.#wishes.close();
      this.#options.signal?.removeEventListener("abort", this.#onAbort);
      await Promise.all(this.tracks.map((track) => track.close()));
      this.#finish();
    })();
    return this.#ending;
  }

  #look(): void {
    this.clock.look();
    if (this.#ending) return;
    const now = this.clock.now();
    const { until } = this.rig;
    if (this.#until !== undefined && now > this.#until + grace) {
      for (const track of this.tracks) if (track.isSaving) track.end();
    }
    const allEnded = this.tracks.every(
      (track) => track.failure !== undefined || (track.hasEnded && !track.isSaving),
    );
    const isOver =
      (allEnded && !this.#isBusy && (this.#isDriven || this.#hasSaved)) ||
      (!this.#isDriven && this.#hasSaved && !this.isSaving && !this.#isBusy) ||
      (until !== undefined && now > until + grace);
    if (isOver) {
      this.#isOver = true;
      void this.stop();
      return;
    }
    if (this.#isDriven) this.#heed(now);
    this.#rotate(now);
  }

  /** What is wished begins and ends once: saving that ended by itself waits for the next wish. */
  #heed(now: number): void {
    // What somebody called for has come to its end.
    if (this.#wished && this.#wishes.isCalled && !this.isSaving && !this.#isBusy) {
      this.#wishes.isCalled = false;
      this.#wished = false;
    }
    const { saves, until } = this.#wishes.at(now);
    if (saves === this.#wished) return;
    this.#wished = saves;
    if (saves) this.#save(until).catch((error) => this.#complain(error));
    else this.#leave();
  }

  /** When stores end by themselves, as those who write them are told it. */
  get #end(): { readonly until?: number } {
    return this.#until === undefined ? {} : { until: this.#until };
  }

  #rotate(now: number): void {
    const at = this.#rotateAt;
    const every = this.rig.rotate?.every;
    // One that waits for its time is not overtaken by the one after it.
    const early = typeof every === "number" ? Math.min(ahead, every / 2) : ahead;
    if (at !== undefined && now >= at - early && this.isSaving) {
      this.#rotateAt = this.#nextRotation(at);
      // A store that begins when all ends would have no frames.
      if (this.#until === undefined || at < this.#until) void this.#rotateAll(at);
    }
    const most = this.rig.rotate?.bytes;
    if (most === undefined) return;
    for (const track of this.tracks) {
      const { progress, store } = track.status ?? {};
      if (!track.isSaving || progress === undefined || progress.bytes < most) continue;
      // Once for each store: the status lags behind.
      if (this.#full.has(store!)) continue;
      this.#full.add(store!);
      void this.#rotateOne(track);
    }
  }

  async #rotateAll(at: number): Promise<void> {
    this.#count++;
    try {
      const targets = await this.#prepare(at, {});
      for (const [track, target] of targets) {
        track.begin({ ...target, ...this.#end }, at);
      }
    } catch (error) {
      this.#complain(error);
    }
  }

  async #rotateOne(track: RigTrack): Promise<void> {
    if (!track.isSaving || track.hasEnded) return;
    this.#count++;
    try {
      const path = this.#path(track.name, this.clock.now());
      track.begin(await track.prepare(path, this.#end));
    } catch (error) {
      this.#complain(error);
    }
  }

  /** A rotation that fails goes on in the store before. */
  #complain(error: unknown): void {
    const { message, track = "" } = error as Error & { track?: string };
    this.#options.onEvent?.({ track, time: this.clock.now(), kind: "broken", text: message });
  }

  async #prepare(time: number, limits: { frames?: number }): Promise<[RigTrack, StoreTarget][]> {
    // A film that is over before its store is ready waits in its process.
    const isWaiting = this.#isAlone && !this.#hasSaved;
    const tracks = this.tracks.filter(
      (track) => track.failure === undefined && (isWaiting || !track.hasEnded),
    );
    return Promise.all(
      tracks.map(async (track): Promise<[RigTrack, StoreTarget]> => {
        const target = await track.prepare(this.#path(track.name, time), limits);
        return [track, target];
      }),
    );
  }

  /** A store that is to be the only one is not given another name when something is in its way. */
  #path(name: string, time: number): string {
    const { directory = ".", overwrite } = this.rig;
    const facts = { name, time, count: this.#count };
    const isOne = !hasSeveralStores(this.rig) && this.#count === 1;
    if (isOne || overwrite) return join(directory, this.#pattern.fill(facts));
    return join(
      directory,
      freePath(this.#pattern, facts, (path) => existsSync(join(directory, path))),
    );
  }

  /** Seconds since 1970; undefined if there is none. */
  #nextRotation(after: number): number | undefined {
    const every = this.rig.rotate?.every;
    if (every === undefined) return undefined;
    if (typeof every === "number") return after + every;
    const next = new Date(after * 1000);
    if (every === "hour") next.setHours(next.getHours() + 1, 0, 0, 0);
    else next.setHours(24, 0, 0, 0);
    return next.getTime() / 1000;
  }
}
