import { AV_LOG_QUIET, AV_OPT_SEARCH_CHILDREN, AVERROR_EOF } from "node-av/constants";
import { FFmpegError, Log, PosixError } from "node-av/lib";

// FFmpeg writes its warnings to stderr from many threads; what matters reaches the caller as an error.
Log.setLevel(AV_LOG_QUIET);

const EAGAIN: number = FFmpegError.AVERROR(PosixError.EAGAIN);

/** FFmpeg's AV_NOPTS_VALUE: no time stamp. */
const NO_PTS = -(2n ** 63n);

/** A time stamp in ticks as a number; NaN where there is none. */
export function ticks(value: bigint): number {
  return value === NO_PTS ? Number.NaN : Number(value);
}

/** Whether a codec gives nothing now: it wants more input, or has given all. */
export function isAgainOrEnd(code: number): boolean {
  return code === AVERROR_EOF || code === EAGAIN;
}

/** Whether there is nothing now, but may be later. */
export function isAgain(code: number): boolean {
  return code === EAGAIN;
}

/** Whether there is nothing any more. */
export function isEnd(code: number): boolean {
  return code === AVERROR_EOF;
}

/** FFmpeg's own words for an error code. */
export function reason(code: number): string {
  return FFmpegError.strerror(code);
}

/** Passes a good return code on. @throws {FFmpegFailure} with FFmpeg's own words for a bad one. */
export function check(code: number, call: string): number {
  if (code < 0) throw new FFmpegFailure(call, code);
  return code;
}

/** An FFmpeg call failed. Never leaves the room: whoever knows the file makes a `MareyError` of it. */
export class FFmpegFailure extends Error {
  readonly code: number;

  constructor(call: string, code: number) {
    super(`${reason(code)} (${call})`);
    this.name = "FFmpegFailure";
    this.code = code;
  }
}

interface OptionHolder {
  setOption(name: string, value: string, type: undefined, flags: typeof AV_OPT_SEARCH_CHILDREN): number;
}

/**
 * Sets an option by name, private options of a codec or format included. Options are always set this way: a
 * dictionary that is passed to a synchronous open call is freed twice and takes the process down later.
 */
export function setOption(target: unknown, name: string, value: string | number): void {
  const code = (target as OptionHolder).setOption(name, String(value), undefined, AV_OPT_SEARCH_CHILDREN);
  check(code, `option ${name}=${value}`);
}
