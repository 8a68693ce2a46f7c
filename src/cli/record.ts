import { join } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import type { Recording } from "../recording/recording.js";
import type { Rig } from "../recording/rig.js";
import type { TrackEvent } from "../recording/track.js";
import { compileTime } from "../transforms/drawing/strftime.js";
import type { LiveServer } from "../view/live-server.js";
import { addCommonOptions, type CliCommand, type Context } from "./context.js";
import { exit, isInterruption, UsageError } from "./exit.js";
import { toJson } from "./json.js";
import { describeRecording, statusOf } from "./record-report.js";
import { type RecordCliOptions, rigOf } from "./record-rig.js";
import { startStatusLines } from "./record-status.js";
import { parseInteger, parsePositive } from "./selection.js";

const help = `
Cameras: "marey cameras" lists them. synthetic:640x480@25 needs no hardware; each of its frames has its number painted in.
replay:PATH plays anything that Marey opens, at its own pace; replay:PATH,speed=free as fast as it can be saved.
Several cameras (--camera left=ADDRESS --camera right=ADDRESS) make a folder with a store for each, recorded from one instant
on. Each camera has a process of its own: one that crashes is started again, its store goes on, and the others notice nothing.

Records until --seconds, --frames or --until are reached, or Ctrl-C, which closes the stores as the end does (exit code
130). So does SIGTERM (143), and a terminal that is closed (129; under setsid or tmux the recording outlives it). A second
signal does not stop the closing, a third one does: the cameras' processes close their stores then by themselves. Who reads
the output, or started the recording, may go: it goes on.

A rig is said in a file, too: marey record rig.yaml; --example-rig prints one with all that may be in it.

With --armed cameras run, and frames are saved when something says so: Enter on the keyboard, a signal (--trigger-signal), a
file that is there (--trigger-file), a schedule (--schedule). --pre-trigger saves the seconds before that, too. Each time
makes new stores, in a folder with the time as its name; so does --rotate.

--live prints the address of a page with every camera, its counts and losses, and buttons to begin and end; viewers have no
effect on what is saved. --control takes the same from scripts, and rows of extra data, which are tied to the frame written last.

A disk that is too slow makes the queue full; what is dropped then is counted. Every lost frame leaves a gap in the frame
numbers, and is counted by its cause: camera, queue, encoder or disk.

Without --format, gray and colour of 8 bits go into avc1/mp4; Bayer mosaics of 8 bits into h264-lossless/mkv, because a
lossy codec would mix the colours of neighbouring pixels; 16 bits into npy. Mosaics come back debayered, as BGR;
--stored-pixels of the reading commands gives the mosaic itself.

--set copy=true keeps the frames of a network camera as it compressed them: nothing is decoded or lost; stores begin at a keyframe.

At the end, and every minute before, a receipt is written beside the stores, as JSON and as a page: frames expected and got, every
gap with its time and cause, intervals, delays, how the cameras' clocks ran, settings, and digests of the chunks.

With --json one object at the end: output, seconds, stoppedBy (length, signal or source), and of all cameras together
offered, written, dropped, missing (numbers that the camera itself lost); tracks has the same for each, and more. With --events
a line of JSON for all that happens, and for the status once a second.

Exit code 4: frames were saved, but a camera or a store failed on the way.

Examples:
  marey record run1 --camera synthetic:1280x1024@100 --seconds 10 --format avc1/mp4
  marey record day1 --camera top=synthetic:640x480@60 --camera side=synthetic:640x480@30 --seconds 5
  marey record nights --camera synthetic:640x480@25 --schedule "0 22 * * *" --for 8h --until +2s
  marey record talks --camera synthetic:320x240@25 --armed --pre-trigger 2 --until +3s`;

