import type { SegmentReport } from "../capture/segment.js";
import { formatYaml } from "../core/yaml.js";
import { compileTime } from "../transforms/drawing/strftime.js";
import { machineZone } from "./local-time.js";
import type { Loss } from "./page-charts.js";
import type { Fact, GapRow, TableView, TrackView } from "./page-view.js";
import { bytesIn, count, countOf, intervalsIn, lossesIn, secondsIn } from "./page-words.js";
import type { RigReceipt, RigTrackReceipt } from "./receipt.js";
import { renderPage } from "./render-page.js";

/**
 * The receipt of a recording as a page for people: one file of HTML with all in it.
 * @param zone IANA's name, for times. @default the machine's
 */
export function receiptPage(receipt: RigReceipt, zone: string = machineZone()): string {
  const { rig, machine, started, ended, stoppedBy, tracks, clockSteps, onset, totals, warnings } = receipt;
  const clock = compileTime("%F %T", zone);
  const lost = totals.expected - totals.written;
  const facts: readonly Fact[] = [
    ["recorded on", `${machine.host}, ${machine.system}`],
    [
      "by",
      `Marey ${machine.marey}, Node ${machine.node}${machine.ffmpeg ? `, FFmpeg ${machine.ffmpeg}` : ""}`,
    ],
    ["ended by", stoppedBy],
    ...(onset ? [["first frames", `within ${secondsIn(onset.skew)} of each other`] as const] : []),
    ...clockSteps.map(
      ({ time, seconds, kind }): Fact => [
        kind === "set" ? "clock was set" : "machine slept",
        `${clock(time)}, by ${secondsIn(seconds)}`,
      ],
    ),
  ];
  return renderPage({
    title: `Recording of ${tracks.map(({ name }) => name).join(", ")}`,
    subtitle: `${clock(started)} to ${clock(ended)}, ${secondsIn(ended - started)}`,
    verdict:
      lost === 0
        ? `All ${countOf(totals.written, "frame")} were saved.`
        : `${count(totals.written)} of ${countOf(totals.expected, "frame")} were saved; ${lossesIn(totals.losses)}.`,
    isGood: lost === 0 && warnings.length === 0 && totals.written > 0,
    ...{ warnings, facts, zone, tracks: tracks.map((track) => viewOf(track, zone)) },
    appendix: { title: "Settings", text: settingsIn(rig) },
  });
}

function settingsIn(rig: unknown): string {
  try {
    return formatYaml(rig);
  } catch {
    // Metadata that a program gave may be no YAML; the receipt is told all the same.
    return JSON.stringify(rig, undefined, 2) ?? "";
  }
}

function viewOf(track: RigTrackReceipt, zone: string): TrackView {
  const { name, stores, expected, written, losses, restarts, outages, failure } = track;
  const reports = stores.flatMap(({ report }) => report ?? []);
  const gaps = reports.flatMap((report) => report.gaps);
  const lost = expected - written;
  const first = gaps[0];
  const when = first === undefined ? "" : gaps.length === 1 ? " at " : ", first at ";
  const at = first === undefined ? "" : compileTime("%T", zone)(first.time);
  const ends = reports.flatMap((report) => [report.first?.time ?? [], report.last?.time ?? []].flat());
  const incidents = [
    ...restarts.map(({ time, reason }) => ({ time, text: `its process was started again: ${reason}` })),
    ...outages.map(({ time, reason }) => ({ time, text: `the camera was lost: ${reason}` })),
  ].sort((a, b) => a.time - b.time);
  return {
    name,
    summary:
      failure !== undefined
        ? `Failed: ${failure}`
        : lost === 0
          ? `${countOf(written, "frame")}, none lost`
          : `${count(written)} of ${countOf(expected, "frame")}; ${lossesIn(losses)}${when}${at}`,
    isGood: lost === 0 && written > 0 && failure === undefined,
    stretch: ends.length === 0 ? undefined : { from: Math.min(...ends), to: Math.max(...ends) },
    losses: gaps.map(({ time, count: frames, cause }): Loss => ({ time, count: frames, cause })),
    gaps: gaps.map(
      ({ time, number, count: frames, cause, reason = "", estimated }): GapRow => ({
        ...{ time, number: String(number), count: frames, cause },
        reason: estimated ? `${reason} (the count is a guess)`.trim() : reason,
      }),
    ),
    gapCount: reports.reduce((sum, { gapCount }) => sum + gapCount, 0),
    bins: sumOfBins(reports),
    points: stores.flatMap(({ points }) => points ?? []),
    facts: factsOf(track, reports),
    incidents,
    tables: [storesOf(track)],
  };
}

function factsOf({ camera, format, clock }: RigTrackReceipt, reports: readonly SegmentReport[]): Fact[] {
  const facts: Fact[] = [["format", format]];
  if (camera) {
    const { id, info, rate, describe } = camera;
    const at = rate === undefined ? "" : ` at ${rate} frames/s`;
    facts.unshift(
      ["camera", id],
      ["pictures", `${info.width} x ${info.height} ${info.color}, ${info.dtype}${at}`],
    );
    for (const [key, value] of Object.entries(describe)) {
      facts.push([key, typeof value === "string" ? value : (JSON.stringify(value) ?? "")]);
    }
  }
  const longest = reports.toSorted((a, b) => b.written - a.written)[0];
  if (longest?.intervals) facts.push(["from frame to frame", intervalsIn(longest.intervals)]);
  if (longest?.latency) {
    const { median, p99, longest: most } = longest.latency;
    facts.push([
      "until written",
      `half within ${secondsIn(median)}, 99 % within ${secondsIn(p99)}, at most ${secondsIn(most)}`,
    ]);
  }
  if (reports.length > 0)
    facts.push(["most that waited", bytesIn(Math.max(...reports.map(({ peakBytes }) => peakBytes)))]);
  if (clock) {
    const { samples, drift, late, jumps } = clock;
    facts.push([
      "its clock",
      `${drift.toFixed(2)} millionths slower than this machine's, from ${countOf(samples, "frame")}; ` +
        `frames came ${secondsIn(late.mean)} late on average, ${secondsIn(late.longest)} at most` +
        (jumps > 0 ? `; it jumped ${countOf(jumps, "time")}` : ""),
    ]);
  }
  return facts;
}

function storesOf({ stores }: RigTrackReceipt): TableView {
  return {
    caption: "Stores",
    head: ["store", "frames", "chunks", "seal of the last chunk"],
    rows: stores.map(({ path, frames, chunks, error }) => [
      error ? `${path} (cut short: ${error.message})` : path,
      frames,
      chunks?.length ?? "",
      chunks?.at(-1)?.seal ?? "",
    ]),
  };
}

/** Bins of all parts have the same edges. */
function sumOfBins(reports: readonly SegmentReport[]): TrackView["bins"] {
  const sums = new Map<number, { from: number; to: number; count: number }>();
  for (const { from, to, count: more } of reports.flatMap(({ intervalBins }) => intervalBins)) {
    sums.set(from, { from, to, count: more + (sums.get(from)?.count ?? 0) });
  }
  return [...sums.values()].sort((a, b) => a.from - b.from);
}
