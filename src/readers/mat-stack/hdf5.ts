import { stat } from "node:fs/promises";
import { FileFormatError } from "../../core/errors.js";
import { type DType, dtypeBytes } from "../../core/image.js";
import type { ArraySamples } from "../../images/array-frames.js";
import type { Hdf5Dataset } from "../../images/hdf5-datasets.js";
import { Hdf5File } from "../../images/hdf5-file.js";
import { deflateRatio } from "../../images/picture-size.js";
import { chooseVariable } from "./choose.js";

/** A variable of a MAT-file of version 7.3. HDF5 names the axes from the other end. */
export async function openHdf5(path: string, key: string | undefined): Promise<ArraySamples> {
  const file = await Hdf5File.open(path);
  try {
    const variables = file.datasets.map((set) => ({
      ...set,
      shape: set.shape.toReversed(),
      dtype: dtypeOf(set),
    }));
    const { name, shape, dtype, littleEndian, rowsAtOnce } = chooseVariable(variables, key, path);
    const sampleBytes = dtypeBytes(dtype!);
    const bytes = shape.reduce((product, axis) => product * axis, sampleBytes);
    const { size } = await stat(path);
    if (bytes > size * deflateRatio) {
      const found = `${bytes} bytes in variable ${name} (${shape.join("x")} ${dtype})`;
      throw new FileFormatError(path, `${found}: more than a file of ${size} bytes can hold`);
    }
    const rowBytes = shape.slice(0, -1).reduce((product, axis) => product * axis, sampleBytes);
    const rows = new PackedRows(file, name, { rowBytes, count: shape.at(-1)!, rowsAtOnce });
    return {
      ...{ shape, dtype: dtype!, fortranOrder: true, littleEndian, key: name },
      read: (start, length) => rows.read(start, length),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function dtypeOf({ dtype, matlabClass }: Hdf5Dataset): DType | undefined {
  if (matlabClass === "char" || matlabClass === "cell") return undefined;
  return matlabClass === "logical" && dtype === "uint8" ? "bool" : dtype;
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