export const record: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(command)
      .argument("[target]", "the store to make, or a folder for several, or a rig in a .yaml file")
      .option("--camera <address>", "which camera, or NAME=ADDRESS; may be given again", addText, [])
      .option("--seconds <length>", "how long", parsePositive)
      .option("--frames <count>", "how many frames of each camera", parseInteger)
      .option("--until <time>", "when it is over: 18:30, an ISO date, or +2h from now")
      .option("--width <pixels>", "of the picture", parseInteger)
      .option("--height <pixels>", "of the picture", parseInteger)
      .option("--rate <fps>", "frames a second", parsePositive)
      .addOption(new Option("--dtype <name>", "of a sample").choices(["uint8", "uint16"]))
      .addOption(
        new Option("--color <name>", "of the frames").choices([
          ...["gray", "bgr", "bayer-rg", "bayer-gr", "bayer-gb", "bayer-bg"],
        ]),
      )
      .option("--camera-format <name>", "how pixels come, as the driver names it: YUYV, MJPG, GREY ...")
      .option(
        "--set <name=value>",
        "a setting of the camera, as exposure_absolute=157; may be given again",
        addPair,
        {},
      )
      .option(
        "--silence <seconds>",
        "without a frame, after which a camera is opened anew (default: 5)",
        parsePositive,
      )
      .option("--format <name>", "store format (default: by what the camera gives, see below)")
      .option("--chunk-size <frames>", "frames in each chunk", parseInteger)
      .option("--quality <value>", "as the format counts it", parsePositive)
      .option("--qp <value>", "h264 and h265: the same quantiser for all frames, 0 to 51", parseInteger)
      .option("--gop <frames>", "from keyframe to keyframe (default: 30)", parseInteger)
      .option(
        "--preset <name>",
        "x264's and x265's: ultrafast ... veryslow (default: veryfast; lossless ultrafast)",
      )
      .option(
        "--fps <rate>",
        "what the video files say; the true times are kept beside (default: the camera's, or 25)",
        parsePositive,
      )
      .option("--pixel-format <name>", "FFmpeg's name: yuv420p, yuv422p, yuv444p, gray ...")
      .option("--threads <count>", "encoder threads", parseInteger)
      .option("--hardware", "use a hardware encoder if one works")
      .addOption(
        new Option("--drop <policy>", "what goes when the queue is full")
          .choices(["newest", "oldest", "fail"])
          .default("newest"),
      )
      .option("--queue <MiB>", "pixels of each camera that may wait for the disk", parsePositive, 256)
      .addOption(
        new Option("--durability <level>", "what a frame has survived when it counts as written")
          .choices(["flush", "second", "frame"])
          .default("second"),
      )
      .option(
        "--min-free <size>",
        "of the disk that stays free, as 2GiB (default: 2 GiB, or 5 % of a small disk)",
      )
      .option("--armed", "wait for a trigger")
      .option("--pre-trigger <seconds>", "before the trigger that are saved, too", parsePositive)
      .option("--trigger-file <path>", "saves while this file is there")
      .addOption(
        new Option("--trigger-signal <name>", "begins and ends by turns").choices(["SIGUSR1", "SIGUSR2"]),
      )
      .option("--schedule <cron>", "when to begin, as crontab has it; may be given again", addText, [])
      .option("--for <length>", "how long to save each time: 30s, 10min, 8h")
      .option(
        "--rotate <when>",
        "new stores every hour, day, length (10min) or size (4GiB); may be given again",
        addText,
        [],
      )
      .option("--metadata <key=value>", "kept in the stores; may be given again", addPair, {})
      .option("--overwrite", "replace the store if it exists")
      .option("--live [port]", "a page to look at it and steer it (default: any free port)")
      .option(
        "--live-host <address>",
        "where that page is, beyond this machine; everything needs the token then",
      )
      .option(
        "--control <path>",
        "a Unix socket that takes lines: begin, end, stop, status, extra {...}; - is standard input",
      )
      .option("--no-receipt", "leave no receipt (.json, .html) beside the stores")
      .option("--example-rig", "print a rig file with all that may be in one, and end")
      .option("--events", "tell as lines of JSON what happens, and the status once a second")
      .addHelpText("after", help)
      .action(async (target: string | undefined, options: RecordCliOptions) =>
        finish(await run(target, options, context)),
      );
  },
};

export function addPair(text: string, pairs: Record<string, string>): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("it is written key=value.");
  return { ...pairs, [text.slice(0, at)]: text.slice(at + 1) };
}

function addText(text: string, texts: readonly string[]): readonly string[] {
  return [...texts, text];
}

/** Milliseconds between two lines of status. */
const statusEvery = 1000;
/** Milliseconds between two receipts while it runs. */
const receiptEvery = 60_000;

/** Beside the one store, or in the folder of all; without an extension. */
function receiptPath(target: string, rig: Rig, { receipt = true }: RecordCliOptions): string | undefined {
  if (!receipt) return undefined;
  const isOne = rig.directory !== target && !/\.ya?ml$/i.test(target);
  if (isOne) return `${target.replace(/[/\\]+$/, "")}.receipt`;
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const started = compileTime("%Y%m%d_%H%M%S", timeZone)(Date.now() / 1000);
  return join(rig.directory ?? ".", `receipt-${started}`);
}

