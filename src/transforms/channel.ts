import type { ImageInfo } from "../core/image.js";
import { type Channel, channelOption, placeOfChannel } from "./channel-names.js";
import { channelMover } from "./kernels/move-channels.js";
import { needPicture } from "./need-picture.js";
import { pictureTransform } from "./picture-transform.js";
import { numberDTypes } from "./value-limits.js";

export interface ChannelOptions {
  /** By what it means, "red", or by its place in the pixel from 0. */
  readonly channel: Channel;
}

/** One channel as gray: NumPy's `image[:, :, channel]`. Any dtype. */
export const channel = pictureTransform<ChannelOptions>(
  {
    name: "channel",
    summary: "one channel as gray",
    options: { channel: channelOption("which: by its name, or its place in the pixel from 0") },
    required: ["channel"],
    main: "channel",
  },
  ({ channel }, info) => {
    needPicture("channel", info, undefined, numberDTypes);
    const place = placeOfChannel("channel", channel, info);
    const { pixelFormat: _, ...rest } = info;
    const out: ImageInfo = { ...rest, channels: 1, color: "gray" };
    return { info: out, apply: channelMover(info, out, [place], 0) };
  },
);
