import type { LossCause } from "../capture/loss-ledger.js";
import type { SegmentReport } from "../capture/segment.js";
import { MareyError } from "../core/errors.js";
import type { Stamp } from "../core/frame.js";
import { openStore, repairStore } from "../index.js";
import type { ExtraRow } from "../store/extra/row.js";
import type { RigCamera } from "./rig.js";
import { addCounts, countsOfTheDead, noCounts } from "./saved-counts.js";
import type {
  CameraFacts,
  ExtraAnswer,
  PreviewKind,
  SavedCounts,
  StoreTarget,
  ToldError,
  TrackNews,
  TrackPlan,
  TrackStatus,
} from "./track-messages.js";
import { TrackProcess } from "./track-process.js";

/** Something that happened to a track, for people and logs. */
export interface TrackEvent {
  readonly track: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly kind: "running" | "lost" | "restarted" | "broken" | "saved" | "ended" | "failed" | "shape";
  /** In words. */
  readonly text: string;
}

/** A store that a track has written, or a part of it. */
export interface SavedStore {
  readonly path: string;
  /** Frames that this part of it has. */
  readonly frames: number;
  /** Undefined where the process that wrote it died. */
  readonly report: SegmentReport | undefined;
  readonly error?: ToldError;
}

/** Something a camera's process said. */
export class TrackError extends MareyError {
  readonly code = "TRACK";
  readonly track: string;
  /** The name of the error in the camera's process. */
  readonly kind: string;

  constructor(track: string, { name, message }: ToldError) {
    super(message.startsWith(`${track}:`) ? message : `${track}: ${message}`);
    this.track = track;
    this.kind = name;
  }
}

/** Seconds until a process that died is started again; doubled each time, up to the longest. */
const backOff = { shortest: 0.1, longest: 10 };
/** Seconds without trouble after which a track counts as sound again. */
const sound = 30;
/** Seconds until a store that took no more frames is tried again. */
const again = { encoder: 1, disk: 5 };

/** Somebody ended the recording while its camera was being opened. */
const endedEarly: ToldError = { name: "TrackError", message: "was closed before it gave a frame" };

type Listener = (event: TrackEvent) => void;

/** Somebody looks at the camera. */
interface Look {
  readonly rate: number;
  readonly width: number;
  readonly take: (picture: Uint8Array, stamp: Stamp, isKey: boolean) => void;
}

/** A camera of a recording: its process, which is started again when it dies, and what it has saved. */
export class RigTrack {
  readonly name: string;
  readonly saved: SavedStore[] = [];
  /** Of processes that died. */
  #dead: SavedCounts = noCounts;
  /** Reasons why its process had to be started again. */
  readonly restarts: { readonly time: number; readonly reason: string }[] = [];
  readonly outages: { readonly time: number; readonly reason: string }[] = [];
  readonly #plan: TrackPlan;
  readonly #onEvent: Listener;
  #process!: TrackProcess;
  #facts: CameraFacts | undefined;
  #firstTime: number | undefined;
  #format = "";
  #status: TrackStatus | undefined;
  /** The last that a process told which has died, until its store says how far it came. */
  #lastWords: { readonly status: TrackStatus; readonly path: string; readonly reported: number } | undefined;
  /** Frames of the stores that the process at work has closed. */
  #reported = 0;
  #failure: TrackError | undefined;
  #isClosing = false;
  #hasEnded = false;
  /** Its process has closed all it had. */
  #hasClosed = false;
  #wait = backOff.shortest;
  /** The store at work, for a process that has to go on. */
  #target: StoreTarget | undefined;
  #nextId = 0;
  readonly #paths = new Map<number, string>();
  readonly #previews = new Map<PreviewKind, Look>();
  readonly #prepared = new Map<number, (error: ToldError | undefined) => void>();
  readonly #rows = new Map<number, (answer: ExtraAnswer) => void>();
  readonly #snapshots = new Map<number, (png: Uint8Array | undefined, error?: ToldError) => void>();
  readonly #waiting = new Set<() => void>();
  /** Asked for another store, for its pictures have changed. */
  onShape: (() => void) | undefined;