async function run(target: string | undefined, options: RecordCliOptions, context: Context): Promise<number> {
  if (options.exampleRig) {
    const { exampleRig } = await import("../recording/example-rig.js");
    await context.out.line(exampleRig.trimEnd());
    return exit.ok;
  }
  if (target === undefined) throw new UsageError("which store, or which rig?");
  const rig = await rigOf(target, options);
  const { recordingReceipt, startRecording, writeReceipt } = await import("../recording/index.js");
  const receipt = receiptPath(target, rig, options);
  const started = performance.now();
  // Only those who ask for the end get it: a reader of the output who has gone is nobody's reason to lose frames.
  const stop = new AbortController();
  const onAbort = (): void => {
    if (isInterruption(context.signal.reason)) stop.abort(context.signal.reason);
  };
  context.signal.addEventListener("abort", onAbort);
  const tell = (event: Record<string, unknown>): void => {
    if (options.events) void context.out.line(toJson(event));
  };
  const lines = startStatusLines(options.quiet === true || options.events === true);
  let recording: Recording | undefined;
  let live: LiveServer | undefined;
  let troubles = 0;
  const onEvent = (event: TrackEvent): void => {
    if (event.kind === "restarted" || event.kind === "broken" || event.kind === "failed") troubles++;
    live?.tell(event);
    tell({ event: event.kind, track: event.track, time: event.time, text: event.text });
    // What goes wrong before anything runs is the command's own error.
    if (recording && event.kind !== "running" && event.kind !== "saved" && event.kind !== "ended") {
      lines.say(`marey: ${event.track}: ${event.kind}: ${event.text}`);
    }
  };
  const timer = setInterval(() => {
    if (recording) tell({ event: "status", ...statusOf(recording) });
  }, statusEvery);
  // A machine that dies leaves the receipt of a minute ago.
  const keeping = setInterval(() => {
    if (!recording || receipt === undefined) return;
    recordingReceipt(recording, false)
      .then(
        (found) => writeReceipt(found, receipt),
        () => {},
      )
      .catch(() => {});
  }, receiptEvery);
  try {
    await context.guard(async () => {
      context.signal.throwIfAborted();
      recording = await startRecording(rig, { signal: stop.signal, onEvent });
      if (rig.armed && !options.events && options.control !== "-") listenToKeys(recording);
      await warnOfLoss(recording, context, options);
      const outside = await openOutside(recording, context, options);
      live = outside.live;
      lines.follow(recording);
      await recording.done;
      await outside.close();
      if (receipt !== undefined) await writeReceipt(await recordingReceipt(recording, true), receipt);
    });
  } finally {
    clearInterval(timer);
    clearInterval(keeping);
    lines.end();
    context.signal.removeEventListener("abort", onAbort);
  }
  const result = describeRecording(target, recording!, (performance.now() - started) / 1000);
  tell({ event: "done", ...result.json });
  if (options.json && !options.events) await context.out.json(result.json);
  else if (!options.quiet && !options.events) for (const line of result.lines) await context.out.line(line);
  if (recording!.tracks.every(({ failure, counts }) => failure !== undefined && counts.written === 0))
    return exit.failed;
  return troubles > 0 ? exit.partly : exit.ok;
}

/** What lets others look on and steer. @throws {ListenError} if that cannot be; the recording has ended then. */
async function openOutside(recording: Recording, context: Context, options: RecordCliOptions) {
  const { live: port, liveHost, control: path } = options;
  if (port === undefined && path === undefined) return { live: undefined, close: async () => {} };
  const { followLines, listenForLines, serveLive } = await import("../view/index.js");
  try {
    const live =
      port === undefined
        ? undefined
        : await serveLive(recording, {
            ...(port !== true && { port: parseInteger(port) }),
            ...(liveHost !== undefined && { host: liveHost }),
          });
    if (live) context.note(`marey: live at ${live.url}`, options);
    // The lines of another program that runs this one.
    if (path === "-") void followLines(recording, process.stdin, process.stdout);
    const control = path === undefined || path === "-" ? undefined : await listenForLines(recording, path);
    return {
      live,
      close: async () => {
        await live?.close();
        await control?.close();
      },
    };
  } catch (error) {
    await recording.stop();
    throw error;
  }
}

/** Enter begins and ends by turns. */
function listenToKeys(recording: Recording): void {
  if (!process.stdin.isTTY) return;
  process.stdin.on("data", () => {
    if (recording.isSaving) recording.end();
    // What went wrong is told by the track.
    else recording.begin().catch(() => {});
  });
}

async function warnOfLoss(recording: Recording, context: Context, options: RecordCliOptions): Promise<void> {
  const { builtInFormats, usualFormat } = await import("../index.js");
  for (const { facts, format } of recording.tracks) {
    const isLossy = builtInFormats.find(({ name }) => name === format)?.lossless === false;
    if (!isLossy || facts === undefined || !facts.info.color.startsWith("bayer-")) continue;
    const found = `loses colour of a ${facts.info.color} mosaic; ${usualFormat(facts.info)} does not`;
    context.note(`marey: ${format} ${found}`, options);
  }
}
