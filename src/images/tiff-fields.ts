import { hostIsLittle } from "./sample-order.js";

/** An entry of a TIFF directory. `offset` is as wide as the file counts. */
export type TiffField =
  | {
      readonly tag: number;
      readonly type: "short" | "long" | "offset";
      readonly values: readonly number[];
    }
  | { readonly tag: number; readonly type: "ascii"; readonly text: string };

export interface DirectoryPlace {
  /** Where in the file it will lie. */
  readonly at: number;
  /** BigTIFF. */
  readonly big: boolean;
  /** False: the next directory follows right behind this one. */
  readonly isLast: boolean;
}

/** TIFF's numbers of the types, and their bytes. */
const types = {
  ascii: { number: 2, bytes: 1 },
  short: { number: 3, bytes: 2 },
  long: { number: 4, bytes: 4 },
  long8: { number: 16, bytes: 8 },
} as const;

/**
 * A directory, and behind it the values that are too long for their entry; in the machine's byte order. A multiple of
 * two bytes long, as TIFF wants directories to begin.
 * @param fields in ascending order of their tags.
 */
export function directoryBytes(
  fields: readonly TiffField[],
  { at, big, isLast }: DirectoryPlace,
): Uint8Array {
  const word = big ? 8 : 4;
  const entryBytes = big ? 20 : 12;
  const countBytes = big ? 8 : 2;
  const bodies = fields.map((field) => bodyOf(field, big));
  const head = countBytes + fields.length * entryBytes + word;
  const extra = bodies.reduce((sum, { bytes }) => sum + (bytes.length > word ? even(bytes.length) : 0), 0);
  const out = new Uint8Array(even(head) + extra);
  const view = new DataView(out.buffer);
  const setWord = (place: number, value: number): void => {
    if (big) view.setBigUint64(place, BigInt(value), hostIsLittle);
    else view.setUint32(place, value, hostIsLittle);
  };
  if (big) view.setBigUint64(0, BigInt(fields.length), hostIsLittle);
  else view.setUint16(0, fields.length, hostIsLittle);
  let free = even(head);
  for (const [i, { tag }] of fields.entries()) {
    const place = countBytes + i * entryBytes;
    const { number, count, bytes } = bodies[i]!;
    view.setUint16(place, tag, hostIsLittle);
    view.setUint16(place + 2, number, hostIsLittle);
    setWord(place + 4, count);
    if (bytes.length <= word) {
      out.set(bytes, place + 4 + word);
    } else {
      setWord(place + 4 + word, at + free);
      out.set(bytes, free);
      free += even(bytes.length);
    }
  }
  setWord(head - word, isLast ? 0 : at + out.length);
  return out;
}

function even(length: number): number {
  return length + (length & 1);
}

function bodyOf(field: TiffField, big: boolean): { number: number; count: number; bytes: Uint8Array } {
  if (field.type === "ascii") {
    const bytes = new TextEncoder().encode(`${field.text}\0`);
    return { number: types.ascii.number, count: bytes.length, bytes };
  }
  const { values } = field;
  const kind = types[field.type === "offset" ? (big ? "long8" : "long") : field.type];
  const view = new DataView(new ArrayBuffer(values.length * kind.bytes));
  for (const [i, value] of values.entries()) {
    if (kind.bytes === 2) view.setUint16(i * 2, value, hostIsLittle);
    else if (kind.bytes === 4) view.setUint32(i * 4, value, hostIsLittle);
    else view.setBigUint64(i * 8, BigInt(value), hostIsLittle);
  }
  return { number: kind.number, count: values.length, bytes: new Uint8Array(view.buffer) };
}
