import { existsSync } from "node:fs";
import type { Rig } from "./rig.js";
import { nextSaving, type SavingSpan } from "./saving-hours.js";

/** Whether saving waits for somebody or something that wants it. */
export function isDriven({
  armed,
  schedule,
  triggers,
}: Pick<Rig, "armed" | "schedule" | "triggers">): boolean {
  return armed === true || schedule !== undefined || triggers !== undefined;
}

/** Whether each camera may get more stores than one. */
export function hasSeveralStores(rig: Pick<Rig, "armed" | "schedule" | "triggers" | "rotate">): boolean {
  return isDriven(rig) || rig.rotate !== undefined;
}

/** What is wanted now. */
export interface Wish {
  /** Somebody or something wants frames to be saved. */
  readonly saves: boolean;
  /** Until then, if it is known: seconds since 1970. */
  readonly until?: number;
}

/** Who wants frames to be saved: a schedule, a file that is there, a signal that came, a call. */
export class SavingWishes {
  readonly #rig: Pick<Rig, "schedule" | "triggers">;
  readonly #onSignal = (): void => {
    this.isCalled = !this.isCalled;
  };
  /** By a call or a signal. */
  isCalled = false;
  #span: SavingSpan | undefined;
  /** Nothing comes in the schedule before. */
  #askAgain = Number.NEGATIVE_INFINITY;

  constructor(rig: Pick<Rig, "schedule" | "triggers">) {
    this.#rig = rig;
    const signal = rig.triggers?.signal;
    if (signal) process.on(signal, this.#onSignal);
  }

  /** @param now seconds since 1970. */
  at(now: number): Wish {
    const { schedule, triggers } = this.#rig;
    if (schedule !== undefined && now >= this.#askAgain) {
      this.#span = nextSaving(schedule, now);
      this.#askAgain = this.#span?.end ?? Number.POSITIVE_INFINITY;
    }
    const isOpen = this.#span !== undefined && now >= this.#span.begin && now < this.#span.end;
    if (this.isCalled || (triggers?.file !== undefined && existsSync(triggers.file))) return { saves: true };
    return isOpen ? { saves: true, until: this.#span!.end } : { saves: false };
  }

  close(): void {
    const signal = this.#rig.triggers?.signal;
    if (signal) process.off(signal, this.#onSignal);
  }
}
