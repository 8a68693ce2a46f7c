import { basename } from "node:path";
import { FileFormatError, UnsupportedError } from "../core/errors.js";
import type { RankedSource } from "../core/ranked-source.js";
import type { SourceReader, SourceReaderOptions } from "../core/source-reader.js";
import { arrayFrames } from "../images/array-frames.js";
import { FilePieces } from "../images/file-pieces.js";
import { maxPixels } from "../images/picture-size.js";

/**
 * CaImAn's memory maps (`.mmap`): bare float32 samples, their shape in the name of the file. Both orders, "F" (as motion
 * correction writes them, frame by frame) and "C" (pixel by pixel: neighbouring frames are gathered in one pass).
 *
 * Layout: CaImAn's `caiman/mmapping.py`: an array of (pixels, frames), pixels counted down the columns of the picture.
 */
export const caiman: SourceReader = {
  name: "caiman",
  kind: "array",
  matches: (_, path) => shapeIn(path) !== undefined,
  open: openCaiman,
};

interface MapShape {
  readonly height: number;
  readonly width: number;
  readonly depth: number;
  readonly frames: number;
  readonly order: "C" | "F";
}

function shapeIn(path: string): MapShape | undefined {
  const name = /_d1_(\d+)_d2_(\d+)_d3_(\d+)_order_([CF])_frames_(\d+)_?\.mmap$/.exec(basename(path));
  if (name === null) return undefined;
  const [height, width, depth, frames] = [name[1], name[2], name[3], name[5]].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return { height, width, depth, frames, order: name[4] as "C" | "F" };
}

async function openCaiman(
  path: string,
  { fps, byteOrder = "little" }: SourceReaderOptions,
): Promise<RankedSource> {
  const shape = shapeIn(path);
  if (shape === undefined) throw new FileFormatError(path, "its name does not say what shape it has");
  const { height, width, depth, frames, order } = shape;
  if (depth !== 1) {
    throw new UnsupportedError("CaImAn map", `${depth} planes (d3) in ${path}`, ["one plane"]);
  }
  return await FilePieces.with(path, async (file) => {
    const needed = height * width * frames * 4;
    if (width * height > maxPixels || needed > file.size) {
      const claim = `${frames} pictures of ${width}x${height} float32`;
      throw new FileFormatError(path, `its name says ${claim}, ${needed} bytes; it has ${file.size}`);
    }
    const samples = {
      dtype: "float32" as const,
      ...{ fortranOrder: false, littleEndian: byteOrder === "little", key: undefined },
      read: (start: number, length: number) => file.read(start, length),
      close: () => file.close(),
    };
    const rate = fps === undefined ? {} : { fps };
    return order === "F"
      ? arrayFrames(path, { ...samples, shape: [frames, width, height] }, { axes: "twh", ...rate })
      : arrayFrames(path, { ...samples, shape: [width, height, frames] }, { axes: "wht", ...rate });
  });
}
