import type { LossCause } from "../capture/loss-ledger.js";
import type { SavedCounts } from "./track-messages.js";

export const noCounts: SavedCounts = {
  ...{ offered: 0, written: 0, dropped: 0, waiting: 0, missing: 0 },
  losses: { camera: 0, queue: 0, encoder: 0, disk: 0 },
};

export function addCounts(one: SavedCounts, other: SavedCounts): SavedCounts {
  const losses = { ...one.losses };
  for (const cause of Object.keys(losses) as LossCause[]) losses[cause] += other.losses[cause];
  return {
    offered: one.offered + other.offered,
    written: one.written + other.written,
    dropped: one.dropped + other.dropped,
    waiting: one.waiting + other.waiting,
    missing: one.missing + other.missing,
    losses,
  };
}

/**
 * What a process had saved that died: its last word is a moment old, but the store knows how many frames it wrote.
 * @param told the last it said.
 * @param written frames of it that are in the stores.
 */
export function countsOfTheDead(told: SavedCounts, written: number): SavedCounts {
  return { ...told, written, waiting: 0, offered: written + told.dropped };
}
