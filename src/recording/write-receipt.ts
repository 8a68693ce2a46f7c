import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { arch, hostname, release, type as system } from "node:os";
import { dirname } from "node:path";
import { withoutSecrets } from "../capture/without-secrets.js";
import { MareyError } from "../core/errors.js";
import { openStore } from "../index.js";
import { type ChunkSeal, chunkSeals } from "../store/chunk-seals.js";
import { writeWhole } from "../store/whole-file.js";
import { type IntervalPoint, indexProfile } from "./index-profile.js";
import { makeReceipt } from "./make-receipt.js";
import type { MachineFacts, RigReceipt, StoreOfTrack } from "./receipt.js";
import { receiptPage } from "./receipt-page.js";
import type { Recording } from "./recording.js";
import type { Rig } from "./rig.js";
import type { SavedStore } from "./track.js";

/**
 * What a recording has come to, or has so far.
 * @param looks into the stores too, for the digests of their chunks and how frames followed one another: when all is closed.
 */
export async function recordingReceipt(recording: Recording, looks: boolean): Promise<RigReceipt> {
  const tracks = await Promise.all(
    recording.tracks.map(async (track) => ({
      name: track.name,
      facts: track.facts,
      format: track.format,
      saved: looks ? await withDetails(track.saved) : track.saved,
      counts: track.counts,
      restarts: track.restarts,
      outages: track.outages,
      clock: track.status?.fit,
      failure: track.failure,
    })),
  );
  return makeReceipt({
    rig: rigWithoutSecrets(recording.rig),
    machine: machineFacts(),
    started: recording.started,
    ended: recording.clock.now(),
    stoppedBy: recording.stoppedBy,
    clockSteps: recording.clock.steps,
    tracks,
  });
}

/**
 * Writes the receipt of a recording as JSON and as a page, beside its stores; a file of that name is replaced.
 * @param path without an extension.
 * @throws {EncodeError} if they cannot be written.
 */
export async function writeReceipt(receipt: RigReceipt, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(`${path}.json`, true, (temporary) => writeFile(temporary, `${toPlainJson(receipt)}\n`));
  await writeWhole(`${path}.html`, true, (temporary) => writeFile(temporary, receiptPage(receipt)));
}

function toPlainJson(receipt: RigReceipt): string {
  return JSON.stringify(receipt, (_, value) => (typeof value === "bigint" ? String(value) : value), 2);
}

/** Parts of one store are told together: its last part has what the store itself says. */
async function withDetails(saved: readonly SavedStore[]): Promise<StoreOfTrack[]> {
  const last = new Map(saved.map(({ path }, at) => [path, at]));
  return Promise.all(
    saved.map(async (part, at) =>
      last.get(part.path) === at ? { ...part, ...(await detailsOf(part.path)) } : part,
    ),
  );
}

/** A store that cannot be opened has none: the receipt says what was recorded all the same. */
async function detailsOf(
  path: string,
): Promise<{ readonly chunks?: readonly ChunkSeal[]; readonly points?: readonly IntervalPoint[] }> {
  try {
    await using store = await openStore(path, { catalogue: "ignore" });
    return { chunks: await chunkSeals(store), points: indexProfile(store.index).points };
  } catch (error) {
    if (error instanceof MareyError) return {};
    throw error;
  }
}

/** Addresses of network cameras may hold a password; a receipt is passed on. */
function rigWithoutSecrets(rig: Rig): Rig {
  const cameras = rig.cameras.map((camera) => ({ ...camera, camera: withoutSecrets(camera.camera) }));
  return { ...rig, cameras };
}

function machineFacts(): MachineFacts {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return {
    host: hostname(),
    system: `${system()} ${release()} ${arch()}`,
    marey: (JSON.parse(manifest) as { version: string }).version,
    node: process.versions.node,
  };
}
