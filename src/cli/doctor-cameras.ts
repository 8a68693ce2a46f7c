import { availableParallelism, totalmem } from "node:os";
import {
  ceilingOf,
  type Found,
  holds,
  type Limit,
  limitOf,
  othersThan,
  searchLargest,
} from "./camera-capacity.js";
import {
  type CameraTrial,
  type SourceTrial,
  type TrialWish,
  tryCameras,
  trySources,
} from "./camera-trial.js";
import type { CommonOptions, Context } from "./context.js";
import { measureDisk } from "./disk-speed.js";
import { exit } from "./exit.js";
import { formatBytes } from "./output.js";

/** What is said of cameras in `marey doctor --cameras`. */
export interface CameraQuestion extends TrialWish {
  /** Folder on the disk that is meant. */
  readonly disk: string;
}

/** Seconds of the trials that only compare. */
const shortTrial = 3;
/** Bytes that are written to see how fast the disk is. */
const diskBytes = 128e6;

interface Answer {
  readonly trials: readonly (CameraTrial & { readonly holds: boolean })[];
  readonly source: SourceTrial;
  readonly diskRate: number;
  readonly cameras: Found;
  readonly rate: Found | undefined;
  readonly limit: Limit | undefined;
  readonly others: readonly (CameraTrial & { readonly holds: boolean })[];
}

/** Says how many such cameras this machine can record, by recording them. */
export async function examineCameras(
  question: CameraQuestion,
  options: CommonOptions,
  context: Context,
): Promise<number> {
  // A second signal does not keep the folders of a trial from being removed.
  const answer = await context.guard(() => findOut(question, options, context));
  const { cameras } = answer;
  if (options.json) await context.out.json(describe(question, answer));
  else for (const line of conclude(question, answer)) await context.out.line(line);
  return cameras.value >= question.cameras ? exit.ok : exit.problems;
}

async function findOut(question: CameraQuestion, options: CommonOptions, context: Context): Promise<Answer> {
  const { disk, ...wish } = question;
  const { signal } = context;
  const say = async (text: string): Promise<void> => {
    if (options.json) return;
    await context.out.line(text);
    await context.out.flush();
  };
  const run = async (asked: TrialWish): Promise<CameraTrial> => {
    const progress = context.progress(title(asked), Math.ceil(asked.seconds), options);
    const trial = await tryCameras(disk, asked, signal, (passed) =>
      progress.update(Math.floor(passed)),
    ).finally(() => progress.end());
    await say(rowOf(trial));
    return trial;
  };
  const diskRate = (await measureDisk(disk, diskBytes)).write;
  const source = await trySources({ ...wish, seconds: Math.min(shortTrial, wish.seconds) }, signal);
  await say(
    `${sizeOf(wish)} at ${wish.rate}/s, ${wish.seconds} s each, on a disk that writes ${perSecond(diskRate)}`,
  );
  await say(columns);
  const first = await run(wish);
  const all: CameraTrial[] = [first];
  const attempt = async (change: Partial<TrialWish>): Promise<CameraTrial> => {
    const trial = await run({ ...wish, ...change });
    all.push(trial);
    return trial;
  };
  const cameras = await searchLargest(
    wish.cameras,
    first,
    { ceiling: ceilingOf(wish.cameras), step: 1 },
    (value) => attempt({ cameras: value }),
  );
  const isEnough = cameras.value >= wish.cameras;
  const step = Math.max(1, Math.round(wish.rate / 20));
  const rate = isEnough
    ? undefined
    : await searchLargest(wish.rate, first, { ceiling: wish.rate, step }, (value) =>
        attempt({ rate: value }),
      );
  const failed = isEnough ? all.findLast((trial) => !holds(trial)) : first;
  // Of more cameras than were asked for the source's own cost has to be seen, too.
  const itsSource =
    failed === undefined || failed === first
      ? source
      : await trySources({ ...failed, seconds: Math.min(shortTrial, wish.seconds) }, signal);
  const limit = failed && limitOf(failed, itsSource, diskRate, availableParallelism());
  const others: CameraTrial[] = [];
  if (!isEnough && limit !== "source") {
    await say("\nin other formats:");
    const seconds = Math.min(shortTrial, wish.seconds);
    for (const other of othersThan(first)) others.push(await run({ ...wish, ...other, seconds }));
  }
  const judged = (trial: CameraTrial) => ({ ...trial, holds: holds(trial) });
  return { trials: all.map(judged), source, diskRate, cameras, rate, limit, others: others.map(judged) };
}

