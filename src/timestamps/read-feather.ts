import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { FlatTable } from "./flat-tables.js";

// An Arrow IPC file: "ARROW1", messages, footer, length of the footer, "ARROW1". The footer says what the columns are, and
// where each batch of rows begins. https://github.com/apache/arrow/tree/main/format (File.fbs, Message.fbs, Schema.fbs)

/** The column of the peer's files. */
const column = "frame_time_us";

const magic = "ARROW1";
/** Places of fields in the tables that are read. */
const inFooter = { schema: 1, batches: 3 };
const inSchema = { endianness: 0, fields: 1 };
const inField = { name: 0, typeOf: 2, type: 3, dictionary: 4, children: 5 };
const inInt = { bits: 0, isSigned: 1 };
const inMessage = { headerType: 1, header: 2 };
const inBatch = { length: 0, nodes: 1, buffers: 2, compression: 3 };
const recordBatch = 3;
const int = 2;
/** How many buffers a column of each type has; types of others, and of children, are missing. */
const buffersOf: Readonly<Record<number, number>> = {
  ...{ 1: 0, 2: 2, 3: 2, 4: 3, 5: 3, 6: 2, 7: 2, 8: 2, 9: 2, 10: 2, 11: 2, 15: 2, 18: 2, 19: 3, 20: 3 },
};

/** Whether bytes begin as those of an Arrow IPC file. */
export function isFeather(bytes: Uint8Array): boolean {
  return spells(bytes.subarray(0, magic.length));
}

function spells(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes) === magic;
}

/**
 * The frame times of a Feather file of any program, in any number of batches: column `frame_time_us`, uint64 or int64.
 * @throws {FileFormatError} if it is damaged, has no such column, or misses a time.
 * @throws {UnsupportedError} if the column has another type, times before 1970, or is compressed.
 */
export function decodeFeather(bytes: Uint8Array, path: string): BigUint64Array {
  const footer = FlatTable.root(footerOf(bytes, path), path);
  const schema = footer.table(inFooter.schema);
  const fields = schema?.tables(inSchema.fields) ?? [];
  const names = fields.map((field) => field.text(inField.name));
  const which = names.indexOf(column);
  if (which < 0) {
    throw new FileFormatError(path, `has no column ${column}; it has ${names.join(", ") || "none"}`);
  }
  if (schema!.byte(inSchema.endianness) !== 0)
    throw new UnsupportedError("byte order of a Feather file", "big endian");
  needInteger(fields[which]!, path);
  const place = { which, buffer: buffersBefore(fields.slice(0, which), names, path) };
  const blocks = footer.records(inFooter.batches, 24, [0, 16]);
  const batches = blocks.map(([offset]) => valuesOf(bytes, offset!, place, path));
  const times = new BigUint64Array(batches.reduce((sum, { byteLength }) => sum + byteLength / 8, 0));
  const isSigned = fields[which]!.table(inField.type)!.byte(inInt.isSigned) !== 0;
  let row = 0;
  for (const view of batches) {
    for (let at = 0; at < view.byteLength; at += 8) {
      const time = isSigned ? view.getBigInt64(at, true) : view.getBigUint64(at, true);
      if (time < 0n) throw new UnsupportedError("time before 1970", `${time} µs in ${path}`);
      times[row++] = time;
    }
  }
  return times;
}

function footerOf(bytes: Uint8Array, path: string): Uint8Array {
  if (!isFeather(bytes)) throw new FileFormatError(path, "no Feather file: it does not begin with ARROW1");
  const end = bytes.length - magic.length - 4;
  if (end < 8 || !spells(bytes.subarray(-magic.length))) {
    throw new FileFormatError(path, "cut short: it does not end with ARROW1");
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getInt32(0, true);
  if (length > 0 && length <= end - 8) return bytes.subarray(end - length, end);
  throw new FileFormatError(path, `damaged: a footer of ${length} bytes is not in it`);
}

function needInteger(field: FlatTable, path: string): void {
  const type = field.table(inField.type);
  const isWhole = field.byte(inField.typeOf) === int && type?.int(inInt.bits) === 64;
  if (isWhole && !field.has(inField.dictionary)) return;
  throw new UnsupportedError(`type of ${column}`, `another one in ${path}`, ["uint64", "int64"]);
}

/** Where the buffers of a column begin among those of all. */
function buffersBefore(fields: readonly FlatTable[], names: readonly string[], path: string): number {
  return fields.reduce((sum, field, at) => {
    const count = field.has(inField.dictionary) ? 2 : buffersOf[field.byte(inField.typeOf)];
    if (count !== undefined && field.tables(inField.children).length === 0) return sum + count;
    throw new UnsupportedError("type of a column before the times", `${names[at]} in ${path}`, [
      "plain values, texts",
    ]);
  }, 0);
}

/** The numbers of one batch. */
function valuesOf(
  bytes: Uint8Array,
  offset: number,
  { which, buffer }: { readonly which: number; readonly buffer: number },
  path: string,
): DataView {
  const damaged = (found: string): FileFormatError => new FileFormatError(path, `damaged: ${found}`);
  if (offset + 8 > bytes.length) throw damaged(`a batch at byte ${offset} is not in it`);
  const head = new DataView(bytes.buffer, bytes.byteOffset + offset, 8);
  // Files before Arrow 0.15 have the length at once.
  const isNew = head.getUint32(0, true) === 0xffffffff;
  const length = head.getInt32(isNew ? 4 : 0, true);
  const start = offset + (isNew ? 8 : 4);
  if (length <= 0 || start + length > bytes.length)
    throw damaged(`a message of ${length} bytes at ${offset}`);
  const message = FlatTable.root(bytes.subarray(start, start + length), path);
  const batch = message.table(inMessage.header);
  if (message.byte(inMessage.headerType) !== recordBatch || !batch)
    throw damaged(`no batch at byte ${offset}`);
  if (batch.has(inBatch.compression))
    throw new UnsupportedError("compression of a Feather file", path, ["none"]);
  const [, nulls = 0] = batch.records(inBatch.nodes, 16, [0, 8])[which] ?? [];
  const rows = batch.long(inBatch.length);
  if (nulls > 0) throw new FileFormatError(path, `misses ${nulls} of ${rows} times`);
  const [from, size] = batch.records(inBatch.buffers, 16, [0, 8])[buffer + 1] ?? [];
  const at = start + length + (from ?? 0);
  if (size === undefined || size < rows * 8 || at + rows * 8 > bytes.length) {
    throw damaged(`a batch of ${rows} times holds ${size ?? 0} bytes of them`);
  }
  return new DataView(bytes.buffer, bytes.byteOffset + at, rows * 8);
}
