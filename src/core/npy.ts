import { FileFormatError, UnsupportedError } from "./errors.js";
import { type AnyTypedArray, arrayOver, type DType, dtypeBytes } from "./image.js";

/** An array as NumPy sees it: C order, native byte order. */
export interface NpyArray {
  readonly dtype: DType;
  /** Lengths from the slowest to the fastest axis; `[]` for a scalar. */
  readonly shape: readonly number[];
  readonly data: AnyTypedArray;
}

/** An array of `<U` or `|S` strings, in C order. */
export interface NpyStrings {
  readonly shape: readonly number[];
  readonly data: readonly string[];
}

/** What stands before the data of an `.npy` file. */
export interface NpyHeader {
  /** NumPy's own spelling of the sample type, with its byte order: `<f8`, `|u1`, `<U12`, `|O`. */
  readonly descr: string;
  /** Undefined where it is no numeric type: strings, objects, records, dates. */
  readonly dtype: DType | undefined;
  readonly shape: readonly number[];
  /** The first axis runs fastest. */
  readonly fortranOrder: boolean;
  readonly littleEndian: boolean;
  /** Bytes one sample takes in the file; 0 where unknown. */
  readonly itemBytes: number;
  /** Bytes from the start of the file to the first sample. */
  readonly dataOffset: number;
}

const dtypeOfCode = new Map<string, DType>([
  ["b1", "bool"],
  ["u1", "uint8"],
  ["i1", "int8"],
  ["u2", "uint16"],
  ["i2", "int16"],
  ["u4", "uint32"],
  ["i4", "int32"],
  ["u8", "uint64"],
  ["i8", "int64"],
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
  ["c8", "complex64"],
  ["c16", "complex128"],
]);
const codeOfDType = new Map([...dtypeOfCode].map(([code, dtype]) => [dtype, code]));

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
const hostIsLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Longest header that is read, in bytes; NumPy refuses anything beyond 10,000 that it did not write itself. */
const longestHeader = 1 << 20;

/**
 * Reads the header of an `.npy` file, versions 1 to 3. The first few hundred bytes of the file are enough.
 * @throws {FileFormatError} if it is none, or `bytes` ends within the header.
 */
export function readNpyHeader(bytes: Uint8Array, path = "npy"): NpyHeader {
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) {
    throw new FileFormatError(path, "not an npy file");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw new FileFormatError(path, `unknown npy version ${version}`);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw new FileFormatError(path, "ends within its npy header");
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > longestHeader || start + length > bytes.length) {
    throw new FileFormatError(path, `ends within its npy header of ${length} bytes`);
  }
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(
    bytes.subarray(start, start + length),
  );
  const fields = parseHeader(text, path);
  return { ...fields, ...readNpyDescr(fields.descr), dataOffset: start + length };
}

/** One `'key': value` of the Python dictionary that the header is. */
const headerEntry =
  /\s*(?:'(\w+)'|"(\w+)")\s*:\s*('[^']*'|"[^"]*"|True|False|\([^()]*\)|\[.*\])\s*(?:,|(?=\}))/sy;

function parseHeader(text: string, path: string): Pick<NpyHeader, "descr" | "shape" | "fortranOrder"> {
  const body = text.trim();
  const fields = new Map<string, string>();
  headerEntry.lastIndex = 1;
  let end = 1;
  for (let match = headerEntry.exec(body); match; match = headerEntry.exec(body)) {
    fields.set((match[1] ?? match[2])!, match[3]!);
    end = headerEntry.lastIndex;
  }
  const [descr, order, shape] = ["descr", "fortran_order", "shape"].map((key) => fields.get(key));
  const whole = body.startsWith("{") && body.slice(end).trim() === "}";
  if (!whole || descr === undefined || !shape?.startsWith("(") || (order !== "True" && order !== "False")) {
    throw new FileFormatError(path, `unreadable npy header: ${body.slice(0, 120)}`);
  }
  const lengths = shape.slice(1, -1).split(",");
  if (lengths.at(-1)!.trim() === "") lengths.pop();
  // Python 2 wrote long integers with an L.
  const axes = lengths.map((axis) => (/^\s*\d+L?\s*$/.test(axis) ? Number.parseInt(axis, 10) : Number.NaN));
  if (!axes.every(Number.isSafeInteger)) throw new FileFormatError(path, `impossible npy shape ${shape}`);
  return {
    descr: descr.startsWith("[") ? descr : descr.slice(1, -1),
    shape: axes,
    fortranOrder: order === "True",
  };
}

