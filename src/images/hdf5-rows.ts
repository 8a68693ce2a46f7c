import { stat } from "node:fs/promises";
import type { ColumnIndex } from "../core/column-index.js";
import { FileFormatError } from "../core/errors.js";
import { type AnyTypedArray, dtypeBytes } from "../core/image.js";
import { encodeNpz } from "../core/npz.js";
import { isStampRow, rowValues, stampIndex, stampNames } from "./array-stamps.js";
import type { Hdf5Dataset } from "./hdf5-datasets.js";
import { Hdf5File } from "./hdf5-file.js";
import { deflateRatio } from "./picture-size.js";

/** Most values of a row that are read: the frames of ten days at 100 a second. */
const longestRow = 2 ** 27;

/** All values of a data set of one axis. @throws {FileFormatError} if it claims more than its file can hold. */
async function hdf5Row(file: Hdf5File, set: Hdf5Dataset): Promise<AnyTypedArray> {
  const { name, dtype, shape } = set;
  const [count = 0] = shape;
  const { size } = await stat(file.path);
  const bytes = count * dtypeBytes(dtype!);
  if (count > longestRow || bytes > size * deflateRatio) {
    throw new FileFormatError(
      file.path,
      `${count} values in ${name}: more than a file of ${size} bytes can hold`,
    );
  }
  return rowValues({ dtype: dtype!, littleEndian: true }, await file.rows(name, 0, count));
}

/** When the frames of a data set were, if `frame_time` lies beside it with a time for each; and `frame_number`. */
export async function hdf5Stamps(
  file: Hdf5File,
  { name }: Hdf5Dataset,
  frames: number,
): Promise<ColumnIndex | undefined> {
  const group = name.slice(0, name.lastIndexOf("/") + 1);
  const beside = (row: string): Hdf5Dataset | undefined =>
    file.datasets.find((set) => {
      const { dtype, shape } = set;
      return set.name === group + row && dtype && isStampRow({ dtype, shape }, frames);
    });
  const [times, numbers] = [beside(stampNames.times), beside(stampNames.numbers)];
  if (times === undefined) return undefined;
  return stampIndex(await hdf5Row(file, times), numbers && (await hdf5Row(file, numbers)));
}

/**
 * The rows of numbers in an HDF5 file as an `.npz`.
 * @param name the only one that is wanted. @default all
 */
export async function hdf5RowsAsNpz(path: string, name?: string): Promise<Uint8Array> {
  const file = await Hdf5File.open(path);
  try {
    const isWanted = ({ dtype, shape, name: own }: Hdf5Dataset): boolean =>
      dtype !== undefined && shape.length === 1 && (name === undefined || own === name);
    const arrays: Record<string, Parameters<typeof encodeNpz>[0][string]> = {};
    for (const set of file.datasets.filter(isWanted)) {
      const { dtype, shape } = set;
      arrays[set.name] = { dtype: dtype!, shape, data: await hdf5Row(file, set) };
    }
    return encodeNpz(arrays);
  } finally {
    await file.close();
  }
}