function describe(question: CameraQuestion, { limit, ...answer }: Answer): Record<string, unknown> {
  return {
    ...{ cpus: availableParallelism(), memoryBytes: totalmem(), asked: question },
    ok: answer.cameras.value >= question.cameras,
    ...answer,
    limit: limit ?? null,
  };
}

function sizeOf({ width, height, color }: TrialWish): string {
  return `${width}x${height} ${color}`;
}

function title({ cameras, rate, format, preset }: TrialWish): string {
  const how = [format, preset].filter((each) => each !== undefined).join(" ");
  return `${cameras} at ${Number(rate.toPrecision(4))}/s${how && `, ${how}`}`;
}

const widths = [7, 8, 26, 22, 7, 7, 9, 11, 9] as const;
const columns = inColumns(["cameras", "rate", "format", "lost", "waiting", "CPUs", "p95", "disk", "memory"]);

function inColumns(cells: readonly string[]): string {
  return cells
    .map((cell, at) => cell.padEnd(widths[at]!))
    .join("  ")
    .trimEnd();
}

function rowOf(trial: CameraTrial): string {
  const { cameras, rate, format, preset, waiting, cores, latencyP95, byteRate, memory, losses, trouble } =
    trial;
  const lost = Object.entries(losses).flatMap(([cause, count]) => (count > 0 ? `${cause} ${count}` : []));
  const cells = inColumns([
    String(cameras),
    `${Number(rate.toPrecision(4))}/s`,
    preset === undefined ? format : `${format} ${preset}`,
    lost.length > 0 ? lost.join(", ") : "none",
    String(waiting),
    cores.toFixed(2),
    latencyP95 === undefined ? "-" : `${(latencyP95 * 1000).toFixed(1)} ms`,
    perSecond(byteRate),
    formatBytes(memory),
  ]);
  return `${cells}  ${holds(trial) ? "holds" : "DOES NOT HOLD"}${trouble === undefined ? "" : ` (${trouble})`}`;
}

function perSecond(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB/s`;
}

const words: Record<Limit, string> = {
  cpu: "the CPUs are busy",
  encoder: "the encoder of one camera is too slow, though CPUs are idle",
  disk: "the disk is too slow or full",
  source: "the synthetic cameras themselves are too slow here; of the recorder this says nothing",
  trouble: "a camera or a store failed",
};

function conclude(question: CameraQuestion, answer: Answer): string[] {
  const { cameras: asked, rate: askedRate } = question;
  const { cameras, rate, limit, source, trials, others } = answer;
  const failed = trials.findLast((trial) => !trial.holds);
  const busy =
    failed && failed.otherCores > 0.2 ? ` (other programs took ${failed.otherCores.toFixed(1)})` : "";
  const reached = Math.max(...trials.map((trial) => trial.cameras));
  const most = cameras.above === undefined ? `; more than ${reached} were not tried` : "";
  const better = others.filter((trial) => trial.holds);
  return [
    "",
    cameras.value === 0
      ? `This machine cannot take one such camera at ${askedRate}/s.`
      : `This machine takes ${cameras.value} such camera${cameras.value === 1 ? "" : "s"} at ${askedRate}/s${most}.`,
    ...(rate && rate.value > 0
      ? [`It takes ${asked} of them at ${Number(rate.value.toPrecision(4))}/s.`]
      : []),
    ...(limit ? [`Limit: ${words[limit]}${limit === "disk" ? "" : busy}.`] : []),
    ...better.map(
      (trial) =>
        `It takes ${asked} at ${askedRate}/s with ${howOf(trial)}: ${perSecond(trial.byteRate)}, ${hours(trial.byteRate)} an hour.`,
    ),
    ...(others.length > 0 && better.length === 0
      ? ["No other format that was tried takes them all, either."]
      : []),
    `The synthetic cameras alone take ${source.cores.toFixed(2)} CPUs of it; real ones take theirs.`,
    "Noisy pictures are more work than these, and take more of the disk: keep a reserve.",
  ];
}

function howOf({ format, preset }: CameraTrial): string {
  const options = preset === undefined ? "" : ` --preset ${preset}`;
  return `--format ${format}${options}`;
}

function hours(rate: number): string {
  return formatBytes(rate * 3600);
}
