import type { CameraOptions } from "../../capture/camera.js";
import { CameraError } from "../../core/errors.js";

/** How a stream is read; by these names in `CameraOptions.settings`. */
export interface StreamSettings {
  /** RTSP alone: how its packets come. @default "tcp" */
  readonly transport: "tcp" | "udp";
  /** Wait for the camera to call, instead of calling it (RTSP, RTMP, SRT, TCP). @default false */
  readonly listen: boolean;
  /** RTSP over UDP: seconds that a packet is waited for when a later one is here already. @default 0.2 */
  readonly latency: number;
  /** How often in a row a lost stream is called again: 0 never, Infinity ("forever") until it is closed. @default 10 */
  readonly attempts: number;
  /** Seconds before the first of them; each further wait is twice as long. @default 0.5 */
  readonly firstWait: number;
  /** Seconds, at most. @default 30 */
  readonly longestWait: number;
  /** Seconds that a keyframe is waited for while other frames come. @default 30 */
  readonly keyframeWait: number;
  /** Seconds of video that may wait for a slow reader; 64 MiB at most. @default 2 */
  readonly backlog: number;
  /** Decoder threads; each beyond the first holds a frame back. @default 1 */
  readonly threads: number;
  /** Give frames as the camera compressed them (`Camera.coded`), and decode none. @default false */
  readonly copy: boolean;
}

type Spelled = string | number | boolean;

/** For `CameraListing.settings`. */
export const settingTexts: { readonly [S in keyof StreamSettings]: string } = {
  transport: "tcp or udp, of RTSP; tcp unless told",
  listen: "true waits for the camera to call (RTSP, RTMP, SRT, TCP)",
  latency: "0 … 10 seconds that RTSP over UDP waits for a packet that is late; 0.2 unless told",
  attempts: "how often in a row a lost stream is called again: 0 … or forever; 10 unless told",
  firstWait: "0.01 … 3600 seconds before the first of them, then twice as long each time; 0.5 unless told",
  longestWait: "0.01 … 3600 seconds, the longest of these waits; 30 unless told",
  keyframeWait: "0.1 … 3600 seconds that a keyframe is waited for; 30 unless told",
  backlog: "0.1 … 60 seconds of video that may wait for a slow reader; 2 unless told",
  threads: "1 … 16 decoder threads; 1 unless told",
  copy: "true gives frames as they were compressed",
};

/** @throws {CameraError} if one is unknown, or out of its range. */
export function streamSettings(id: string, given: CameraOptions["settings"] = {}): StreamSettings {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(settingTexts, name)) continue;
    throw new CameraError(id, `no setting "${name}" (known: ${Object.keys(settingTexts).join(", ")})`);
  }
  const refuse = (name: keyof StreamSettings): never => {
    throw new CameraError(id, `${name} is ${settingTexts[name]}; got ${given[name]}`);
  };
  const number = (name: keyof StreamSettings, usual: number, least: number, most: number): number => {
    const value = given[name] === undefined ? usual : asNumber(given[name]);
    return value >= least && value <= most ? value : refuse(name);
  };
  const flag = (name: keyof StreamSettings): boolean => {
    const value = given[name] ?? false;
    return typeof value === "boolean" ? value : value === "true" || (value !== "false" && refuse(name));
  };
  const transport = given.transport ?? "tcp";
  if (transport !== "tcp" && transport !== "udp") return refuse("transport");
  const threads = number("threads", 1, 1, 16);
  const attempts =
    given.attempts === "forever" ? Number.POSITIVE_INFINITY : number("attempts", 10, 0, Infinity);
  if (!Number.isInteger(threads)) refuse("threads");
  if (Number.isFinite(attempts) && !Number.isInteger(attempts)) refuse("attempts");
  return {
    transport,
    listen: flag("listen"),
    latency: number("latency", 0.2, 0, 10),
    attempts,
    firstWait: number("firstWait", 0.5, 0.01, 3600),
    longestWait: number("longestWait", 30, 0.01, 3600),
    keyframeWait: number("keyframeWait", 30, 0.1, 3600),
    backlog: number("backlog", 2, 0.1, 60),
    threads,
    copy: flag("copy"),
  };
}

function asNumber(value: Spelled): number {
  return typeof value === "string" && value.trim() !== ""
    ? Number(value)
    : typeof value === "number"
      ? value
      : Number.NaN;
}
