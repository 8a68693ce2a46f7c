import { parentPort } from "node:worker_threads";
import type { FrameNumber } from "../../core/frame.js";
import { type H5Part, readMotifH5 } from "./motif-h5.js";
import { readSampleStamps, renumberMotifH5 } from "./motif-h5-numbers.js";

// The other side of `motif-h5-reader.ts`.

export interface H5Request {
  readonly bytes: Uint8Array;
  /** What is wanted of it; numbers: the file with these in place of its own. */
  readonly task: H5Part | "stamps" | { readonly numbers: readonly (FrameNumber | undefined)[] };
}

/** `isBroken`: the memory of WebAssembly may be in any state, so that no other file can be read in it. */
export type H5Answer = { readonly found: unknown } | { readonly error: string; readonly isBroken: boolean };

function work({ bytes, task }: H5Request): Promise<unknown> {
  if (typeof task === "object") return renumberMotifH5(bytes, task.numbers);
  return task === "stamps" ? readSampleStamps(bytes) : readMotifH5(bytes, task);
}

parentPort?.on("message", async (request: H5Request) => {
  let answer: H5Answer;
  try {
    answer = { found: await work(request) };
  } catch (error) {
    const { message, name } = error as Error;
    answer = {
      error: message.split("\n")[0] ?? "",
      isBroken: name === "RuntimeError" || name === "RangeError",
    };
  }
  parentPort?.postMessage(answer);
});
