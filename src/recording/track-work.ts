import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Camera, CameraOptions } from "../capture/camera.js";
import type { Captured } from "../capture/captured.js";
import { clocksOfThisMachine, HostClock, monotonicSeconds } from "../capture/host-clock.js";
import type { Segment } from "../capture/segment.js";
import { sleepUntil } from "../capture/sleep-until.js";
import { TrackRun } from "../capture/track-run.js";
import { withoutSecrets } from "../capture/without-secrets.js";
import { type CodedInfo, isSameCoding } from "../core/coded-frame.js";
import { describeImage, describeMismatch, type Image, type ImageInfo } from "../core/image.js";
import { builtInCameras, builtInFormats, createCodedStore, createStore, usualFormat } from "../index.js";
import { findFormat, pickEncoderOptions } from "../store/chunk-format.js";
import type { CodedStoreWriter } from "../store/coded-store-writer.js";
import type { StoreWriter } from "../store/store-writer.js";
import { copiedCamera, copiedFormat } from "./copied-camera.js";
import { KeyframePictures } from "./keyframe-pictures.js";
import { openCamera } from "./open-camera.js";
import { Preview } from "./preview.js";
import { addCounts, noCounts } from "./saved-counts.js";
import {
  type ExtraAnswer,
  type StoreTarget,
  type TrackNews,
  type TrackOrder,
  type TrackPlan,
  type TrackStatus,
  tellError,
} from "./track-messages.js";

/** Milliseconds from status to status. */
const statusEvery = 250;
/** Seconds until a camera that was lost is tried again: doubled each time, up to the longest. */
const backOff = { shortest: 0.2, longest: 10 };
/** Milliseconds that a camera may take to let go. */
const patience = 2000;
/** Frames in a row that no store can hold, before another is asked for. */
const strangers = 10;

/** Tells the recording; `sent` is called when the news has left this process. */
type Tell = (news: TrackNews, sent?: () => void) => void;

interface OpenSegment {
  readonly target: StoreTarget;
  readonly writer: StoreWriter | CodedStoreWriter;
  segment?: Segment<Captured>;
}

/**
 * One camera and its stores, in a process of its own: opens the camera, opens it again when it is lost, writes what is asked
 * for, and says how it is doing. Frames never leave the process.
 */
export class TrackWork {
  readonly #plan: TrackPlan;
  readonly #tell: Tell;
  readonly #run: TrackRun<Captured>;
  readonly #preview: Preview;
  readonly #keyframes: KeyframePictures;
  readonly #stop = new AbortController();
  readonly #open = new Map<number, OpenSegment>();
  /** Segments that are at an end, on their way to be closed. */
  readonly #closing = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  readonly #loop = monitorEventLoopDelay({ resolution: 5 });
  #state: TrackStatus["state"] = "opening";
  #info: ImageInfo | undefined;
  /** What frames are decoded with that are kept as the camera compressed them; undefined where pictures are. */
  #coded: CodedInfo | undefined;
  /** Of the last packet; a camera that is opened again goes on after it. */
  #shownUntil = Number.NEGATIVE_INFINITY;
  #format = "";
  #rate: number | undefined;
  #camera: Camera | undefined;
  #acquiring: Promise<void> | undefined;
  #firstFrame = true;
  /** The camera has given all it has. */
  #hasEnded = false;
  #hasBegun = false;
  #strange = { text: "", count: 0 };
  /** Of segments that are closed. */
  #closed = noCounts;
  #before = { at: monotonicSeconds(), offered: 0, bytes: 0 };

