import type { Stamp } from "../src/core/frame.js";
import type { LiveRecording, LiveTrack } from "../src/view/index.js";

type Take = (picture: Uint8Array, stamp: Stamp, isKey: boolean) => void;

/** A camera whose pictures the test gives by hand, and which says what it was asked. */
export class FakeTrack implements LiveTrack {
  readonly name: string;
  readonly asked: string[] = [];
  readonly status = undefined;
  readonly hasEnded = false;
  readonly failure = undefined;
  readonly facts = undefined;
  readonly restarts = [];
  readonly outages = [];
  readonly counts = {
    ...{ offered: 0, written: 0, dropped: 0, waiting: 0, missing: 0 },
    losses: { camera: 0, queue: 0, encoder: 0, disk: 0 },
  };
  isSaving = false;
  snapshots = 0;
  #jpeg: Take | undefined;
  #h264: Take | undefined;

  constructor(name: string) {
    this.name = name;
  }

  preview(rate: number, width: number, take: (jpeg: Uint8Array, stamp: Stamp) => void): void {
    this.asked.push(`jpeg ${rate} ${width}`);
    this.#jpeg = rate > 0 ? take : undefined;
  }

  video(rate: number, width: number, take: Take): void {
    this.asked.push(`h264 ${rate} ${width}`);
    this.#h264 = rate > 0 ? take : undefined;
  }

  async snapshot(): Promise<Uint8Array> {
    this.snapshots++;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
  }

  /** A picture of so many bytes. */
  give(number: number | bigint, bytes = 100): void {
    this.#jpeg?.(new Uint8Array(bytes).fill(1), { number, time: 1000.5 }, true);
  }

  giveVideo(number: number, isKey: boolean, bytes = 100): void {
    this.#h264?.(new Uint8Array(bytes).fill(2), { number, time: 1000.5 }, isKey);
  }
}

/** A recording that only says what it was asked. */
export class FakeRecording implements LiveRecording {
  readonly tracks: FakeTrack[];
  readonly rig = {};
  readonly done: Promise<void>;
  readonly asked: string[] = [];
  #finish: () => void = () => {};

  constructor(names: readonly string[] = ["cam1", "cam2"]) {
    this.tracks = names.map((name) => new FakeTrack(name));
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get isSaving(): boolean {
    return this.tracks.some(({ isSaving }) => isSaving);
  }

  get onset(): number | undefined {
    return this.isSaving ? 1234.5 : undefined;
  }

  async begin(): Promise<void> {
    this.asked.push("begin");
    for (const track of this.tracks) track.isSaving = true;
  }

  end(): void {
    this.asked.push("end");
    for (const track of this.tracks) track.isSaving = false;
  }

  async stop(): Promise<void> {
    this.asked.push("stop");
    this.#finish();
  }

  async addExtra(row: Readonly<Record<string, unknown>>, name?: string) {
    this.asked.push(`extra ${name ?? "all"} ${JSON.stringify(row)}`);
    const tracks = this.tracks.filter((track) => name === undefined || track.name === name);
    return tracks.map((track) => ({ track: track.name, stamp: { number: 7n, time: 1000.5, index: 6 } }));
  }
}

export const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

export async function until(isSo: () => boolean): Promise<void> {
  const patience = performance.now() + 30_000;
  while (!isSo()) {
    if (performance.now() > patience) throw new Error("it did not happen within 30 s");
    await pause(0.01);
  }
}
