import type { FrameNumber } from "../../core/frame.js";
import { columnValue } from "./columns.js";
import { changeH5File, setNumber, withH5File, writeRaw } from "./h5-data-set.js";
import { isRecorded, readCamera } from "./motif-h5.js";
import { numberBefore } from "./row.js";

// Frame numbers of Motif's HDF5 files: which they are, and other ones in their place. Only the samples of `camera` are
// written over, in the layout and with the filters that they have. Runs in the worker, as `motif-h5.ts` does.

/** Which frame a sample belongs to, by what its file says. */
export interface SampleStamp {
  readonly number: FrameNumber;
  /** The frame's; undefined if the file has no `frame_time`. */
  readonly time: number | undefined;
}

/**
 * The frames of all samples, in their order; undefined for those that were never recorded.
 * @throws {Error} if that is not in the file as Motif writes it.
 */
export function readSampleStamps(bytes: Uint8Array): Promise<(SampleStamp | undefined)[]> {
  return withH5File(bytes, (module, file) => {
    const camera = readCamera(module, file);
    const times = camera.columns.find(({ name }) => name === "frame_time")?.values;
    return Array.from({ length: camera.samples }, (_, row) => {
      if (!isRecorded(camera, row)) return undefined;
      return {
        number: columnValue(camera.numbers, row) as FrameNumber,
        time: times && Number(times[row]),
      };
    });
  });
}

/**
 * Gives samples other frame numbers. What they were stays beside them, in a data set of its own.
 * @param numbers of every sample; undefined: it keeps its own.
 * @returns the new file.
 * @throws {Error} as above, and if the file cannot hold such a number.
 */
export function renumberMotifH5(
  bytes: Uint8Array,
  numbers: readonly (FrameNumber | undefined)[],
): Promise<Uint8Array> {
  return changeH5File(bytes, (module, file) => {
    const { set, records, numbers: old, member, before } = readCamera(module, file);
    if (before === undefined) {
      if (file.get(numberBefore) !== null) throw new Error(`${numberBefore} has not one value a sample`);
      file.create_dataset({ name: numberBefore, data: old.values as BigInt64Array });
    }
    for (const [row, number] of numbers.entries()) {
      if (number !== undefined) setNumber(records, member, row * set.metadata.size + member.offset, number);
    }
    writeRaw(module, set, records);
  });
}
