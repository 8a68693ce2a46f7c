import { FileFormatError, UnsupportedError } from "./errors.js";
import type { StampColumns, StampFileOptions } from "./stamp-table.js";
import { secondsOf } from "./time-text.js";

// SpikeGadgets' Trodes writes `.videoTimeStamps` (and `.cameraHWSync`) beside the H.264 of each camera: lines of text
// from <Start settings> to <End settings>, among them `Clock rate: 30000` and in newer files `Fields: <name type> …`;
// then a record for each frame, little-endian. Without fields it is one uint32, the count of the clock.
// As read by SpikeGadgets' readCameraModuleTimeStamps and Frank lab's trodes_to_nwb.

const opening = "<Start settings>";
const closing = "<End settings>";
const longestHead = 2 ** 16;

export function isTrodes(bytes: Uint8Array): boolean {
  return latin1(bytes.subarray(0, opening.length)) === opening;
}

/** Bytes of the types that fields have. */
const sizes: { readonly [type: string]: number } = {
  ...{ uint8: 1, int8: 1, uint16: 2, int16: 2 },
  ...{ uint32: 4, int32: 4, uint64: 8, int64: 8, single: 4, float32: 4, double: 8, float64: 8 },
};

interface Field {
  readonly name: string;
  readonly type: string;
  readonly offset: number;
}

/**
 * Times of the clock, from the field `time` or `PosTimestamp`, as seconds since it began; or of another field if
 * `column` names it: `HWTimestamp` counts nanoseconds. Numbers are those of `HWframeCount`.
 * @throws {FileFormatError} if the text is no such header, has no clock rate, or there is no such field.
 */
export function stampsOfTrodes(
  bytes: Uint8Array,
  path: string,
  options: StampFileOptions = {},
): StampColumns {
  const head = latin1(bytes.subarray(0, longestHead));
  const end = head.indexOf(closing);
  if (end < 0) throw new FileFormatError(path, `there is no ${closing} in it`);
  const settings = new Map<string, string>();
  for (const line of head.slice(0, end).split(/\r?\n/)) {
    const at = line.indexOf(":");
    if (at > 0) settings.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim());
  }
  const newline = head.indexOf("\n", end);
  const start = newline < 0 ? bytes.length : newline + 1;
  const { fields, size } = fieldsOf(settings.get("fields") ?? "<time uint32>", path);
  const wanted = options.column === undefined ? undefined : String(options.column).toLowerCase();
  const field = fields.find(({ name }) =>
    wanted === undefined ? /^(time|postimestamp)$/i.test(name) : name.toLowerCase() === wanted,
  );
  if (!field) {
    const names = fields.map(({ name }) => name).join(", ");
    throw new FileFormatError(path, `there is no field ${wanted ?? "of times"}; its fields: ${names}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
  const count = Math.floor(view.byteLength / size);
  const seconds = clockOf(field, settings, options, path);
  const times = Float64Array.from({ length: count }, (_, i) => seconds(valueAt(view, i * size, field)));
  const counted = fields.find(({ name }) => /^hwframecount$/i.test(name));
  const numbers = counted
    ? Float64Array.from({ length: count }, (_, i) => Number(valueAt(view, i * size, counted)))
    : undefined;
  return { times, ...(numbers && { numbers }), column: field.name };
}

function fieldsOf(text: string, path: string): { fields: Field[]; size: number } {
  const fields: Field[] = [];
  let size = 0;
  for (const [, name, type] of text.matchAll(/<\s*(\S+)\s+([^>\s]+)\s*>/g)) {
    const bytes = Object.hasOwn(sizes, type!) ? sizes[type!]! : undefined;
    if (bytes === undefined) {
      throw new UnsupportedError("type of a field", `${name} ${type} in ${path}`, Object.keys(sizes));
    }
    fields.push({ name: name!, type: type!, offset: size });
    size += bytes;
  }
  if (size === 0) throw new FileFormatError(path, `there are no fields in "${text.slice(0, 80)}"`);
  return { fields, size };
}

function clockOf(
  { name }: Field,
  settings: ReadonlyMap<string, string>,
  { unit }: StampFileOptions,
  path: string,
): (value: number | bigint) => number {
  if (unit !== undefined) return (value) => secondsOf(value, unit);
  if (/^hwtimestamp$/i.test(name)) return (value) => secondsOf(value, "ns");
  const rate = Number(settings.get("clock rate")?.split(/\s/)[0]);
  if (!(rate > 0 && Number.isFinite(rate))) {
    const found = settings.get("clock rate");
    throw new FileFormatError(path, found === undefined ? "there is no clock rate" : `clock rate ${found}`);
  }
  return (value) => Number(value) / rate;
}

function valueAt(view: DataView, start: number, { type, offset }: Field): number | bigint {
  const at = start + offset;
  if (type === "uint8") return view.getUint8(at);
  if (type === "int8") return view.getInt8(at);
  if (type === "uint16") return view.getUint16(at, true);
  if (type === "int16") return view.getInt16(at, true);
  if (type === "uint32") return view.getUint32(at, true);
  if (type === "int32") return view.getInt32(at, true);
  if (type === "uint64") return view.getBigUint64(at, true);
  if (type === "int64") return view.getBigInt64(at, true);
  return sizes[type] === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
