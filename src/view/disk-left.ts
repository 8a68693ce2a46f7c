import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { LiveRecording } from "./live-recording.js";

/** What is left of the disk that a camera writes to. */
export interface DiskShare {
  /** Bytes that nobody has. */
  readonly free: number;
  /** Hours until it is full, if all cameras on it go on as they do; undefined while nothing is written. */
  readonly hours?: number;
}

/** Milliseconds between two looks. */
const rest = 5000;
/** Bytes that stay free where the rig does not say; as `createStore` has it. */
const usualMinFree = 2 ** 31;
/** What a new figure of bytes a second counts against those before. */
const weight = 0.2;

/** Looks how long the disks will last. */
export class DiskLeft {
  readonly #live: LiveRecording;
  readonly #shares = new Map<string, DiskShare>();
  readonly #rates = new Map<string, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(live: LiveRecording) {
    this.#live = live;
  }

  /** Of a camera, as it was a moment ago; looks again by itself. Never waits. */
  of(name: string): DiskShare | undefined {
    if (performance.now() - this.#lookedAt > rest) {
      this.#lookedAt = performance.now();
      void this.#look();
    }
    return this.#shares.get(name);
  }

  async #look(): Promise<void> {
    const disks = new Map<number, { free: number; rate: number; readonly names: string[] }>();
    const { directory = ".", minFree = usualMinFree } = this.#live.rig;
    for (const { name, status } of this.#live.tracks) {
      const before = this.#rates.get(name);
      const byteRate = status?.store === undefined ? 0 : status.byteRate;
      const rate = before && byteRate > 0 ? before + weight * (byteRate - before) : byteRate;
      this.#rates.set(name, rate);
      try {
        const folder = status?.store === undefined ? directory : dirname(status.store);
        const { dev } = await stat(folder);
        const { bavail, bsize } = await statfs(folder);
        const disk = disks.get(dev) ?? { free: 0, rate: 0, names: [] };
        disks.set(dev, disk);
        disk.free = bavail * bsize;
        disk.rate += rate;
        disk.names.push(name);
      } catch {
        this.#shares.delete(name);
      }
    }
    for (const { free, rate, names } of disks.values()) {
      const hours = Math.max(0, free - minFree) / rate / 3600;
      for (const name of names) this.#shares.set(name, { free, ...(rate > 0 && { hours }) });
    }
  }
}
