/** What stands at a place in a structure of C. Numbers are in the machine's own order: little-endian wherever V4L2 is used. */
export interface Field {
  readonly at: number;
  readonly kind: "i16" | "u32" | "i32" | "i64" | "u64" | "text";
  /** Of text. */
  readonly bytes?: number;
}

export const u32 = (at: number): Field => ({ at, kind: "u32" });
export const i32 = (at: number): Field => ({ at, kind: "i32" });
export const i16 = (at: number): Field => ({ at, kind: "i16" });
export const i64 = (at: number): Field => ({ at, kind: "i64" });
export const u64 = (at: number): Field => ({ at, kind: "u64" });
export const text = (at: number, bytes: number): Field => ({ at, kind: "text", bytes });

/** A structure of C as the kernel reads and writes it: where its fields lie. */
export class Struct<Name extends string> {
  /** Bytes. */
  readonly size: number;
  readonly fields: Readonly<Record<Name, Field>>;

  constructor(size: number, fields: Readonly<Record<Name, Field>>) {
    this.size = size;
    this.fields = fields;
  }

  /** One of zeros, but for what is given. Its memory does not move, so that the kernel may be handed it. */
  create(values: Partial<Record<Name, number>> = {}): Buffer {
    const bytes = Buffer.alloc(this.size);
    for (const [name, value] of Object.entries(values)) this.set(bytes, name as Name, value as number);
    return bytes;
  }

  /** Integers of 64 bits are rounded beyond 2^53. */
  get(bytes: Buffer, name: Name): number {
    const { at, kind } = this.fields[name];
    if (kind === "u32") return bytes.readUInt32LE(at);
    if (kind === "i32") return bytes.readInt32LE(at);
    if (kind === "i16") return bytes.readInt16LE(at);
    return Number(kind === "i64" ? bytes.readBigInt64LE(at) : bytes.readBigUInt64LE(at));
  }

  set(bytes: Buffer, name: Name, value: number): void {
    const { at, kind } = this.fields[name];
    if (kind === "u32") bytes.writeUInt32LE(value >>> 0, at);
    else if (kind === "i32") bytes.writeInt32LE(value, at);
    else if (kind === "i16") bytes.writeInt16LE(value, at);
    else if (kind === "i64") bytes.writeBigInt64LE(BigInt(value), at);
    else bytes.writeBigUInt64LE(BigInt(value), at);
  }

  /** A field of text, up to its first zero. */
  text(bytes: Buffer, name: Name): string {
    const { at, bytes: length = 0 } = this.fields[name];
    const field = bytes.subarray(at, at + length);
    const end = field.indexOf(0);
    return field.toString("utf8", 0, end < 0 ? length : end);
  }
}
