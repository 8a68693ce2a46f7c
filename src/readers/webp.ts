import { ColumnIndex } from "../core/column-index.js";
import type { ImageInfo } from "../core/image.js";
import { RankedSource } from "../core/ranked-source.js";
import type { SourceReader } from "../core/source-reader.js";
import { FilePieces } from "../images/file-pieces.js";
import { WebpCanvas } from "./webp/canvas.js";
import { isAnimatedWebp, webpParts } from "./webp/parts.js";

/**
 * Animated WebP, which FFmpeg does not decode: each frame is all that is seen then, frames that change a part only laid
 * over those before. BGR, or BGRA where the file has alpha; what no frame covers is black, or transparent. Frame i begins
 * when those before it have been shown for their durations.
 */
export const webp: SourceReader = {
  name: "webp",
  kind: "video",
  matches: isAnimatedWebp,
  open: (path) => FilePieces.with(path, openWebp),
};

async function openWebp(file: FilePieces): Promise<RankedSource> {
  const { path } = file;
  const found = await webpParts(file);
  const { width, height, hasAlpha, parts, problem } = found;
  const canvas = new WebpCanvas(file, found);
  const channels = hasAlpha ? 4 : 3;
  const info: ImageInfo = { width, height, channels, dtype: "uint8", color: hasAlpha ? "bgra" : "bgr" };
  const times = new Float64Array(parts.length);
  for (let rank = 1; rank < parts.length; rank++) times[rank] = times[rank - 1]! + parts[rank - 1]!.duration;
  return new RankedSource({
    ...{
      what: "animated WebP",
      path,
      info,
      index: new ColumnIndex({ times: times.map((time) => time / 1000) }),
    },
    problems: problem === undefined ? [] : [{ path, message: problem }],
    // Frames lean on each other.
    ahead: 1,
    read: async (rank) => ({ ...info, data: inOrder(await canvas.at(rank), channels) }),
    describe: () => ({
      ...{ kind: "video", format: "webp", path, frames: parts.length },
      keyframes: parts.filter((_, rank) => canvas.isKey(rank)).length,
      duration: parts.reduce((sum, { duration }) => sum + duration, 0) / 1000,
    }),
    close: () => file.close(),
  });
}

/** RGBA as BGR or BGRA. */
function inOrder(canvas: Uint8Array, channels: 3 | 4): Uint8Array {
  const out = new Uint8Array((canvas.length / 4) * channels);
  for (let from = 0, to = 0; from < canvas.length; from += 4, to += channels) {
    out[to] = canvas[from + 2]!;
    out[to + 1] = canvas[from + 1]!;
    out[to + 2] = canvas[from]!;
    if (channels === 4) out[to + 3] = canvas[from + 3]!;
  }
  return out;
}