/** What NumPy's spelling of a sample type means: "<f8", "|u1". */
export function readNpyDescr(descr: string): Pick<NpyHeader, "dtype" | "littleEndian" | "itemBytes"> {
  const [, order, kind, size] = /^([<>|=]?)([a-zA-Z?])(\d*)$/.exec(descr) ?? [];
  const dtype = dtypeOfCode.get(`${kind}${size}`);
  const itemBytes = dtype ? dtypeBytes(dtype) : Number(size ?? 0) * (kind === "U" ? 4 : kind === "S" ? 1 : 0);
  return { dtype, littleEndian: order === ">" ? false : order === "<" || hostIsLittle, itemBytes };
}

/**
 * Reads an `.npy` file of numbers. Fortran order is turned into C order, foreign byte order into the machine's.
 * @returns an array that may share memory with `bytes`.
 * @throws {FileFormatError} if it is no npy file, or shorter than its shape says.
 * @throws {UnsupportedError} for strings (see `decodeNpyStrings`), pickled objects, records and dates.
 */
export function decodeNpy(bytes: Uint8Array, path = "npy"): NpyArray {
  const header = readNpyHeader(bytes, path);
  const { dtype, shape } = header;
  if (dtype === undefined) {
    throw new UnsupportedError("npy dtype", `${header.descr} in ${path}`, [...codeOfDType.keys()]);
  }
  const body = dataBytes(bytes, header, path);
  const elementBytes = arrayOver(dtype, new ArrayBuffer(0), 0, 0).BYTES_PER_ELEMENT;
  const swap = elementBytes > 1 && header.littleEndian !== hostIsLittle;
  const aligned = body.byteOffset % elementBytes === 0;
  // Not slice(): that of a Node Buffer copies nothing.
  const own = swap || !aligned ? new Uint8Array(body) : body;
  if (swap) reverseEach(own, elementBytes);
  const data = arrayOver(dtype, own.buffer, own.byteOffset, own.byteLength);
  return {
    dtype,
    shape,
    data: header.fortranOrder && shape.length > 1 ? toCOrder(data, shape, header.itemBytes) : data,
  };
}

/**
 * Reads an `.npy` file of `<U` or `|S` strings; bytes are taken as Latin-1, trailing zeros are dropped as in NumPy.
 * @throws {FileFormatError} if it is no npy file, or shorter than its shape says.
 * @throws {UnsupportedError} if it holds anything else.
 */
export function decodeNpyStrings(bytes: Uint8Array, path = "npy"): NpyStrings {
  const header = readNpyHeader(bytes, path);
  const [kind] = /[US]/.exec(header.descr) ?? [];
  if (kind === undefined || header.descr.startsWith("[") || header.fortranOrder) {
    throw new UnsupportedError("npy strings", `${header.descr} in ${path}`, ["<U", "|S"]);
  }
  const body = dataBytes(bytes, header, path);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const unit = kind === "U" ? 4 : 1;
  const count = header.shape.reduce((product, axis) => product * axis, 1);
  const data: string[] = [];
  for (let i = 0; i < count; i++) {
    const points: number[] = [];
    for (let at = i * header.itemBytes; at < (i + 1) * header.itemBytes; at += unit) {
      points.push(unit === 4 ? view.getUint32(at, header.littleEndian) : view.getUint8(at));
    }
    while (points.at(-1) === 0) points.pop();
    if (points.some((point) => point > 0x10ffff)) throw new FileFormatError(path, "holds no valid text");
    data.push(points.map((point) => String.fromCodePoint(point)).join(""));
  }
  return { shape: header.shape, data };
}

