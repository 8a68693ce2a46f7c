import { parentPort } from "node:worker_threads";
import { type Hdf5Dataset, Hdf5Datasets } from "./hdf5-datasets.js";

// The other side of `hdf5-file.ts`: one file at a time.

export type Hdf5Request = { readonly id: number } & (
  | { readonly open: string }
  | { readonly rows: string; readonly first: number; readonly count: number }
  | { readonly close: true }
);

/**
 * `heapBytes`: what WebAssembly's memory has grown to. `isBroken`: it may be in any state, so that no other file can be
 * read in it.
 */
export type Hdf5Answer = { readonly id: number } & (
  | { readonly list: readonly Hdf5Dataset[] }
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly heapBytes: number }
  | { readonly error: string; readonly isBroken: boolean }
);

let file: Hdf5Datasets | undefined;

async function answer(request: Hdf5Request): Promise<Hdf5Answer> {
  const { id } = request;
  if ("open" in request) {
    file = await Hdf5Datasets.open(request.open);
    return { id, list: file.list };
  }
  if ("close" in request) {
    file?.close();
    file = undefined;
    return { id, heapBytes: await Hdf5Datasets.heapBytes() };
  }
  if (file === undefined) throw new Error("no file is open");
  return { id, bytes: file.rows(request.rows, request.first, request.count) };
}

parentPort?.on("message", async (request: Hdf5Request) => {
  const found = await answer(request).catch((error: Error): Hdf5Answer => {
    const [reason = ""] = error.message.split("\n");
    return { id: request.id, error: reason, isBroken: error.name === "RuntimeError" };
  });
  parentPort?.postMessage(found, "bytes" in found ? [found.bytes.buffer] : []);
});
