import { FileFormatError } from "../core/errors.js";
import type { RankedSource } from "../core/ranked-source.js";
import type { SourceReader, SourceReaderOptions } from "../core/source-reader.js";
import { layoutOf } from "../images/array-axes.js";
import { type ArraySamples, arrayFrames } from "../images/array-frames.js";
import { FilePieces } from "../images/file-pieces.js";
import { isMat5 } from "../images/mat5.js";
import { maxPixels } from "../images/picture-size.js";
import { matAxes } from "./mat-stack/choose.js";
import { openHdf5 } from "./mat-stack/hdf5.js";
import { openLevel5 } from "./mat-stack/level5.js";

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

const hdf5Signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** MATLAB's text, and behind 512 bytes HDF5's signature. */
function isMat73(head: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(head.subarray(0, 10));
  return text === "MATLAB 7.3" && hdf5Signature.every((byte, i) => head[512 + i] === byte);
}

async function openMat(path: string, options: SourceReaderOptions): Promise<RankedSource> {
  const { samples, size } = await openSamples(path, options.key);
  try {
    const axes = options.axes ?? matAxes(samples.shape);
    const { frames, width, height } = layoutOf(samples.shape, true, axes);
    // However well it is packed, a picture takes a byte; the index of a small file is never a large one.
    if (width * height > maxPixels || frames > Math.max(size, 2 ** 20)) {
      throw new FileFormatError(
        path,
        `${frames} pictures of ${width}x${height} pixels in a file of ${size} bytes`,
      );
    }
    const rate = options.fps === undefined ? {} : { fps: options.fps };
    return arrayFrames(path, samples, { axes, color: "rgb", ...rate });
  } catch (error) {
    await samples.close();
    throw error;
  }
}

async function openSamples(
  path: string,
  key: string | undefined,
): Promise<{ samples: ArraySamples; size: number }> {
  const file = await FilePieces.open(path);
  const head = await file.readUpTo(0, 520).finally(() => file.close());
  const samples = isMat73(head) ? await openHdf5(path, key) : await openLevel5(path, key);
  return { samples, size: file.size };
}
