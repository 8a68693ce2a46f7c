import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import type { ExtraOptions } from "../store/extra/read-extra.js";
import type { StoreReader } from "../store/store-reader.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit, UsageError } from "./exit.js";
import { toJson } from "./json.js";
import { countOf } from "./output.js";
import { type FileOptions, giveLines } from "./written-file.js";

interface ExtraCommandOptions extends CommonOptions, FileOptions {
  readonly csv?: boolean;
  readonly chunks?: string;
  readonly strict?: boolean;
}

const help = `
Extra data are the rows that were recorded beside the frames, by imgstore, Marey or Motif (JSON and HDF5). Each says to
which frame it belongs: frame_number, frame_time, and frame_index, which is -1 before the first frame.

Prints one JSON object a row (NaN and infinite numbers as null), or with --csv a table with all columns that any row
has; what is nested stands in it as JSON. The name of FILE says what is written: .jsonl, .csv, .arrow or .feather (an
Arrow file, which pandas, polars and R read).

A damaged file gives the rows that are whole, and the exit code is 4; with --strict it is an error.

Examples:
  marey extra store | head
  marey extra store --chunks 0..10 --csv
  marey extra store -o rows.arrow`;

export const extra: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(command)
      .argument("<store>", "the store")
      .option("--csv", "print CSV instead of JSON")
      .option("--chunks <range>", "of these chunks only: 7, or 0..10 (without 10)")
      .option("--strict", "a damaged file is an error")
      .option("-o, --output <file>", "write a file; its name says of what kind")
      .option("--overwrite", "replace FILE if it exists")
      .addHelpText("after", help)
      .action(async (path: string, options: ExtraCommandOptions) =>
        finish(await giveExtra(path, options, context)),
      );
  },
};

async function giveExtra(path: string, options: ExtraCommandOptions, context: Context): Promise<number> {
  const kind = kindOf(options);
  const { openStore } = await import("../index.js");
  await using store = await openStore(path);
  const before = store.problems.length;
  const selection: ExtraOptions = {
    ...(options.chunks !== undefined && { chunks: parseChunks(options.chunks) }),
    ...(options.strict && { strict: true }),
  };
  if (kind === "arrow") await writeArrow(store, selection, options);
  else {
    const lines = kind === "csv" ? csvLines(store, selection) : jsonLines(store, selection);
    await giveLines(lines, options, context);
  }
  const damage = store.problems.slice(before);
  for (const problem of damage) context.note(`marey: ${problem.path}: ${problem.message}`, {});
  if (damage.length > 0) context.note(`marey: ${countOf(damage.length, "file")} of extra data damaged`, {});
  return damage.length > 0 ? exit.partly : exit.ok;
}

type Kind = "json" | "csv" | "arrow";

function kindOf({ csv, output }: ExtraCommandOptions): Kind {
  const kinds: Record<string, Kind> = {
    ...{ ".jsonl": "json", ".ndjson": "json", ".csv": "csv" },
    ...{ ".arrow": "arrow", ".feather": "arrow" },
  };
  const kind = output === undefined ? (csv ? "csv" : "json") : kinds[extname(output).toLowerCase()];
  if (kind === undefined) throw new UsageError(`FILE is one of ${Object.keys(kinds).join(", ")}`);
  return csv ? "csv" : kind;
}

function parseChunks(text: string): NonNullable<ExtraOptions["chunks"]> {
  const [, start, isRange, stop] = /^(\d*)(\.\.)?(\d*)$/.exec(text) ?? [];
  if (start === undefined || (!isRange && start === "")) {
    throw new UsageError(`"${text}" is no chunk and no range of chunks`);
  }
  if (!isRange) return Number(start);
  return { ...(start !== "" && { start: Number(start) }), ...(stop !== "" && { stop: Number(stop) }) };
}

async function* jsonLines(store: StoreReader, selection: ExtraOptions): AsyncGenerator<string> {
  for await (const row of store.extraRows(selection)) yield toJson(row);
}

/** Reads everything twice: all columns have to be known before the first row. */
async function* csvLines(store: StoreReader, selection: ExtraOptions): AsyncGenerator<string> {
  const names = new Set<string>();
  for await (const row of store.extraRows(selection)) for (const name of Object.keys(row)) names.add(name);
  const columns = [...names];
  yield columns.map(csvField).join(",");
  for await (const row of store.extraRows(selection)) {
    yield columns.map((name) => csvField(Object.hasOwn(row, name) ? row[name] : undefined)).join(",");
  }
}

/** RFC 4180. A number that is not known is empty, as is what is missing. */
function csvField(value: unknown): string {
  if (value === undefined || value === null || Number.isNaN(value)) return "";
  const text = typeof value === "object" ? toJson(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function writeArrow(store: StoreReader, selection: ExtraOptions, options: FileOptions): Promise<void> {
  const { tableToIPC } = await import("apache-arrow");
  const table = await store.extraTable(selection);
  const { writeWhole } = await import("../store/whole-file.js");
  await writeWhole(options.output!, options.overwrite ?? false, (temporary) =>
    writeFile(temporary, tableToIPC(table, "file")),
  );
}
