// A Feather file is an Arrow IPC file. The peer's has one column in one batch, not compressed, written by Polars: what stands
// around the numbers is the same in all of them but for a few lengths. So it stands here as Polars wrote it, and no library
// has to be loaded to write; any reader of Arrow reads it. https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format

/** "ARROW1", and the message that tells of the column: whole numbers of 64 bits without a sign, which may be missing. */
const schema = bytesOf(
  "4152524f57310000ffffffff8000000004000000f2ffffff140000000400010000000a000b0008000a000400f8ffffff",
  "0c00000008000800000004000100000004000000ecffffff340000002000000018000000010200001000120004001000",
  "1100080000000c0000000000f6ffffff4000000000000600080004000d0000006672616d655f74696d655f7573000000",
);
/** The message before the numbers; where its own numbers stand, from its start. */
const batch = bytesOf(
  "ffffffff8000000004000000ecffffff000000000000000014000000040003000c001300100012000c000400eaffffff",
  "00000000000000003c0000001000000000000a00140004000c0010000200000000000000000000000000000000000000",
  "00000000000000000000000000000000000000000100000000000000000000000000000000000000",
);
const batchAt = {
  body: 16,
  rows: 48,
  validityBytes: 88,
  dataOffset: 96,
  dataBytes: 104,
  nodeRows: 120,
  nulls: 128,
};
/** The end of the stream, and the footer. */
const footer = bytesOf(
  "ffffffff0000000004000000ecffffff400000003800000014000000040000000c0012001000040008000c0001000000",
  "9000000000000000880000000000000000000000000000000000000000000000f8ffffff0c0000000800080000000400",
  "0100000004000000ecffffff3400000020000000180000000102000010001200040010001100080000000c0000000000",
  "f6ffffff4000000000000600080004000d0000006672616d655f74696d655f757300aa0000004152524f5731",
);
const footerAt = { body: 64 };
/** Message, end and footer of a file without a row: what is 0 is left out. */
const emptyEnd = bytesOf(
  "ffffffff7000000004000000f2ffffff140000000400030000000a000b0008000a000400f2ffffff3c00000010000000",
  "00000a000c00000004000800020000000000000000000000000000000000000000000000000000000000000000000000",
  "000000000100000000000000000000000000000000000000ffffffff0000000004000000ecffffff4000000038000000",
  "14000000040000000c0012001000040008000c0001000000900000000000000078000000000000000000000000000000",
  "0000000000000000f8ffffff0c00000008000800000004000100000004000000ecffffff340000002000000018000000",
  "0102000010001200040010001100080000000c0000000000f6ffffff4000000000000600080004000d0000006672616d",
  "655f74696d655f757300aa0000004152524f5731",
);

/** Arrow's buffers begin at multiples of this. */
const alignment = 64;

/**
 * A Feather file of frame times, as ataraxis-video-system's `process` writes them: one column, `frame_time_us`, uint64, and the
 * bytes that Polars gives it.
 * @param times microseconds since 1970 UTC. @param known false where there is no time: null in the file. @default all are
 */
export function encodeFeather(times: BigUint64Array, known?: readonly boolean[]): Uint8Array {
  if (times.length === 0) return joined([schema, emptyEnd]);
  const nulls = known ? known.filter((one) => !one).length : 0;
  const validityBytes = nulls > 0 ? Math.ceil(times.length / 8) : 0;
  const dataOffset = aligned(validityBytes);
  const body = new Uint8Array(aligned(dataOffset + times.byteLength));
  if (nulls > 0) for (const [row, one] of known!.entries()) if (one) body[row >> 3]! |= 1 << (row & 7);
  const view = new DataView(body.buffer);
  for (const [row, time] of times.entries()) view.setBigUint64(dataOffset + row * 8, time, true);
  const rows = times.length;
  const message = withNumbers(batch, batchAt, {
    ...{
      body: body.length,
      rows,
      validityBytes,
      dataOffset,
      dataBytes: times.byteLength,
      nodeRows: rows,
      nulls,
    },
  });
  return joined([schema, message, body, withNumbers(footer, footerAt, { body: body.length })]);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

function withNumbers<K extends string>(
  template: Uint8Array,
  places: Readonly<Record<K, number>>,
  numbers: Readonly<Record<K, number>>,
): Uint8Array {
  const bytes = template.slice();
  const view = new DataView(bytes.buffer);
  for (const name of Object.keys(places) as K[]) view.setBigUint64(places[name], BigInt(numbers[name]), true);
  return bytes;
}

function bytesOf(...hex: readonly string[]): Uint8Array {
  return Uint8Array.from(hex.join("").match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
