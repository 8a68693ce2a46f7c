import { FileFormatError } from "../core/errors.js";
import { stampsOfFile } from "../core/stamp-file.js";
import type { StampFileOptions } from "../core/stamp-table.js";
import { stampedSource } from "../core/stamped-source.js";
import type { SeekableSource } from "../core/stream.js";
import { FilePieces } from "./file-pieces.js";
import { isHdf5 } from "./hdf5-signature.js";

/** Where the times of frames are written down. */
export interface TimestampsFile extends StampFileOptions {
  readonly path: string;
  /**
   * Take it if it has fewer or more times than there are frames, too: the first is the first frame's. Frames behind the
   * last have no time. @default false: that is an error
   */
  readonly allowMissing?: boolean;
}

/** Longest file of times that is read, in bytes. */
const longestTimestamps = 2 ** 29;

/**
 * A source with the times of a file beside it; see `stampsOfFile` and `stampedSource`. An HDF5 file is taken as an `.npz` of
 * its data sets of one axis, each called by its path.
 * @throws {FileFormatError} if the file is none of times, or has not as many as there are frames.
 */
export async function withTimestamps(
  source: SeekableSource,
  timestamps: string | TimestampsFile,
): Promise<SeekableSource> {
  const { path, allowMissing, ...options } =
    typeof timestamps === "string" ? { path: timestamps } : timestamps;
  const file = await FilePieces.open(path);
  const read = async (): Promise<Uint8Array> => {
    if (isHdf5(await file.readUpTo(0, 4096))) {
      const { hdf5RowsAsNpz } = await import("./hdf5-rows.js");
      return await hdf5RowsAsNpz(
        path,
        options.column === undefined ? undefined : String(options.column).replace(/^\/+/, ""),
      );
    }
    if (file.size > longestTimestamps) {
      throw new FileFormatError(path, `${file.size} bytes of times; at most ${longestTimestamps} are read`);
    }
    return await file.read(0, file.size);
  };
  const columns = stampsOfFile(await read().finally(() => file.close()), path, options);
  return stampedSource(source, columns, { path, ...(allowMissing !== undefined && { allowMissing }) });
}
