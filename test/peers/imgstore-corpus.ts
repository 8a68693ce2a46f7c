import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesOf, type Image } from "../../src/core/image.js";
import { decodeNpy, type NpyArray } from "../../src/core/npy.js";

const folder = new URL("../../../shared/corpus/imgstore", import.meta.url).pathname;

export interface ExpectedFrame {
  readonly frame_index: number;
  readonly chunk: number;
  readonly frame_idx: number;
  readonly sha256?: string;
  readonly shape?: number[];
  readonly dtype?: string;
  readonly image?: null;
  readonly error?: unknown;
}

interface Place {
  readonly chunk: number;
  readonly frame_idx: number;
}

/** What the real Python imgstore 0.4.0 says of a store. */
export interface Expected {
  readonly name: string;
  readonly written?: { readonly sha256: string; readonly dtype: string; readonly shape: number[] }[];
  readonly open_error?: { readonly type: string };
  readonly format: string;
  readonly encoding: string | null;
  readonly uuid: string | null;
  readonly imgshape: number[];
  readonly imgdtype: string;
  readonly chunksize: number;
  readonly native_color: boolean;
  readonly chunks: number[];
  readonly created_utc: string;
  readonly timezone: string;
  readonly user_metadata: Record<string, unknown>;
  readonly frame_count: number;
  readonly frame_metadata: [unknown, unknown][];
  readonly extra_data: { columns: string[]; rows: unknown[][]; error?: unknown } | null;
  readonly extra_data_ignore_corrupt: { columns: string[]; rows: unknown[][]; error?: unknown } | null;
  readonly frames: ExpectedFrame[];
  readonly find_by_frame_number: { frame_number: unknown; exact: Place | null; nearest: Place }[];
  readonly find_nearest_time: (Place & { frame_time: unknown })[];
}

/** The stores that Python's imgstore wrote, by name. */
export const corpusStores = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(folder, `${entry.name}.expected.json`)))
  .map((entry) => entry.name);

export function expectedOf(name: string): Expected {
  return JSON.parse(readFileSync(join(folder, `${name}.expected.json`), "utf8"));
}

/** The frames as Python decoded them, for stores that lost something. */
export function decodedBy(name: string): NpyArray | undefined {
  const path = join(folder, `${name}.decoded.npy`);
  return existsSync(path) ? decodeNpy(readFileSync(path), path) : undefined;
}

let copies: string | undefined;

/** The folder of a store. Old ones take their date from that of a file, which a checkout does not keep. */
export function corpusPath(name: string): string {
  if (!name.startsWith("old_")) return join(folder, name);
  const copy = copyOfStore(name);
  utimesSync(join(copy, "metadata.yaml"), 1_500_000_000, 1_500_000_000);
  return copy;
}

/** A store that a test may damage. */
export function copyOfStore(name: string): string {
  copies ??= tmpdir();
  const copy = join(mkdtempSync(join(copies, "marey-corpus-")), name);
  cpSync(join(folder, name), copy, { recursive: true });
  return copy;
}

/** A value as the files spell it: NaN and Infinity are strings, large integers and dates objects. */
export function spelled(value: unknown): unknown {
  if (value === "NaN") return Number.NaN;
  if (value === "Infinity") return Number.POSITIVE_INFINITY;
  if (value === "-Infinity") return Number.NEGATIVE_INFINITY;
  if (Array.isArray(value)) return value.map(spelled);
  if (typeof value !== "object" || value === null) return value;
  if ("$int" in value) return BigInt(value.$int as string);
  if ("$datetime" in value) {
    const text = value.$datetime as string;
    // Milliseconds are all that a Date holds.
    const cut = text.replace(/(\.\d{3})\d+/, "$1");
    return new Date(/T.*(?:Z|[-+]\d\d:\d\d)$/.test(cut) || !cut.includes("T") ? cut : `${cut}Z`);
  }
  if ("$bytes" in value) return Uint8Array.from(Buffer.from(value.$bytes as string, "hex"));
  if ("$set" in value) return new Set((value.$set as unknown[]).map(spelled));
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, spelled(field)]));
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The picture as Python's imgstore gives it: 16-bit files cut to 8 bit, foreign byte order kept. */
export function asPythonGives(image: Image, expected: ExpectedFrame, format: string): Uint8Array {
  const data = image.data;
  if (data instanceof Uint16Array && expected.dtype === "|u1") {
    const colorTif = format === "tif" && image.channels === 3;
    return Uint8Array.from(data, (value) => (colorTif ? (value * 255 + 32895) >> 16 : value >> 8));
  }
  const bytes = bytesOf(image);
  return expected.dtype?.startsWith(">") ? Buffer.from(bytes).swap16() : bytes;
}