/** The bytes of the samples, once the file is known to hold as many as its header says. */
function dataBytes(bytes: Uint8Array, header: NpyHeader, path: string): Uint8Array {
  const count = header.shape.reduce((product, axis) => product * axis, 1);
  const needed = count * header.itemBytes;
  const found = bytes.length - header.dataOffset;
  // The count alone is limited too: a million empty strings would need no byte of data.
  if (needed > found || (count > found && header.itemBytes === 0)) {
    const shape = header.shape.join("x") || "scalar";
    throw new FileFormatError(
      path,
      `holds ${found} bytes of data, but ${shape} ${header.descr} needs ${needed}`,
    );
  }
  return bytes.subarray(header.dataOffset, header.dataOffset + needed);
}

function reverseEach(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** Rearranges samples whose first axis runs fastest into C order, where the last one does. */
function toCOrder(data: AnyTypedArray, shape: readonly number[], itemBytes: number): AnyTypedArray {
  const out = data.slice();
  const elements = itemBytes / data.BYTES_PER_ELEMENT; // 2 for complex numbers
  const strides: number[] = [];
  let stride = elements;
  for (const axis of shape) {
    strides.push(stride);
    stride *= axis;
  }
  const position = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to += elements) {
    for (let e = 0; e < elements; e++) out[to + e] = data[from + e]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++position[axis]! < shape[axis]!) break;
      position[axis] = 0;
      from -= strides[axis]! * shape[axis]!;
    }
  }
  return out;
}

/** NumPy's spelling of a sample type in the machine's byte order: "<f8", "|u1". */
export function npyDescr(dtype: DType): string {
  const order = dtypeBytes(dtype) === 1 ? "|" : hostIsLittle ? "<" : ">";
  return `${order}${codeOfDType.get(dtype)}`;
}

/** What `np.save` writes before the samples: to the byte, and a multiple of 64 bytes long. */
export function encodeNpyHeader(dtype: DType, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${npyDescr(dtype)}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // NumPy leaves room for the first axis to grow to 21 digits, so that a file can be appended to in place.
  const growth = shape.length > 0 ? Math.max(0, 21 - String(shape[0]).length) : 0;
  return encodeHeader(text, growth);
}

/** @param growth bytes that the dictionary may still need. */
function encodeHeader(text: string, growth: number): Uint8Array {
  const total = Math.ceil((10 + text.length + growth + 1) / 64) * 64;
  const header = new Uint8Array(total).fill(0x20);
  header.set([...magic, 1, 0, (total - 10) & 0xff, (total - 10) >> 8]);
  header.set(new TextEncoder().encode(text), 10);
  header[total - 1] = 0x0a;
  return header;
}

/**
 * The `.npy` file that `np.save` would write for that array.
 * @throws {RangeError} if the data is not as long as the shape says.
 */
export function encodeNpy({ dtype, shape, data }: NpyArray): Uint8Array {
  const needed = shape.reduce((product, axis) => product * axis, dtypeBytes(dtype));
  if (data.byteLength !== needed) {
    throw new RangeError(
      `${dtype} of shape (${shape.join(", ")}) is ${needed} bytes, got ${data.byteLength}`,
    );
  }
  const header = encodeNpyHeader(dtype, shape);
  const file = new Uint8Array(header.length + needed);
  file.set(header);
  file.set(new Uint8Array(data.buffer, data.byteOffset, needed), header.length);
  return file;
}

/** The `.npy` file of one string: an array without axes, as NumPy writes it (UCS-4). */
export function encodeNpyString(text: string): Uint8Array {
  const codes = Uint32Array.from([...text], (character) => character.codePointAt(0)!);
  // NumPy has no strings of no length.
  const length = Math.max(1, codes.length);
  const dictionary = `{'descr': '${hostIsLittle ? "<" : ">"}U${length}', 'fortran_order': False, 'shape': (), }`;
  const header = encodeHeader(dictionary, 0);
  const file = new Uint8Array(header.length + length * 4);
  file.set(header);
  file.set(new Uint8Array(codes.buffer), header.length);
  return file;
}
