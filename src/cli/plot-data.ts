import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { FileFormatError, NotFoundError } from "../core/errors.js";
import type { FrameIndex } from "../core/frame-index.js";
import type { NpyArray } from "../core/npy.js";
import type { ArraysOptions, PlotSeries } from "../transforms/index.js";
import { UsageError } from "./exit.js";

/** Which columns are read, and what their times are. */
export type PlotDataOptions = {
  readonly [K in "columns" | "x" | "time" | "unit" | "rate"]?: ArraysOptions[K] | undefined;
};

/**
 * The curves of a CSV, `.npy` or `.npz` file, or of a store's extra data.
 * @param like whose times arrays have that say nothing of their own.
 */
export async function readPlotData(
  path: string,
  { columns, x, time, unit, rate }: PlotDataOptions,
  like: FrameIndex | undefined,
): Promise<PlotSeries[]> {
  const times =
    like && rate === undefined && time === undefined
      ? Float64Array.from({ length: like.length }, (_, rank) => like.time(rank))
      : undefined;
  const options: ArraysOptions = {
    ...(columns && { columns }),
    ...(x !== undefined && { x }),
    ...(time !== undefined && { time }),
    ...(unit && { unit }),
    ...(rate !== undefined && { rate }),
    ...(times && { times }),
  };
  const { openStore, seriesOfArrays, seriesOfCsv, seriesOfRows, sniff } = await import("../index.js");
  const isArray = [".npy", ".npz"].includes(extname(path).toLowerCase());
  const isText = [".csv", ".tsv", ".txt"].includes(extname(path).toLowerCase());
  if (isText) return seriesOfCsv(await readText(path), options, path);
  if (isArray) {
    const arrays = await readArrays(path);
    try {
      return seriesOfArrays(arrays, options);
    } catch (error) {
      if (!(error instanceof RangeError) || !error.message.startsWith("no column looks like a time"))
        throw error;
      throw new UsageError(`${path}: ${error.message}; or give --rate, or --like with as many frames`, {
        cause: error,
      });
    }
  }
  if ((await sniff(path)) !== "store") {
    throw new UsageError(
      `${path}: data are a .csv, .tsv, .txt, .npy or .npz file, or a store with extra data`,
    );
  }
  await using store = await openStore(path);
  const rows: Record<string, unknown>[] = [];
  for await (const row of store.extraRows()) rows.push(row);
  if (rows.length === 0) throw new UsageError(`${path}: the store has no extra data`);
  return seriesOfRows(rows, options);
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new NotFoundError(path, code === "ENOENT" ? "no such file or folder" : message, { cause });
  }
}

async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FileFormatError(path, "no text in UTF-8", { cause });
  }
}

async function readArrays(path: string): Promise<Record<string, NpyArray>> {
  const { decodeNpy, readNpz } = await import("../core/index.js");
  const bytes = await readBytes(path);
  if (bytes[0] === 0x50) {
    const npz = readNpz(bytes, path);
    // Texts and the like cannot be drawn, and spoil none of the others.
    const numeric = npz.names.filter((name) => npz.header(name).dtype !== undefined);
    return Object.fromEntries(numeric.map((name) => [name, npz.array(name)]));
  }
  return { [basename(path, extname(path))]: decodeNpy(bytes, path) };
}
