import type { CodedCodec, CodedInfo } from "../core/coded-frame.js";
import type { ImageInfo } from "../core/image.js";
import { codecs, type VideoCodec } from "./encoding.js";
import { optionsOf, type StoreVideo, type StoreVideoOptions, settingsFor } from "./store-encoding.js";

// FFmpeg is large: it is loaded when the first video is opened.
const ffmpeg = () => import("./store-video.js");

/** What cameras compress with, by FFmpeg's names of the decoders. */
const cameraCodecs: { readonly [C in VideoCodec]?: CodedCodec } = {
  h264: "h264",
  h265: "hevc",
  av1: "av1",
  mjpeg: "mjpeg",
};

/**
 * All that a store format of such videos does, but its name and what it holds.
 * @param video the same for all frames, or by their colour.
 */
export function codedAs(video: StoreVideo | ((info: Pick<ImageInfo, "color">) => StoreVideo)) {
  const videoOf = typeof video === "function" ? video : () => video;
  const usual = videoOf({ color: "gray" });
  // What a camera has compressed has lost something: it is none for a format that is known to be lossless.
  const cameraCodec = usual.quality === undefined ? undefined : cameraCodecs[usual.codec];
  return {
    ...(cameraCodec && {
      coded: {
        codec: cameraCodec,
        create: async (path: string, coded: CodedInfo, settings: StoreVideoOptions) =>
          (await ffmpeg()).createCodedStoreVideo(path, coded, usual, settings),
      },
    }),
    leastSide: codecs[usual.codec].leastSide,
    encoderOptions: optionsOf(usual),
    settings: (info: ImageInfo, asked: StoreVideoOptions) => settingsFor(videoOf(info), info, asked),
    open: async (path: string, as: "bgr" | "gray" | "native") => (await ffmpeg()).openStoreVideo(path, as),
    create: async (path: string, info: ImageInfo, settings: StoreVideoOptions) =>
      (await ffmpeg()).createStoreVideo(path, info, videoOf(info), settings),
    mend: async (from: string, to: string, most: number) =>
      (await ffmpeg()).mendVideo(from, to, most, usual.container),
  };
}
