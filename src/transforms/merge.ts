import { TransformError } from "../core/errors.js";
import type { ImageInfo } from "../core/image.js";
import { type Channel, channelOption, placeOfChannel } from "./channel-names.js";
import { channelMover } from "./kernels/move-channels.js";
import { needPicture } from "./need-picture.js";
import { pictureTransform } from "./picture-transform.js";

export interface MergeOptions {
  /** The channel that is shown as red: by its name, or its place in the pixel from 0. @default none: 0 */
  readonly red?: Channel;
  /** As green. @default none: 0 */
  readonly green?: Channel;
  /** As blue. @default none: 0 */
  readonly blue?: Channel;
  /** As alpha; there is no alpha without it. */
  readonly alpha?: Channel;
}

/**
 * Puts channels where they are to be seen: gray as red alone, the first two channels of a microscope as green and magenta,
 * red and green exchanged. BGR, or BGRA where an alpha is named; dtype and bits are kept. One channel may go to several
 * colours; see `mergeSources` for the planes of several sources.
 */
export const merge = pictureTransform<MergeOptions>(
  {
    name: "merge",
    summary: "says which channel is shown as red, green and blue",
    options: {
      red: channelOption("the channel that is shown as red", "none"),
      green: channelOption("the channel that is shown as green", "none"),
      blue: channelOption("the channel that is shown as blue", "none"),
      alpha: channelOption("the channel that is shown as alpha", "no alpha"),
    },
  },
  ({ red, green, blue, alpha }, info) => {
    needPicture("merge", info);
    if ([red, green, blue].every((one) => one === undefined)) {
      throw new TransformError("merge", "say at least which channel is red, green or blue");
    }
    const placeOf = (one: Channel | undefined): number =>
      one === undefined ? -1 : placeOfChannel("merge", one, info);
    const places = [blue, green, red, ...(alpha === undefined ? [] : [alpha])].map(placeOf);
    const { pixelFormat: _, ...rest } = info;
    const out: ImageInfo = { ...rest, channels: places.length, color: places.length === 4 ? "bgra" : "bgr" };
    return { info: out, apply: channelMover(info, out, places, 0) };
  },
);
