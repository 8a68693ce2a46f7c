import { MareyError } from "../core/errors.js";
import { DiskLeft } from "./disk-left.js";
import type { LiveRecording } from "./live-recording.js";
import { describeLive, plainNumber } from "./live-status.js";
import { RequestError } from "./request-error.js";

/** What may be asked of a recording from outside. */
export type Command =
  | { readonly kind: "begin" | "end" | "stop" | "status" }
  | { readonly kind: "extra"; readonly row: unknown; readonly camera?: string };

/** What is answered; plain JSON. */
export type Answer = { readonly ok: true } & Readonly<Record<string, unknown>>;

/** Depth to which a row may be nested. */
const mostDepth = 32;
/** Milliseconds that the cameras' processes may take to keep a row. */
const patience = 10_000;

/** Follows what is asked of a recording from outside, however it comes. */
export class Commands {
  readonly #live: LiveRecording;
  readonly #disk: DiskLeft;
  #isOver = false;

  constructor(live: LiveRecording) {
    this.#live = live;
    this.#disk = new DiskLeft(live);
    live.done.then(() => {
      this.#isOver = true;
    });
  }

  /** How it is doing; plain JSON. */
  status(viewers?: number): Record<string, unknown> {
    return describeLive(this.#live, this.#disk, viewers);
  }

  /** @throws {MareyError} if it cannot be done. */
  async follow(command: Command): Promise<Answer> {
    const live = this.#live;
    if (command.kind === "status") return { ok: true, status: this.status() };
    if (this.#isOver) throw new RequestError("OVER", "the recording is over");
    if (command.kind === "extra") return this.#addRow(command.row, command.camera);
    if (command.kind === "begin") await live.begin();
    else if (command.kind === "end") live.end();
    // It may take its time, and whoever asked is told by the closed connection.
    else void live.stop();
    return { ok: true, isSaving: live.isSaving, ...(live.onset !== undefined && { onset: live.onset }) };
  }

  async #addRow(row: unknown, camera: string | undefined): Promise<Answer> {
    if (typeof row !== "object" || row === null || Array.isArray(row) || Object.keys(row).length === 0) {
      throw new RequestError("BAD_REQUEST", 'a row is a JSON object with keys, as in {"odor": "on"}');
    }
    if (depthOf(row) > mostDepth) {
      throw new RequestError("BAD_REQUEST", `a row is nested up to ${mostDepth} deep`);
    }
    if (camera !== undefined) this.#need(camera);
    if (!this.#live.isSaving) {
      throw new RequestError("NOT_SAVING", "no frames are being saved that the row could be tied to");
    }
    const answers = await inTime(this.#live.addExtra(row as Record<string, unknown>, camera));
    const frames = answers.flatMap(({ track, stamp }) =>
      stamp === undefined ? [] : [{ camera: track, ...stamp, number: plainNumber(stamp.number) }],
    );
    const failed = answers.flatMap(({ track, error }) =>
      error === undefined ? [] : [{ camera: track, message: error.message }],
    );
    if (frames.length === 0) {
      const why = failed.map((each) => `${each.camera}: ${each.message}`).join("; ");
      throw new RequestError("NOT_SAVING", `the row is not kept: ${why}`);
    }
    return { ok: true, frames, ...(failed.length > 0 && { failed }) };
  }

  #need(name: string): void {
    const names = this.#live.tracks.map((track) => track.name);
    if (!names.includes(name)) {
      throw new RequestError("CAMERA", `no camera "${name}" (there are: ${names.join(", ")})`);
    }
  }
}

/** An error as JSON; those that nobody foresaw keep their message, and nothing else. */
export function describeError(error: unknown): { code: string; message: string } {
  const { message } = error as Error;
  return { code: error instanceof MareyError ? error.code : "ERROR", message };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new RequestError("NO_ANSWER", "the cameras' processes do not answer; the row may be kept")),
      patience,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function depthOf(value: unknown): number {
  let depth = 0;
  let level: unknown[] = [value];
  while (level.length > 0 && depth <= mostDepth) {
    depth++;
    level = level.flatMap((each) =>
      typeof each === "object" && each !== null
        ? Object.values(each).filter((inner) => typeof inner === "object" && inner !== null)
        : [],
    );
  }
  return depth;
}
