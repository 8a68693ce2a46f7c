import { FileFormatError } from "../core/errors.js";

// FlatBuffers, as far as Arrow's messages use them: a table begins with how far before it the list of its fields is, which
// says for each field how far behind the table's beginning it lies. https://flatbuffers.dev/internals/
// Every place is looked at before it is read: whatever a file says, nothing is read or allocated beyond its bytes.

/** A table in a buffer of FlatBuffers, whose fields are known by their place in the schema. */
export class FlatTable {
  readonly #view: DataView;
  readonly #path: string;
  readonly #at: number;
  readonly #fields: number;
  readonly #fieldBytes: number;

  private constructor(view: DataView, at: number, path: string) {
    this.#view = view;
    this.#path = path;
    this.#at = this.#need(at, 4);
    this.#fields = this.#need(at - view.getInt32(at, true), 4);
    this.#fieldBytes = view.getUint16(this.#fields, true);
    this.#need(this.#fields, this.#fieldBytes);
  }

  /** The table that a buffer begins with. @throws {FileFormatError} if there is none. */
  static root(bytes: Uint8Array, path: string): FlatTable {
    if (bytes.length < 8) throw damaged(path);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true), path);
  }

  /** Where a field lies; undefined if it is left out. */
  #place(field: number, bytes: number): number | undefined {
    const entry = 4 + 2 * field;
    const offset = entry + 2 <= this.#fieldBytes ? this.#view.getUint16(this.#fields + entry, true) : 0;
    return offset === 0 ? undefined : this.#need(this.#at + offset, bytes);
  }

  #need(at: number, bytes: number): number {
    if (at >= 0 && bytes >= 0 && at + bytes <= this.#view.byteLength) return at;
    throw damaged(this.#path);
  }

  has(field: number): boolean {
    return this.#place(field, 0) !== undefined;
  }

  byte(field: number): number {
    const at = this.#place(field, 1);
    return at === undefined ? 0 : this.#view.getUint8(at);
  }

  int(field: number): number {
    const at = this.#place(field, 4);
    return at === undefined ? 0 : this.#view.getInt32(at, true);
  }

  /** A number of 64 bits. @throws {FileFormatError} if it is no place or length in any file. */
  long(field: number): number {
    const at = this.#place(field, 8);
    return at === undefined ? 0 : this.#longAt(at);
  }

  #longAt(at: number): number {
    const value = Number(this.#view.getBigInt64(at, true));
    if (value >= 0 && Number.isSafeInteger(value)) return value;
    throw damaged(this.#path);
  }

  #target(field: number): number | undefined {
    const at = this.#place(field, 4);
    return at === undefined ? undefined : at + this.#view.getUint32(at, true);
  }

  table(field: number): FlatTable | undefined {
    const at = this.#target(field);
    return at === undefined ? undefined : new FlatTable(this.#view, at, this.#path);
  }

  text(field: number): string {
    const { start, count } = this.#list(field, 1);
    return new TextDecoder().decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, count));
  }

  tables(field: number): FlatTable[] {
    const { start, count } = this.#list(field, 4);
    return Array.from({ length: count }, (_, at) => {
      const place = start + 4 * at;
      return new FlatTable(this.#view, place + this.#view.getUint32(place, true), this.#path);
    });
  }

  /** A list of records of `bytes` each, of which the numbers of 64 bits at `places` are read. */
  records(field: number, bytes: number, places: readonly number[]): number[][] {
    const { start, count } = this.#list(field, bytes);
    return Array.from({ length: count }, (_, at) =>
      places.map((place) => this.#longAt(start + at * bytes + place)),
    );
  }

  /** A list that is there with all its members, however many it claims. */
  #list(field: number, bytes: number): { readonly start: number; readonly count: number } {
    const at = this.#target(field);
    if (at === undefined) return { start: 0, count: 0 };
    const count = this.#view.getUint32(this.#need(at, 4), true);
    return { start: this.#need(at + 4, count * bytes), count };
  }
}

function damaged(path: string): FileFormatError {
  return new FileFormatError(path, "damaged: its tables point to where nothing is");
}
