import { extname } from "node:path";
import { UnsupportedError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import type { FrameSink } from "../core/stream.js";
import type { AnimationOptions } from "./animation-options.js";
import { AnimationStream, type PictureAnimation } from "./animation-stream.js";
import { apng } from "./apng.js";
import { createFrameFile } from "./frame-file.js";
import { createGif } from "./gif.js";
import { animatedWebp } from "./webp.js";

/** Pictures that are packed at once. */
const ahead = 4;

/**
 * Writes frames as an animation that shows each until the time of the next: GIF (in steps of 10 ms, what is rounded off
 * goes into the next frame), APNG (times as fractions, no loss, 8 and 16 bits) or WebP (in ms).
 *
 * Most players show frames of 10 ms and less for 100 ms, whatever the file says.
 * @throws {UnsupportedError} if the format cannot hold such frames: nothing is cut to fit.
 * @throws {EncodeError} at a frame that has no time, comes before the one before it, or that comes, in GIF, so fast that
 *   the film would fall behind its times.
 */
export async function createAnimation(path: string, options: AnimationOptions): Promise<FrameSink> {
  const { info, loop = 0 } = options;
  if (!(Number.isInteger(loop) && loop >= 0 && loop < 65_536)) {
    throw new RangeError(`loop is how often it plays, 0 (for ever) to 65535; got ${loop}`);
  }
  const extension = extname(path).toLowerCase();
  if (extension === ".gif") return await createGif(path, options);
  if (extension === ".apng") return await createPlain(path, apng(info, loop), options);
  if (extension === ".webp")
    return await createPlain(path, animatedWebp(info, loop, options.quality), options);
  throw new UnsupportedError("animation", extension || `${path} without extension`, [
    ...[".gif", ".apng", ".webp"],
  ]);
}

async function createPlain<Packed>(
  path: string,
  format: PictureAnimation<Packed>,
  options: AnimationOptions,
): Promise<FrameSink> {
  const stream = new AnimationStream(path, format, options);
  return await createFrameFile<Packed>(path, options.overwrite, {
    ...{ what: "animation", info: options.info, ahead },
    pack: ({ image }) => format.pack(image),
    put: (file, packed, { time }: Frame) => stream.put(file, packed, time),
    end: (file) => stream.end(file),
  });
}
