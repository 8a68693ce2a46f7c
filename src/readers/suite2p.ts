import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { ColumnIndex } from "../core/column-index.js";
import { FileFormatError } from "../core/errors.js";
import { arrayOver, type ImageInfo } from "../core/image.js";
import { RankedSource } from "../core/ranked-source.js";
import type { SourceReader, SourceReaderOptions } from "../core/source-reader.js";
import { FilePieces } from "../images/file-pieces.js";
import { checkPictureSize } from "../images/picture-size.js";
import { hostIsLittle, swapBytes } from "../images/sample-order.js";
import { opsPath, readOps } from "./suite2p/ops.js";

/**
 * Suite2p's binaries (`data.bin`, `data_raw.bin`, `data_chan2.bin`): bare int16 samples, frame by frame. What they are
 * stands in the `ops.npy` beside them (Ly, Lx, nframes, fs), a pickle of which the values are read and nothing is run;
 * `size` and `fps` say it where there is none, and win where there is one.
 *
 * Layout: Suite2p's `suite2p/io/binary.py`.
 */
export const suite2p: SourceReader = {
  name: "suite2p",
  kind: "recording",
  async matches(_, path) {
    if (!/\.bin$/i.test(path)) return false;
    if (/^data(_raw|_chan2)*\.bin$/i.test(basename(path))) return true;
    return stat(opsPath(path)).then(
      (found) => found.isFile(),
      () => false,
    );
  },
  open: (path, options) => FilePieces.with(path, (file) => openBinary(file, options)),
};

async function openBinary(file: FilePieces, options: SourceReaderOptions): Promise<RankedSource> {
  const { path } = file;
  const ops = await readOps(opsPath(path)).catch((error: FileFormatError) => {
    if (options.size === undefined) throw error;
    return undefined;
  });
  const size = options.size ?? ops;
  if (size === undefined) {
    throw new FileFormatError(
      path,
      "bare samples, and no ops.npy beside them; say how large the pictures are (size)",
    );
  }
  const { width, height } = size;
  const frameBytes = width * height * 2;
  checkPictureSize(path, { width, height }, frameBytes, file.size);
  const count = Math.floor(file.size / frameBytes);
  const rest = file.size - count * frameBytes;
  const fps = options.fps ?? ops?.rate ?? 25;
  if (!(fps > 0)) throw new RangeError(`fps must be above 0, got ${fps}`);
  const info: ImageInfo = { width, height, channels: 1, dtype: "int16", color: "gray" };
  const isLittle = options.byteOrder !== "big";
  const stated = options.size === undefined ? ops?.frames : undefined;
  const problems = [
    ...(rest > 0 ? [`its last ${rest} bytes are no whole frame`] : []),
    ...(stated !== undefined && stated !== count
      ? [`its ops count ${stated} frames, ${count} are there`]
      : []),
  ];
  return new RankedSource({
    ...{ what: "Suite2p recording", path, info, index: ColumnIndex.regular(count, fps), duration: 1 / fps },
    problems: problems.map((message) => ({ path, message })),
    async read(rank) {
      const bytes = await file.read(rank * frameBytes, frameBytes);
      if (isLittle !== hostIsLittle) swapBytes(bytes, 2);
      return { ...info, data: arrayOver("int16", bytes.buffer, 0, frameBytes) };
    },
    describe: () => ({
      kind: "recording",
      format: "suite2p",
      path,
      fps,
      sizeFrom: options.size ? "options" : "ops.npy",
    }),
    close: () => file.close(),
  });
}
