import { parentPort } from "node:worker_threads";
import type { ExtraColumns } from "./columns.js";
import { type H5Part, readMotifH5 } from "./motif-h5.js";

// The other side of `motif-h5-reader.ts`.

export interface H5Request {
  readonly bytes: Uint8Array;
  readonly part: H5Part;
}

/** `isBroken`: the memory of WebAssembly may be in any state, so that no other file can be read in it. */
export type H5Answer =
  | { readonly found: ExtraColumns }
  | { readonly error: string; readonly isBroken: boolean };

parentPort?.on("message", async ({ bytes, part }: H5Request) => {
  let answer: H5Answer;
  try {
    answer = { found: await readMotifH5(bytes, part) };
  } catch (error) {
    const { message, name } = error as Error;
    answer = {
      error: message.split("\n")[0] ?? "",
      isBroken: name === "RuntimeError" || name === "RangeError",
    };
  }
  parentPort?.postMessage(answer);
});
