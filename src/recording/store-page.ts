import type { StoreReceipt } from "../store/verify-store.js";
import { compileTime } from "../transforms/drawing/strftime.js";
import type { IndexProfile } from "./index-profile.js";
import { machineZone } from "./local-time.js";
import type { Fact, TrackView } from "./page-view.js";
import { bytesIn, count, countOf, intervalsIn, secondsIn } from "./page-words.js";
import { renderPage } from "./render-page.js";

/** What a page tells of a store beside its receipt. */
export interface StorePageFacts {
  readonly profile: IndexProfile;
  /** What is remarkable, in words. */
  readonly remarks?: readonly string[];
  /** What is wrong, in words. @default the receipt's damage */
  readonly problems?: readonly string[];
  /** Settings and metadata of the store: what `describe` gives. */
  readonly describe?: Readonly<Record<string, unknown>>;
  /** IANA's name, for times. @default the machine's */
  readonly zone?: string;
}

/** What is known of a store after `verifyStore`, as a page for people: one file of HTML with all in it. */
export function storePage(receipt: StoreReceipt, page: StorePageFacts): string {
  const { path, frames, bytes, chunks, checked, extraData, stamps, uuid } = receipt;
  const { remarks = [], zone = machineZone(), describe } = page;
  const problems = page.problems ?? receipt.damage.map(({ path: where, message }) => `${where}: ${message}`);
  const isGood = problems.length === 0;
  const compared =
    checked.digests === 0
      ? "no digests in it; looked whether everything is there"
      : `of ${countOf(checked.digests, "frame")}`;
  const facts: Fact[] = [
    ["store", path],
    ...(uuid === undefined ? [] : [["uuid", uuid] as const]),
    ["holds", `${countOf(frames, "frame")} in ${countOf(chunks.length, "chunk")}, ${bytesIn(bytes)}`],
    ["bytes compared", compared],
    ...(checked.decoded > 0 ? [["decoded", countOf(checked.decoded, "frame")] as const] : []),
    ...(extraData.rows > 0
      ? [
          [
            "extra data",
            `${countOf(extraData.rows, "row")}, for ${countOf(extraData.frames, "frame")}`,
          ] as const,
        ]
      : []),
  ];
  const open = chunks.filter(({ state }) => state === "open").length;
  return renderPage({
    title:
      path
        .replace(/[/\\]+$/, "")
        .split(/[/\\]/)
        .at(-1) || path,
    subtitle: whenOf(page.profile, stamps.duration, zone),
    verdict: isGood
      ? `The store is whole${open > 0 ? `; ${countOf(open, "chunk")} not finished` : ""}.`
      : `${countOf(problems.length, "problem")} found.`,
    ...{ isGood, warnings: [...problems, ...remarks], facts, zone, tracks: [viewOf(receipt, page, zone)] },
    ...(describe && { appendix: { title: "Settings", text: JSON.stringify(describe, plain, 2) } }),
  });
}

function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function whenOf({ points }: IndexProfile, duration: number, zone: string): string {
  const [first] = points;
  if (first === undefined) return "no frames";
  const clock = compileTime("%F %T", zone);
  return `${clock(first.time)} to ${clock(first.time + duration)}, ${secondsIn(duration)}`;
}

function viewOf(
  { frames, stamps, chunks }: StoreReceipt,
  { profile }: StorePageFacts,
  zone: string,
): TrackView {
  const { gaps, missing, repeated, backward, jumps, intervals } = stamps;
  const [first] = gaps.first;
  const clock = compileTime("%T", zone);
  const facts: Fact[] = [];
  if (intervals) facts.push(["from frame to frame", intervalsIn(intervals)]);
  if (repeated.count > 0) facts.push(["numbers twice", countOf(repeated.count, "frame")]);
  if (backward.count > 0) facts.push(["numbers that go back", countOf(backward.count, "frame")]);
  if (jumps.count > 0) facts.push(["jumps in time", countOf(jumps.count, "frame")]);
  const [from, last] = [profile.points[0]?.time, profile.points.at(-1)?.time];
  return {
    name: "Frames",
    summary:
      missing === 0
        ? `${countOf(frames, "frame")}, none missing`
        : `${count(frames)} of ${countOf(frames + missing, "frame")}; ${count(missing)} missing${gaps.count === 1 ? "" : ", first"} at ${clock(first!.time)}`,
    isGood: missing === 0 && frames > 0,
    stretch: from === undefined ? undefined : { from, to: Math.max(last!, from + stamps.duration) },
    losses: profile.points
      .filter((point) => point.missing > 0)
      .map(({ time, missing: lost }) => ({ time, count: lost })),
    gaps: gaps.first.map(({ time, from: before, missing: lost, seconds }) => ({
      ...{ time, number: String(typeof before === "bigint" ? before + 1n : before + 1), count: lost },
      reason: `${secondsIn(seconds)} until the next frame`,
    })),
    gapCount: gaps.count,
    ...{ bins: profile.bins, points: profile.points, facts, incidents: [] },
    tables: [
      {
        caption: "Chunks",
        head: ["chunk", "frames", "bytes", "compared", "damage", "seal"],
        rows: chunks.map((chunk) => [
          ...[`${chunk.number}${chunk.state === "open" ? " (open)" : ""}`, chunk.frames, chunk.bytes],
          ...[chunk.digests, chunk.damage, chunk.seal ?? ""],
        ]),
      },
    ],
  };
}
