import { stat } from "node:fs/promises";
import { FileFormatError } from "../core/errors.js";
import { type DType, dtypeBytes } from "../core/image.js";
import type { ArraySamples } from "./array-frames.js";
import type { Hdf5Dataset } from "./hdf5-datasets.js";
import type { Hdf5File } from "./hdf5-file.js";
import { deflateRatio } from "./picture-size.js";

/** How a data set is taken, where that is not as it says itself. */
export interface Hdf5View {
  readonly dtype: DType;
  /** The axes are named from the other end, the first is the fastest: MATLAB's. @default false */
  readonly fortranOrder?: boolean;
  /** For errors. @default "data set" */
  readonly what?: string;
}

/**
 * A data set as samples that are read piece by piece. They close the file.
 * @throws {FileFormatError} if it claims more bytes than its file can hold.
 */
export async function hdf5Samples(
  file: Hdf5File,
  set: Hdf5Dataset,
  { dtype, fortranOrder = false, what = "data set" }: Hdf5View,
): Promise<ArraySamples> {
  const { name, rowsAtOnce } = set;
  const shape = fortranOrder ? set.shape.toReversed() : set.shape;
  const sampleBytes = dtypeBytes(dtype);
  const bytes = shape.reduce((product, axis) => product * axis, sampleBytes);
  const { size } = await stat(file.path);
  if (bytes > size * deflateRatio) {
    const found = `${bytes} bytes in ${what} ${name} (${shape.join("x")} ${dtype})`;
    throw new FileFormatError(file.path, `${found}: more than a file of ${size} bytes can hold`);
  }
  const [count = 1, ...row] = set.shape;
  const rowBytes = row.reduce((product, axis) => product * axis, sampleBytes);
  const rows = new PackedRows(file, name, { rowBytes, count, rowsAtOnce });
  return {
    ...{ shape, dtype, fortranOrder, littleEndian: true, key: name },
    read: (start, length) => rows.read(start, length),
    close: () => file.close(),
  };
}

/** Rows that were unpacked together and are kept, and most bytes of them. */
const [keptGroups, groupBytes] = [2, 2 ** 26];

interface RowLayout {
  /** Bytes of a step of the slowest axis. */
  readonly rowBytes: number;
  readonly count: number;
  /** Steps that are packed together. */
  readonly rowsAtOnce: number;
}

/** Rows are read as they are packed, so that nothing is unpacked for each of its rows again. */
class PackedRows {
  readonly #file: Hdf5File;
  readonly #name: string;
  readonly #layout: RowLayout;
  readonly #atOnce: number;
  readonly #groups = new Map<number, Promise<Uint8Array>>();

  constructor(file: Hdf5File, name: string, layout: RowLayout) {
    this.#file = file;
    this.#name = name;
    this.#layout = layout;
    const { rowsAtOnce, rowBytes } = layout;
    this.#atOnce = rowsAtOnce * rowBytes <= groupBytes ? rowsAtOnce : 1;
  }

  /** Bytes [start, start + length) of the samples, in a buffer of their own. */
  async read(start: number, length: number): Promise<Uint8Array> {
    const out = new Uint8Array(length);
    const bytes = this.#layout.rowBytes * this.#atOnce;
    for (let done = 0; done < length; ) {
      const group = Math.floor((start + done) / bytes);
      const within = start + done - group * bytes;
      const piece = (await this.#group(group)).subarray(within, within + length - done);
      if (piece.length === 0) throw new FileFormatError(this.#file.path, `${this.#name} ends too early`);
      out.set(piece, done);
      done += piece.length;
    }
    return out;
  }

  async #group(group: number): Promise<Uint8Array> {
    const kept = this.#groups.get(group);
    if (kept) return await kept;
    const first = group * this.#atOnce;
    const reading = this.#file.rows(this.#name, first, Math.min(this.#atOnce, this.#layout.count - first));
    this.#groups.set(group, reading);
    if (this.#groups.size > keptGroups) this.#groups.delete(this.#groups.keys().next().value!);
    reading.catch(() => this.#groups.delete(group));
    return await reading;
  }
}
