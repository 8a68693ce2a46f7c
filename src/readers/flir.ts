import { UnsupportedError } from "../core/errors.js";
import type { SourceReader } from "../core/source-reader.js";

/** FLIR's radiometric sequences (`.seq`, blocks that begin with "FFF"): recognised, so that the refusal says why. */
export const flir: SourceReader = {
  name: "flir",
  kind: "recording",
  matches: (head) => head[0] === 0x46 && head[1] === 0x46 && head[2] === 0x46 && head[3] === 0,
  async open(path) {
    throw new UnsupportedError(
      "thermal recording",
      `${path} is a FLIR sequence (FFF): its pixels are temperatures in a format of FLIR's own. ` +
        "flirpy or ExifTool with Thermimage turn it into TIFF or raw frames, which can be opened here",
    );
  },
};
