import { CameraError } from "../../core/errors.js";
import type { FrameIndex } from "../../core/frame-index.js";

/** How a source is played. */
export interface ReplaySettings {
  /** Times its own pace; infinite: each frame waits for its reader, and none is lost. */
  readonly speed: number;
  /** Times that it is played; infinite: for ever. */
  readonly passes: number;
  /** What frames are numbered by: the source's own numbers, or a count from 0 on. */
  readonly numbers: "own" | "count";
  /** Ranks [start, stop) that are played. */
  readonly start: number;
  readonly stop: number;
}

/** The settings, for people. */
export const replaySettings: Readonly<Record<string, string>> = {
  speed: 'times its own pace, or "free": each frame waits for its reader; usually 1',
  loop: "true, or how often it is played; usually once",
  from: "index of the first frame, or its second: 100, -50, 12.5s",
  to: "index of the frame where it ends, not played itself, or its second",
  numbers: '"own": as in the source, gaps are lost frames; "count": from 0 on; usually own',
};

const names = Object.keys(replaySettings);

/** Splits "film.mp4,speed=2,loop=3": what is a setting by its name is none of the path. */
export function splitReplayAddress(address: string): {
  readonly path: string;
  readonly settings: Readonly<Record<string, string>>;
} {
  const [, path = "", pairs = ""] = new RegExp(`^(.*?)((?:,(?:${names.join("|")})=[^,]*)*)$`, "s").exec(
    address,
  )!;
  const settings = pairs
    .split(",")
    .slice(1)
    .map((pair) => pair.split("=") as [string, string]);
  return { path, settings: Object.fromEntries(settings) };
}

type Given = Readonly<Record<string, string | number | boolean>>;

/** @throws {CameraError} if a setting is not known. */
export function checkReplayNames(camera: string, given: Given): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new CameraError(camera, `no setting "${unknown}" (known: ${names.join(", ")})`);
  }
}

/** @throws {CameraError} if a setting cannot be what it is, or there is no frame to play. */
export function readReplaySettings(camera: string, given: Given, index: FrameIndex): ReplaySettings {
  const refuse = (name: string): never => {
    throw new CameraError(camera, `${name} cannot be "${given[name]}" (${replaySettings[name]})`);
  };
  const speedOf = (text: string): number => {
    if (text === "free") return Number.POSITIVE_INFINITY;
    const speed = Number(text);
    return speed > 0 && speed <= 1e6 ? speed : refuse("speed");
  };
  const passesOf = (text: string): number => {
    if (text === "true") return Number.POSITIVE_INFINITY;
    if (text === "false") return 1;
    const passes = Number(text);
    return Number.isInteger(passes) && passes >= 1 ? passes : refuse("loop");
  };
  const rankOf = (name: string, usual: number): number => {
    const text = String(given[name] ?? usual);
    if (/^\d+(?:\.\d+)?s$/.test(text)) return firstFrom(index, Number(text.slice(0, -1)));
    const rank = /^-?\d+$/.test(text) ? Number(text) : refuse(name);
    return Math.min(index.length, Math.max(0, rank < 0 ? rank + index.length : rank));
  };
  const numbers = given.numbers ?? "own";
  if (numbers !== "own" && numbers !== "count") refuse("numbers");
  const [start, stop] = [rankOf("from", 0), rankOf("to", index.length)];
  if (start >= stop) {
    throw new CameraError(
      camera,
      `no frame to play: from ${start} to ${stop}, and there are ${index.length}`,
    );
  }
  return {
    speed: speedOf(String(given.speed ?? 1)),
    passes: passesOf(String(given.loop ?? false)),
    numbers: numbers as "own" | "count",
    start,
    stop,
  };
}

/** The first frame that is so many seconds after the first of all; as many as there are if none is. */
function firstFrom(index: FrameIndex, seconds: number): number {
  const first = index.length > 0 ? index.time(0) : Number.NaN;
  for (let rank = 0; rank < index.length; rank++) if (index.time(rank) - first >= seconds - 1e-9) return rank;
  return index.length;
}