  constructor(plan: TrackPlan, onEvent: Listener) {
    this.name = plan.camera.name;
    this.#plan = plan;
    this.#onEvent = onEvent;
    this.#start(plan);
  }

  get camera(): RigCamera {
    return this.#plan.camera;
  }

  /** What the camera is; undefined until it has given a frame. */
  get facts(): CameraFacts | undefined {
    return this.#facts;
  }

  /** When its first frame was taken; seconds since 1970. */
  get firstTime(): number | undefined {
    return this.#firstTime;
  }

  /** Of its stores. */
  get format(): string {
    return this.#format;
  }

  /** How it was doing a moment ago; undefined before its process says anything. */
  get status(): TrackStatus | undefined {
    return this.#status;
  }

  /** What has become of all its frames that were to be saved. */
  get counts(): SavedCounts {
    const told = this.#lastWords ? addCounts(this.#dead, this.#lastWords.status.saved) : this.#dead;
    return this.#status ? addCounts(told, this.#status.saved) : told;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Why it cannot go on; undefined if it can. */
  get failure(): TrackError | undefined {
    return this.#failure;
  }

  /** True while frames are saved. */
  get isSaving(): boolean {
    return this.#target !== undefined;
  }

  /** True once its camera has given all it has. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves when something about it has changed. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** Resolves when the camera has given a frame. @throws {TrackError} if it cannot. */
  async running(): Promise<void> {
    while (this.#facts === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isClosing) throw new TrackError(this.name, endedEarly);
      await this.changed();
    }
  }

  /**
   * Makes a store ready.
   * @returns what `begin` takes.
   * @throws {TrackError} if it cannot be made.
   */
  async prepare(
    path: string,
    limits: { until?: number; frames?: number },
    append = false,
  ): Promise<StoreTarget> {
    const target: StoreTarget = { id: this.#nextId++, path, append, ...limits };
    const answered = new Promise<ToldError | undefined>((resolve) => this.#prepared.set(target.id, resolve));
    this.#paths.set(target.id, path);
    this.#process.order({ kind: "prepare", target });
    const died = this.#process.ended.then((reason) => ({ name: "TrackError", message: reason }));
    const error = await Promise.race([answered, died]);
    this.#prepared.delete(target.id);
    if (error !== undefined) throw new TrackError(this.name, error);
    return target;
  }

  /** Saves into a store that was prepared; the one before is left when `from` comes. */
  begin(target: StoreTarget, from?: number): void {
    if (this.#failure !== undefined) return;
    const { id, until } = target;
    this.#target = { ...target, ...(from !== undefined && { from }) };
    this.#process.order({
      kind: "begin",
      id,
      ...(from !== undefined && { from }),
      ...(until !== undefined && { until }),
    });
  }

  end(): void {
    this.#target = undefined;
    this.#process.order({ kind: "end" });
  }

  /**
   * Ties a row of extra data to the frame written last.
   * @returns what has become of it, when it is as safe as a frame; never rejects.
   */
  async addExtra(row: ExtraRow): Promise<ExtraAnswer> {
    const id = this.#nextId++;
    const answered = new Promise<ExtraAnswer>((resolve) => this.#rows.set(id, resolve));
    if (!this.#process.order({ kind: "extra", id, row })) this.#leaveRows("its process has ended");
    const answer = await answered;
    this.#rows.delete(id);
    return answer;
  }

  /** Small JPEGs. @param rate pictures a second at most; 0 for none. @param width pixels at most. */
  preview(rate: number, width: number, take: (jpeg: Uint8Array, stamp: Stamp) => void): void {
    this.#look("jpeg", { rate, width, take });
  }

  /**
   * The same as H.264 for narrow links: one picture a time, as Annex B. Asked again, the next picture is a keyframe.
   * @param rate pictures a second at most; 0 for none. @param width pixels at most.
   */
  video(
    rate: number,
    width: number,
    take: (picture: Uint8Array, stamp: Stamp, isKey: boolean) => void,
  ): void {
    this.#look("h264", { rate, width, take });
  }

  #look(of: PreviewKind, look: Look): void {
    if (look.rate > 0) this.#previews.set(of, look);
    else this.#previews.delete(of);
    this.#process.order({ kind: "preview", of, rate: look.rate, width: look.width });
  }

  /** The next frame as PNG. @throws {TrackError} if there is none within five seconds. */
  async snapshot(): Promise<Uint8Array> {
    const id = this.#nextId++;
    this.#process.order({ kind: "snapshot", id });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#snapshots.delete(id);
        reject(new TrackError(this.name, { name: "TrackError", message: "gave no frame for 5 s" }));
      }, 5000);
      this.#snapshots.set(id, (png, error) => {
        clearTimeout(timer);
        this.#snapshots.delete(id);
        if (png) resolve(png);
        else reject(new TrackError(this.name, error ?? { name: "TrackError", message: "no picture" }));
      });
    });
  }

  async close(): Promise<void> {
    const target = this.#target;
    this.#isClosing = true;
    this.#target = undefined;
    this.#changed();
    await this.#process.close();
    await this.#bury(target);
  }

  /** The store of a process that died and gets no successor is made whole, and says how far it came. */
  async #bury(target: StoreTarget | undefined): Promise<void> {
    if (this.#lastWords === undefined && !this.#hasClosed && this.#status && target) {
      this.#lastWords = { status: this.#status, path: target.path, reported: this.#reported };
      this.#status = undefined;
    }
    const words = this.#lastWords;
    if (words === undefined) return;
    try {
      await repairStore(words.path);
      await using store = await openStore(words.path);
      this.#reconcile(words.path, store.index.length);
    } catch {
      // Whoever cannot read it either knows no more than it told.
      const { saved } = words.status;
      this.#lastWords = undefined;
      this.#dead = addCounts(this.#dead, countsOfTheDead(saved, saved.written));
    }
  }

  #start(plan: TrackPlan): void {
    const process = new TrackProcess((news) => this.#hear(news));
    this.#process = process;
    this.#hasClosed = false;
    process.order({ kind: "open", plan });
    for (const [of, { rate, width }] of this.#previews) {
      process.order({ kind: "preview", of, rate, width });
    }
    process.ended.then((reason) => this.#died(reason));
  }

  /** Rows that nobody will answer any more. */
  #leaveRows(message: string): void {
    for (const answer of this.#rows.values()) answer({ error: { name: "TrackError", message } });
  }

  #died(reason: string): void {
    this.#leaveRows(reason);
    if (this.#isClosing || this.#failure !== undefined) {
      this.#changed();
      return;
    }
    if (this.#facts === undefined) {
      this.#fail({ name: "CameraError", message: reason });
      return;
    }
    const last = this.#status;
    this.#status = undefined;
    if (this.#lastWords) this.#dead = addCounts(this.#dead, this.#lastWords.status.saved);
    this.#lastWords = undefined;
    const time = Date.now() / 1000;
    const before = this.restarts.at(-1);
    this.#wait =
      before !== undefined && time - before.time < sound
        ? Math.min(backOff.longest, this.#wait * 2)
        : backOff.shortest;
    this.restarts.push({ time, reason });
    this.#say("restarted", reason);
    const target = this.#target;
    if (last && target) this.#lastWords = { status: last, path: target.path, reported: this.#reported };
    else if (last) this.#dead = addCounts(this.#dead, countsOfTheDead(last.saved, this.#reported));
    this.#reported = 0;
    setTimeout(() => {
      if (this.#isClosing) return;
      if (target?.frames !== undefined) {
        this.#target = {
          ...target,
          frames: Math.max(1, target.frames - (last?.saved.offered ?? 0)),
        };
      }
      const interval = 1 / (last?.rate || Number.NaN);
      const resume = this.#target && { ...this.#target, append: true, why: reason, interval };
      this.#start({ ...this.#plan, ...(resume && { resume }) });
    }, this.#wait * 1000);
  }

  #hear(news: TrackNews): void {
    if (news.kind === "status") this.#status = news.status;
    else if (news.kind === "running") {
      this.#facts = news.facts;
      this.#format = news.format;
      this.#firstTime ??= news.time;
      this.#say("running", news.facts.id);
    } else if (news.kind === "failed") this.#fail(news.error);
    else if (news.kind === "lost") {
      this.outages.push({ time: news.time, reason: news.error.message });
      this.#say("lost", news.error.message);
    } else if (news.kind === "prepared") {
      if (news.error === undefined) this.#reconcile(this.#paths.get(news.id), news.before);
      this.#prepared.get(news.id)?.(news.error);
    } else if (news.kind === "broken") this.#broken(news.id, news.error, news.cause);
    else if (news.kind === "segment") this.#keep(news);
    else if (news.kind === "shape") {
      this.#say("shape", `now ${news.info.width}x${news.info.height}`);
      this.onShape?.();
    } else if (news.kind === "preview") this.#previews.get(news.of)?.take(news.bytes, news.stamp, news.isKey);
    else if (news.kind === "extra") this.#rows.get(news.id)?.(news);
    else if (news.kind === "snapshot") this.#snapshots.get(news.id)?.(news.png, news.error);
    else if (news.kind === "closed") this.#hasClosed = true;
    else if (news.kind === "ended") {
      this.#hasEnded = true;
      this.#say("ended", "the camera has given all it has");
    }
    this.#changed();
  }

  #keep({ id, report, error }: Extract<TrackNews, { kind: "segment" }>): void {
    const path = this.#paths.get(id) ?? "";
    this.#reported += report.written;
    this.saved.push({ path, frames: report.written, report, ...(error && { error }) });
    if (this.#target?.id === id) this.#target = undefined;
    this.#say("saved", path);
  }

  /** A store is opened again: what a process wrote into it that died is known now. */
  #reconcile(asked: string | undefined, before: number): void {
    const words = this.#lastWords;
    if (words === undefined || asked !== words.path) return;
    this.#lastWords = undefined;
    const { path, status } = words;
    const told = this.saved.filter((part) => part.path === path).reduce((sum, { frames }) => sum + frames, 0);
    this.saved.push({ path, frames: before - told, report: undefined });
    this.#dead = addCounts(this.#dead, countsOfTheDead(status.saved, words.reported + before - told));
  }

  /** A store took no more frames: it is whole, and is gone on in when its trouble may be over. */
  #broken(id: number, error: ToldError, cause: LossCause): void {
    this.#say("broken", error.message);
    const target = this.#target;
    if (target?.id !== id) return;
    const wait = cause === "disk" ? again.disk : again.encoder;
    setTimeout(() => void this.#goOn(target), wait * 1000);
  }

  async #goOn(target: StoreTarget): Promise<void> {
    if (this.#isClosing || this.#target !== target) return;
    try {
      const { until, frames, path } = target;
      const next = await this.prepare(path, { ...(until && { until }), ...(frames && { frames }) }, true);
      if (this.#target === target) this.begin(next);
    } catch (error) {
      this.#say("broken", (error as Error).message);
      setTimeout(() => void this.#goOn(target), again.disk * 1000);
    }
  }

  #fail(error: ToldError): void {
    this.#failure = new TrackError(this.name, error);
    this.#target = undefined;
    this.#say("failed", error.message);
    this.#changed();
  }

  #say(kind: TrackEvent["kind"], text: string): void {
    this.#onEvent({ track: this.name, time: Date.now() / 1000, kind, text });
  }

  #changed(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
