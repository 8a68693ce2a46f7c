// A pickle is a program that makes objects, and running one that somebody else wrote means doing what he wants. This reads
// the values in it and calls nothing: what a pickle would make by a call is kept as the call.
// Opcodes: https://github.com/python/cpython/blob/3.11/Lib/pickletools.py

/** What would have been called, and with what. */
export class PickledCall {
  readonly name: string;
  readonly args: readonly unknown[];
  /** What the object was to be given afterwards. */
  state: unknown;

  constructor(name: string, args: readonly unknown[]) {
    this.name = name;
    this.args = args;
  }
}

/** A class or function by its name. */
class PickledName {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const [mark, nothing] = [Symbol("mark"), Symbol("nothing")];

/**
 * The value of a pickle, protocols 2 to 5: numbers, text, bytes, lists (tuples and sets, too), maps and calls.
 * @throws {Error} if it is none, ends too early, or has something else in it.
 */
export function readPickle(bytes: Uint8Array): unknown {
  return new PickleReader(bytes).run();
}

class PickleReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #memo = new Map<number, unknown>();
  readonly #stack: unknown[] = [];
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): unknown {
    for (;;) {
      const opcode = this.#u8();
      if (opcode === 0x2e) return this.#pop();
      const value = this.#valueOf(opcode);
      if (value !== nothing) this.#stack.push(value);
    }
  }

  /** What an opcode puts on the stack, or `nothing`. */
  #valueOf(opcode: number): unknown {
    switch (opcode) {
      case 0x80: // PROTO
        this.#skip(1);
        return nothing;
      case 0x95: // FRAME
        this.#skip(8);
        return nothing;
      case 0x28:
        return mark;
      case 0x30: // POP
        this.#stack.pop();
        return nothing;
      case 0x31: // POP_MARK
        this.#sinceMark();
        return nothing;
      case 0x32: // DUP
        return this.#top();
      case 0x4e: // NONE
        return null;
      case 0x88:
        return true;
      case 0x89:
        return false;
      case 0x4b: // BININT1
        return this.#u8();
      case 0x4d: // BININT2
        return this.#number(2, (at) => this.#view.getUint16(at, true));
      case 0x4a: // BININT
        return this.#number(4, (at) => this.#view.getInt32(at, true));
      case 0x8a: // LONG1
        return long(this.#take(this.#u8()));
      case 0x47: // BINFLOAT
        return this.#number(8, (at) => this.#view.getFloat64(at, false));
      case 0x8c: // SHORT_BINUNICODE
        return this.#text(this.#u8());
      case 0x58: // BINUNICODE
        return this.#text(this.#u32());
      case 0x8d: // BINUNICODE8
        return this.#text(this.#u64());
      case 0x55: // SHORT_BINSTRING
      case 0x43: // SHORT_BINBYTES
        return this.#take(this.#u8());
      case 0x54: // BINSTRING
      case 0x42: // BINBYTES
        return this.#take(this.#u32());
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#take(this.#u64());
      case 0x7d: // EMPTY_DICT
        return new Map();
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
      case 0x8f: // EMPTY_SET
        return [];
      case 0x74: // TUPLE
      case 0x6c: // LIST
      case 0x91: // FROZENSET
        return this.#sinceMark();
      case 0x85: // TUPLE1 to TUPLE3
      case 0x86:
      case 0x87:
        return Array.from({ length: opcode - 0x84 }, () => this.#pop()).reverse();
      case 0x61: // APPEND
        this.#append([this.#pop()]);
        return nothing;
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        this.#append(this.#sinceMark());
        return nothing;
      case 0x73: // SETITEM
        this.#set([this.#pop(), this.#pop()].reverse());
        return nothing;
      case 0x75: // SETITEMS
        this.#set(this.#sinceMark());
        return nothing;
      case 0x71: // BINPUT
        this.#memo.set(this.#u8(), this.#top());
        return nothing;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#u32(), this.#top());
        return nothing;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return nothing;
      case 0x68: // BINGET
        return this.#memo.get(this.#u8());
      case 0x6a: // LONG_BINGET
        return this.#memo.get(this.#u32());
      case 0x63: // GLOBAL
        return new PickledName(`${this.#line()}.${this.#line()}`);
      case 0x93: // STACK_GLOBAL
        return new PickledName([this.#pop(), this.#pop()].reverse().join("."));
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        return this.#call();
      case 0x62: // BUILD
        this.#build();
        return nothing;
      default:
        throw new Error(`an opcode 0x${opcode.toString(16)} in its pickle, which is not read here`);
    }
  }

  #call(): PickledCall {
    const args = this.#pop();
    const name = this.#pop();
    if (!(name instanceof PickledName) || !Array.isArray(args))
      throw new Error("a pickle that calls no name");
    return new PickledCall(name.name, args);
  }

  #build(): void {
    const state = this.#pop();
    const made = this.#top();
    if (made instanceof PickledCall) made.state = state;
  }

  #append(values: readonly unknown[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw new Error("a pickle that appends to no list");
    for (const value of values) list.push(value);
  }

  #set(pairs: readonly unknown[]): void {
    const map = this.#top();
    // Dictionaries of other kinds hold nothing that is looked for.
    if (!(map instanceof Map)) return;
    for (let i = 0; i + 1 < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1]);
  }

  #sinceMark(): unknown[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw new Error("a pickle without the mark that it needs");
    const values = this.#stack.splice(at);
    return values.slice(1);
  }

  #top(): unknown {
    return this.#stack.at(-1);
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw new Error("a pickle that takes what is not there");
    return this.#stack.pop();
  }

  #skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): Uint8Array {
    const start = this.#at;
    if (!(start + length <= this.#bytes.length)) throw new Error("a pickle that ends too early");
    this.#at += length;
    return this.#bytes.subarray(start, start + length);
  }

  #number(length: number, read: (at: number) => number): number {
    const at = this.#at;
    this.#skip(length);
    return read(at);
  }

  #u8(): number {
    return this.#number(1, (at) => this.#view.getUint8(at));
  }

  #u32(): number {
    return this.#number(4, (at) => this.#view.getUint32(at, true));
  }

  #u64(): number {
    return this.#number(8, (at) => Number(this.#view.getBigUint64(at, true)));
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#take(length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new Error("a pickle that ends too early");
    const line = this.#text(end - this.#at);
    this.#at = end + 1;
    return line;
  }
}

/** Two's complement, the lowest byte first. */
function long(bytes: Uint8Array): number {
  const unsigned = bytes.reduceRight((sum, value) => (sum << 8n) | BigInt(value), 0n);
  return Number(BigInt.asIntN(bytes.length * 8, unsigned));
}
