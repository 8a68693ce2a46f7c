import type { CodedFrame } from "../core/coded-frame.js";
import type { Frame } from "../core/frame.js";
import type { WriteProgress } from "../core/stream.js";
import type { CameraFrame } from "./camera.js";

/** What is recorded of a camera: pictures, or packets as it compressed them. */
export type Captured = Frame | CodedFrame;

/** What a camera gives, in either form. */
export type Given<F extends Captured> = F & Pick<CameraFrame, "cameraTime" | "arrived">;

/** Where it goes: a `FrameSink`, or a `CodedSink`. */
export interface CapturedSink<F extends Captured> {
  /** @returns false if it was left out, because one that it leans on is missing. */
  // biome-ignore lint/suspicious/noConfusingVoidType: both kinds of sinks
  write(frame: F): Promise<void | boolean>;
  readonly ahead?: number;
  readonly progress?: WriteProgress;
}

/** What it takes of the memory. */
export function bytesOf(frame: Captured): number {
  return ("image" in frame ? frame.image.data : frame.data).byteLength;
}

/** True if it is of no use without those before it, up to a keyframe. */
export function leansOnOthers(frame: Captured): boolean {
  return !("image" in frame) && !frame.isKey;
}
