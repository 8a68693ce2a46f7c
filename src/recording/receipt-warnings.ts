import type { RigReceipt, RigTrackReceipt } from "./receipt.js";

const whose: Readonly<Record<string, string>> = {
  camera: "by the camera, before anyone could take them",
  queue: "because the queue was full: what came next was too slow",
  encoder: "by the encoder",
  disk: "by the disk",
};

/** Millionths; clocks of cameras are usually within 50 of the machine's. */
const muchDrift = 200;
/** Share of the queue from which on it is told that little was missing. */
const nearlyFull = 0.8;
const usualQueue = 256 * 2 ** 20;

/** What whoever uses a recording should know of it, in words, the worst first. */
export function receiptWarnings(receipt: Omit<RigReceipt, "warnings">): string[] {
  return [
    ...receipt.tracks.flatMap(({ name, failure }) =>
      failure === undefined ? [] : [`${name} failed: ${failure}`],
    ),
    ...receipt.tracks.flatMap((track) => ofTrack(track, receipt)),
    ...ofClocks(receipt),
  ];
}

function ofTrack(track: RigTrackReceipt, { rig }: Pick<RigReceipt, "rig">): string[] {
  const { name, written, losses, stores, restarts, outages, clock } = track;
  const warnings: string[] = [];
  if (written === 0) warnings.push(`${name} has no frames`);
  for (const [cause, count] of Object.entries(losses)) {
    if (count > 0) warnings.push(`${name} lost ${times(count, "frame")} ${whose[cause]}`);
  }
  if (stores.some(({ report }) => report?.gaps.some(({ estimated }) => estimated))) {
    warnings.push(`${name}: some losses are guessed from the time that passed, because nobody counted`);
  }
  for (const { path, error } of stores)
    if (error) warnings.push(`${name}: ${path} was cut short: ${error.message}`);
  const blind = stores.filter(({ report }) => report === undefined).length;
  if (blind > 0) {
    warnings.push(
      `${name}: of ${times(blind, "part")} only the frames are known: the process that wrote it died`,
    );
  }
  if (restarts.length > 0)
    warnings.push(`${name}: its process was started again ${times(restarts.length, "time")}`);
  if (outages.length > 0) warnings.push(`${name}: the camera was lost ${times(outages.length, "time")}`);
  const most = Math.max(0, ...stores.map(({ report }) => report?.peakBytes ?? 0));
  const queue = rig.cameras.find((camera) => camera.name === name)?.queueBytes ?? usualQueue;
  if (losses.queue === 0 && most > nearlyFull * queue) {
    warnings.push(
      `${name}: the queue was ${Math.round((100 * most) / queue)} % full once; little was missing for losses`,
    );
  }
  if (clock && Math.abs(clock.drift) > muchDrift) {
    warnings.push(`${name}: its clock is off by ${clock.drift.toFixed(0)} millionths, which is much`);
  }
  if (clock && clock.jumps > 0) warnings.push(`${name}: its clock jumped ${times(clock.jumps, "time")}`);
  return warnings;
}

function ofClocks({ clockSteps, onset, tracks }: Omit<RigReceipt, "warnings">): string[] {
  const set = clockSteps.filter(({ kind }) => kind === "set");
  const slept = clockSteps.filter(({ kind }) => kind === "slept");
  const sum = (steps: typeof set): string => steps.reduce((all, { seconds }) => all + seconds, 0).toFixed(2);
  const warnings: string[] = [];
  if (set.length > 0) {
    warnings.push(
      `this machine's clock was set ${times(set.length, "time")}, by ${sum(set)} s in all; the times of the frames go on as before`,
    );
  }
  if (slept.length > 0)
    warnings.push(`this machine slept ${times(slept.length, "time")}, ${sum(slept)} s in all`);
  const slowest = Math.max(0, ...tracks.flatMap(({ stores }) => stores[0]?.report?.intervals?.median ?? []));
  if (onset && slowest > 0 && onset.skew > 1.5 * slowest) {
    warnings.push(
      `the first frames of the cameras are ${(onset.skew * 1000).toFixed(1)} ms apart, more than the slowest takes from frame to frame`,
    );
  }
  return warnings;
}

function times(count: number, what: string): string {
  return `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;
}