  constructor(plan: TrackPlan, tell: Tell) {
    const { camera, rig } = plan;
    this.#plan = plan;
    this.#tell = tell;
    this.#preview = new Preview(
      (of, { bytes, isKey }, stamp) =>
        new Promise((resolve) => tell({ kind: "preview", of, bytes, isKey, stamp }, resolve)),
    );
    this.#keyframes = new KeyframePictures((frame) => this.#preview.show(frame));
    this.#run = new TrackRun<Captured>(camera.name, {
      queueBytes: camera.queueBytes,
      drop: camera.drop,
      preTrigger: rig.preTrigger,
      clock: new HostClock(clocksOfThisMachine, plan.clockOffset),
      onFrame: (frame) => this.#see(frame),
    });
    this.#loop.enable();
    this.#timer = setInterval(() => this.#status(), statusEvery);
  }

  /** Resolves when the camera is at work; then it goes on by itself. */
  start(): void {
    this.#acquiring = this.#acquire().catch((error) =>
      this.#tell({ kind: "failed", error: tellError(error) }),
    );
  }

  async follow(order: TrackOrder): Promise<void> {
    if (order.kind === "prepare") await this.#prepare(order.target);
    else if (order.kind === "begin") this.#begin(order.id, order);
    else if (order.kind === "end") this.#run.stop();
    else if (order.kind === "extra")
      this.#tell({ kind: "extra", id: order.id, ...(await this.#addExtra(order.row)) });
    else if (order.kind === "preview") this.#preview.set(order.of, order);
    else if (order.kind === "snapshot")
      this.#preview.snapshot((result) => this.#tell({ kind: "snapshot", id: order.id, ...result }));
    else if (order.kind === "close") await this.close();
  }

  /** Closes stores and camera; every frame that came is written or counted. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#run.stop();
    await this.#camera?.close().catch(() => {});
    await this.#acquiring;
    await this.#keyframes.close();
    await this.#preview.close();
    // A store that was prepared, but never begun.
    for (const [id, { segment, writer }] of this.#open) {
      if (segment === undefined) await writer.abort().catch(() => {});
      if (segment === undefined) this.#open.delete(id);
    }
    while (this.#closing.size > 0) await Promise.all(this.#closing);
    clearInterval(this.#timer);
    this.#loop.disable();
    this.#status();
    this.#tell({ kind: "closed" });
  }

  async #acquire(): Promise<void> {
    const { silence = 5 } = this.#plan.rig;
    let why: string | undefined;
    let wait = backOff.shortest;
    while (!this.#stop.signal.aborted) {
      const started = monotonicSeconds();
      try {
        this.#camera = await openCamera(this.#plan.camera.camera, this.#cameraOptions(), builtInCameras);
        await this.#know(this.#camera);
        this.#firstFrame = true;
        const { coded } = this.#camera;
        const source = coded ? copiedCamera(this.#camera, coded, this.#shownUntil) : this.#camera;
        const end = await this.#run.pump(source, this.#stop.signal, { ...(why && { why }), silence });
        if (end === "ended") {
          this.#hasEnded = true;
          // What came before the first store was ready waits for it.
          if (this.#hasBegun) this.#run.stop();
          this.#tell({ kind: "ended" });
        }
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        // A camera that was never there is a mistake of whoever asked; one that was, comes back.
        if (this.#run.offered === 0 && this.#plan.resume === undefined) throw error;
        why = (error as Error).message;
        this.#state = "lost";
        this.#tell({ kind: "lost", error: tellError(error), time: this.#run.clock.now() });
        if (monotonicSeconds() - started > backOff.longest) wait = backOff.shortest;
        await this.#letGo();
        await sleepUntil(performance.now() + wait * 1000, this.#stop.signal);
        wait = Math.min(backOff.longest, wait * 2);
      } finally {
        await this.#letGo();
      }
    }
  }

  #cameraOptions(): CameraOptions {
    const { width, height, rate, dtype, color, cameraFormat, settings, timeout } = this.#plan.camera;
    return {
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      ...(rate !== undefined && { rate }),
      ...(dtype && { dtype }),
      ...(color && { color }),
      ...(cameraFormat !== undefined && { pixelFormat: cameraFormat }),
      ...(settings && { settings }),
      ...(timeout !== undefined && { timeout }),
      signal: this.#stop.signal,
    };
  }

  /** A camera that hangs is left behind. */
  async #letGo(): Promise<void> {
    const camera = this.#camera;
    this.#camera = undefined;
    if (camera === undefined) return;
    const closed = camera.close().catch(() => {});
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, patience).unref())]);
  }

  async #know(camera: Camera): Promise<void> {
    const { resume } = this.#plan;
    this.#rate = camera.rate;
    if (this.#info !== undefined) return;
    this.#info = camera.info;
    this.#coded = camera.coded?.coded;
    this.#format = this.#formatFor(camera.info);
    if (resume !== undefined) {
      await this.#prepare(resume);
      const last = this.#open.get(resume.id)?.writer.last;
      if (last !== undefined) this.#run.continueAfter(last, resume.why, resume.interval);
      this.#begin(resume.id, resume);
    }
  }

  #formatFor(info: ImageInfo): string {
    const { camera } = this.#plan;
    if (this.#coded !== undefined) return copiedFormat(camera, this.#coded.codec);
    return camera.format ?? usualFormat(info);
  }

  /** Every frame passes here, saved or not. */
  #see(frame: Captured): void {
    if (this.#firstFrame && this.#camera !== undefined) {
      this.#firstFrame = false;
      this.#state = "running";
      const { id, info, rate } = this.#camera;
      const describe = this.#camera.describe?.() ?? {};
      const facts = {
        ...{ id, info, describe },
        ...(rate !== undefined && { rate }),
        ...(this.#coded && { copied: this.#coded.codec }),
      };
      this.#tell({ kind: "running", facts, format: this.#format, time: frame.time });
    }
    if ("image" in frame) {
      this.#watchShape(frame);
      this.#preview.show(frame);
    } else {
      this.#watchCoding(frame.coded);
      this.#shownUntil = frame.pts ?? this.#shownUntil;
      if (this.#preview.isWanted) this.#keyframes.look(frame);
    }
  }

  /** A store holds packets of one codec and size; what else they are decoded with may change at a keyframe. */
  #watchCoding(coded: CodedInfo): void {
    const before = this.#coded;
    if (before === undefined || isSameCoding(before, coded)) return;
    this.#coded = coded;
    const { codec, width, height, pixelFormat } = coded;
    const isSame =
      before.codec === codec &&
      before.width === width &&
      before.height === height &&
      before.pixelFormat === pixelFormat;
    if (isSame || this.#info === undefined) return;
    this.#info = this.#camera?.coded?.info ?? { ...this.#info, width, height };
    this.#format = this.#formatFor(this.#info);
    this.#tell({ kind: "shape", info: { ...this.#info, width, height } });
  }

  /** A camera that changes its pictures for good gets another store; a few strange ones are only counted. */
  #watchShape({ image }: { readonly image: Image }): void {
    const info = this.#info;
    if (info === undefined) return;
    const isSame = describeMismatch(info, image) === undefined && info.color === image.color;
    if (isSame) {
      if (this.#strange.count > 0) this.#strange = { text: "", count: 0 };
      return;
    }
    const text = describeImage(image);
    this.#strange = { text, count: this.#strange.text === text ? this.#strange.count + 1 : 1 };
    if (this.#strange.count !== strangers) return;
    const { data: _, ...found } = image;
    this.#info = found;
    this.#format = this.#formatFor(found);
    this.#tell({ kind: "shape", info: found });
  }

  async #prepare(target: StoreTarget): Promise<void> {
    const { id, path, append } = target;
    try {
      if (this.#info === undefined) throw new Error("the camera is not open");
      const { metadata, durability, minFree, overwrite } = this.#plan.rig;
      const { camera } = this.#plan;
      const { chunkSize } = camera;
      const common = {
        ...(chunkSize !== undefined && { chunkSize }),
        ...(overwrite && !append && { overwrite }),
        format: this.#format,
        append,
        metadata: {
          ...metadata,
          ...camera.metadata,
          camera: this.#camera?.id ?? withoutSecrets(camera.camera),
          name: camera.name,
        },
        ...(durability && { durability }),
        ...(minFree !== undefined && { minFree }),
      };
      const encoder = { ...pickEncoderOptions(camera), ...this.#fps() };
      const writer = this.#coded
        ? await createCodedStore(path, { ...common, ...encoder, coded: this.#coded })
        : await createStore(path, { ...common, ...encoder, info: this.#info });
      this.#open.set(id, { target, writer });
      this.#tell({ kind: "prepared", id, before: writer.length });
    } catch (error) {
      this.#tell({ kind: "prepared", id, before: 0, error: tellError(error) });
    }
  }

  /** Videos play at the camera's rate where it is known. */
  #fps(): { fps?: number } {
    const takesIt = findFormat(builtInFormats, this.#format)?.encoderOptions.includes("fps");
    return takesIt && this.#rate !== undefined && this.#plan.camera.fps === undefined
      ? { fps: this.#rate }
      : {};
  }

  #begin(id: number, { from, until }: { readonly from?: number; readonly until?: number }): void {
    const entry = this.#open.get(id);
    if (entry === undefined || entry.segment !== undefined) return;
    const { frames, append } = entry.target;
    this.#hasBegun = true;
    entry.segment = this.#run.begin(entry.writer, { from, until, frames, continues: append });
    if (this.#hasEnded) this.#run.stop();
    const closing = this.#finish(id, entry.segment, entry.writer).finally(() =>
      this.#closing.delete(closing),
    );
    this.#closing.add(closing);
  }

  /** Waits for the end of a segment, and tells it when its store is closed. */
  async #finish(id: number, segment: Segment<Captured>, writer: OpenSegment["writer"]): Promise<void> {
    await segment.drained;
    if (segment.failure !== undefined) {
      const [error, cause] = [tellError(segment.failure), segment.failureCause];
      await writer.close().catch(() => {});
      this.#tell({ kind: "broken", id, error, cause });
      await segment.ended;
    }
    const failed = await writer.close().then(
      () => segment.failure,
      (error: unknown) => segment.failure ?? error,
    );
    const report = segment.report;
    this.#open.delete(id);
    this.#closed = addCounts(this.#closed, report);
    this.#tell({ kind: "segment", id, report, ...(failed !== undefined && { error: tellError(failed) }) });
  }

  /** The store at work. */
  get #current(): OpenSegment | undefined {
    return [...this.#open.values()].find(
      ({ segment }) => segment !== undefined && segment === this.#run.segment,
    );
  }

  async #addExtra(row: Record<string, unknown>): Promise<ExtraAnswer> {
    const current = this.#current;
    if (current === undefined) return { error: { name: "Error", message: "no frames are being saved" } };
    return current.writer.addExtraData(row).then(
      (stamp) => (stamp ? { stamp } : {}),
      (error) => ({ error: tellError(error) }),
    );
  }

  #status(): void {
    const current = this.#current;
    const latency = current?.segment?.latency;
    const progress = current?.writer.progress;
    const now = monotonicSeconds();
    const passed = Math.max(1e-3, now - this.#before.at);
    const bytes = progress?.bytes ?? 0;
    const rate = (this.#run.offered - this.#before.offered) / passed;
    const byteRate = Math.max(0, bytes - this.#before.bytes) / passed;
    if (passed > 0.9) this.#before = { at: now, offered: this.#run.offered, bytes };
    const { user, system } = process.cpuUsage();
    const { fit, last } = this.#run;
    const saved = [...this.#open.values()].reduce(
      (sum, { segment }) => (segment ? addCounts(sum, segment.counts) : sum),
      this.#closed,
    );
    this.#tell({
      kind: "status",
      status: {
        state: this.#state,
        offered: this.#run.offered,
        unsaved: this.#run.unsaved,
        saved,
        ...(progress && { progress, store: current!.target.path }),
        rate,
        byteRate,
        ...(latency && { latency: { median: latency.median, p95: latency.p95 } }),
        peakBytes: current?.segment?.peakBytes ?? 0,
        ...(last && { last }),
        ...(fit && { fit }),
        clockSteps: this.#run.clock.steps,
        memory: process.memoryUsage.rss(),
        cpu: (user + system) / 1e6,
        loopDelay: this.#loop.percentile(99) / 1e9,
      },
    });
    this.#loop.reset();
  }
}
