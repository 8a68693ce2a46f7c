import type { WriteStream } from "node:tty";
import type { Recording } from "../recording/recording.js";
import type { RigTrack } from "../recording/track.js";
import { DiskLeft } from "../view/disk-left.js";
import { countOf, formatCount, formatSeconds } from "./output.js";

/** Milliseconds between two drawings. */
const drawn = 250;

export interface StatusLines {
  follow(recording: Recording): void;
  /** A line that stays. */
  say(text: string): void;
  end(): void;
}

/** A line for each camera on a terminal, redrawn four times a second; in a pipe only what is said. */
export function startStatusLines(isQuiet: boolean): StatusLines {
  const stream: WriteStream = process.stderr;
  const isDrawn = stream.isTTY && !isQuiet;
  let height = 0;
  let timer: NodeJS.Timeout | undefined;
  const wipe = (): void => {
    if (height > 0) stream.write(`\u001b[${height}A\u001b[J`);
    height = 0;
  };
  const draw = (recording: Recording, disk: DiskLeft): void => {
    const lines = statusLines(recording, disk).map((line) => line.slice(0, (stream.columns || 80) - 1));
    wipe();
    stream.write(`${lines.join("\n")}\n`);
    height = lines.length;
  };
  return {
    follow(recording) {
      const disk = new DiskLeft(recording);
      if (isDrawn) timer = setInterval(() => draw(recording, disk), drawn);
    },
    say(text) {
      if (isQuiet) return;
      wipe();
      stream.write(`${text}\n`);
    },
    end() {
      clearInterval(timer);
      if (isDrawn) wipe();
    },
  };
}

/** Of the disks the one that is full first is told. */
function statusLines(recording: Recording, disk: DiskLeft): string[] {
  const { tracks } = recording;
  const width = Math.max(...tracks.map(({ name }) => name.length));
  const lines = tracks.map((track) => `${track.name.padEnd(width)}  ${lineOf(track)}`);
  const hours = Math.min(...tracks.map(({ name }) => disk.of(name)?.hours ?? Number.POSITIVE_INFINITY));
  const left = Number.isFinite(hours) ? `; the disk is full in ${formatSeconds(hours * 3600)}` : "";
  const what = recording.isSaving ? "saving" : "armed: Enter begins";
  return [...lines, `${what}${left}`];
}

function lineOf({ status, counts, restarts }: RigTrack): string {
  if (status === undefined) return restarts.length > 0 ? "its process is starting again" : "opening";
  if (status.state === "lost") return "the camera is lost; looking for it";
  const { camera, queue, encoder, disk } = counts.losses;
  const lost = camera + queue + encoder + disk;
  const causes = Object.entries({ camera, queue, encoder, disk }).flatMap(([cause, count]) =>
    count > 0 ? [`${cause} ${formatCount(count)}`] : [],
  );
  const losses = lost === 0 ? "none lost" : `${formatCount(lost)} LOST (${causes.join(", ")})`;
  return `${status.rate.toFixed(1)}/s  ${countOf(counts.written, "frame")}  ${losses}  ${counts.waiting} waiting`;
}
