import type { ServerResponse } from "node:http";
import { RequestError } from "./request-error.js";

/** Somebody who looks on for a while. */
export interface Viewer {
  /** Milliseconds that nothing has gone to them although something should. */
  readonly stalled: number;
  /** Breaks off. */
  drop(): void;
}

/** Viewers at a time. */
const most = 64;
/** Milliseconds until one who takes nothing is dropped, and between two looks at that. */
const patience = 30_000;
const rest = 5000;

/** All who look on. Those who are gone without a word are dropped. */
export class Viewers {
  readonly #viewers = new Set<Viewer>();
  readonly #timer = setInterval(() => this.#look(), rest);

  get count(): number {
    return this.#viewers.size;
  }

  /** @throws {RequestError} if there are too many. */
  checkRoom(): void {
    if (this.#viewers.size >= most) throw new RequestError("BUSY", `there are ${most} viewers already`);
  }

  add(viewer: Viewer): void {
    this.#viewers.add(viewer);
  }

  /** Counts whoever takes one answer, until it has gone. @throws {RequestError} if there are too many. */
  seeOnce(response: ServerResponse): void {
    this.checkRoom();
    const since = performance.now();
    const viewer: Viewer = {
      get stalled() {
        return performance.now() - since;
      },
      drop: () => response.destroy(),
    };
    this.add(viewer);
    response.once("close", () => this.delete(viewer));
  }

  delete(viewer: Viewer): void {
    this.#viewers.delete(viewer);
  }

  /** Drops all. */
  close(): void {
    clearInterval(this.#timer);
    for (const viewer of this.#viewers) viewer.drop();
  }

  #look(): void {
    for (const viewer of this.#viewers) if (viewer.stalled > patience) viewer.drop();
  }
}
