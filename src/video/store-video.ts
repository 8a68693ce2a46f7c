import type { ImageInfo } from "../core/image.js";
import type { SeekableSource } from "../core/stream.js";
import { LiveVideo } from "./live-video.js";
import { openVideo } from "./open-video.js";
import type { StoreVideo, StoreVideoOptions } from "./store-encoding.js";

export { mendVideo } from "./mend-video.js";

/** Bytes of decoded pictures that each open video of a store keeps. */
const cacheBytes = 2 ** 26;

/** Pictures of a video of a store, as `as` says; `native` gives the decoded planes. */
export function openStoreVideo(path: string, as: "bgr" | "gray" | "native"): Promise<SeekableSource> {
  return openVideo(path, { as, rotation: "none", cacheBytes });
}

/** @param settings what `settingsFor` gave. */
export function createStoreVideo(
  path: string,
  info: ImageInfo,
  { container, codec }: StoreVideo,
  settings: StoreVideoOptions,
): Promise<LiveVideo> {
  // A lossless H.264 is one whose quantizer is 0.
  return LiveVideo.create(path, info, {
    ...(settings.qp === undefined && { quality: 0 }),
    ...settings,
    container,
    codec,
  });
}
