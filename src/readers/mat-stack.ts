import type { RankedSource } from "../core/ranked-source.js";
import type { SourceReader, SourceReaderOptions } from "../core/source-reader.js";
import { layoutOf } from "../images/array-axes.js";
import { type ArraySamples, arrayFrames } from "../images/array-frames.js";
import { FilePieces } from "../images/file-pieces.js";
import { isHdf5At } from "../images/hdf5-signature.js";
import { isMat5 } from "../images/mat5.js";
import { checkStackSize } from "../images/picture-size.js";
import { openHdf5 } from "./mat-stack/hdf5.js";
import { openLevel5 } from "./mat-stack/level5.js";
import { matAxes } from "./mat-stack/mat-axes.js";

/**
 * Stacks of pictures in MATLAB's `.mat` files: level 5 (`save` with -v6 or -v7), and 7.3, which is HDF5. `key` names the
 * variable; without it, the only one of 3 or 4 dimensions is taken, or else the only matrix. All are read piece by
 * piece, except those that -v7 has packed: these are held in memory, up to 2 GiB.
 *
 * Axes are MATLAB's: rows, columns, frames ("hwt"), or rows, columns, colours, frames ("hwct", colours as RGB); see
 * `matAxes` for what else is guessed, and `axes` to say it.
 */
export const matStack: SourceReader = {
  name: "mat",
  kind: "array",
  matches: (head) => isMat5(head) || isMat73(head),
  open: openMat,
};

/** MATLAB's text, and behind 512 bytes HDF5's signature. */
function isMat73(head: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(head.subarray(0, 10));
  return text === "MATLAB 7.3" && isHdf5At(head, 512);
}

async function openMat(path: string, options: SourceReaderOptions): Promise<RankedSource> {
  const samples = await openSamples(path, options.key);
  try {
    const axes = options.axes ?? matAxes(samples.shape);
    await checkStackSize(path, layoutOf(samples.shape, true, axes));
    const rate = options.fps === undefined ? {} : { fps: options.fps };
    return arrayFrames(path, samples, { axes, color: "rgb", ...rate });
  } catch (error) {
    await samples.close();
    throw error;
  }
}

async function openSamples(path: string, key: string | undefined): Promise<ArraySamples> {
  const file = await FilePieces.open(path);
  const head = await file.readUpTo(0, 520).finally(() => file.close());
  return isMat73(head) ? openHdf5(path, key) : openLevel5(path, key);
}
