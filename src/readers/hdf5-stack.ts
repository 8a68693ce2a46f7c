import type { RankedSource } from "../core/ranked-source.js";
import type { SourceReader, SourceReaderOptions } from "../core/source-reader.js";
import { guessAxes, layoutOf } from "../images/array-axes.js";
import { arrayFrames } from "../images/array-frames.js";
import { chooseArray } from "../images/choose-array.js";
import { Hdf5File } from "../images/hdf5-file.js";
import { hdf5Stamps } from "../images/hdf5-rows.js";
import { hdf5Samples } from "../images/hdf5-samples.js";
import { isHdf5 } from "../images/hdf5-signature.js";
import { checkStackSize } from "../images/picture-size.js";

/**
 * Stacks of pictures in HDF5 files of any program (h5py, NWB, Suite2p, Ilastik …). `key` names the data set by its path,
 * "acquisition/video"; without it, the only one of 3 or 4 axes is taken, or else the only one of 2. Integers, floats
 * and h5py's booleans; plain, or in chunks behind deflate, shuffle and Fletcher-32. Read piece by piece.
 *
 * Axes are guessed as for NumPy's arrays (see `guessAxes`), slowest first, which is how h5py has them; `axes` says it.
 * Where data sets `frame_time` (seconds) and `frame_number` lie beside it, with a value for each frame, they count.
 */
export const hdf5Stack: SourceReader = {
  name: "hdf5",
  kind: "array",
  matches: isHdf5,
  open: openHdf5,
};

async function openHdf5(path: string, { key, axes, fps }: SourceReaderOptions): Promise<RankedSource> {
  const file = await Hdf5File.open(path);
  try {
    const set = chooseArray(file.datasets, {
      ...{ key: key?.replace(/^\/+/, ""), path, what: ["data set", "data sets"] },
    });
    const samples = await hdf5Samples(file, set, { dtype: set.dtype! });
    const letters = axes ?? guessAxes(set.shape, path);
    const layout = layoutOf(set.shape, false, letters);
    await checkStackSize(path, layout);
    const index = await hdf5Stamps(file, set, layout.frames);
    return arrayFrames(path, samples, {
      ...{ axes: letters, ...(fps !== undefined && { fps }) },
      ...(index && { index }),
    });
  } catch (error) {
    await file.close();
    throw error;
  }
}
