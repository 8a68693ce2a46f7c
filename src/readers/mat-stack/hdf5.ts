import type { DType } from "../../core/image.js";
import type { ArraySamples } from "../../images/array-frames.js";
import { chooseArray } from "../../images/choose-array.js";
import type { Hdf5Dataset } from "../../images/hdf5-datasets.js";
import { Hdf5File } from "../../images/hdf5-file.js";
import { hdf5Samples } from "../../images/hdf5-samples.js";

/** A variable of a MAT-file of version 7.3. HDF5 names the axes from the other end. */
export async function openHdf5(path: string, key: string | undefined): Promise<ArraySamples> {
  const file = await Hdf5File.open(path);
  try {
    const variables = file.datasets.map((set) => ({
      ...{ set, name: set.name, shape: set.shape.toReversed() },
      ...{ dtype: dtypeOf(set), problem: set.problem },
    }));
    const { set, dtype } = chooseArray(variables, { key, path, what: ["variable", "variables"] });
    return await hdf5Samples(file, set, { dtype: dtype!, fortranOrder: true, what: "variable" });
  } catch (error) {
    await file.close();
    throw error;
  }
}

function dtypeOf({ dtype, matlabClass }: Hdf5Dataset): DType | undefined {
  if (matlabClass === "char" || matlabClass === "cell") return undefined;
  return matlabClass === "logical" && dtype === "uint8" ? "bool" : dtype;
}
