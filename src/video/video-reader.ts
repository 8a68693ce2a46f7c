import type { SeekableSource } from "../core/stream.js";

/** The colour in which a video gives its frames. */
export type VideoColor = "auto" | "bgr" | "rgb" | "gray" | "native";

export interface VideoReadOptions {
  /** `auto`: gray pixel formats as gray, all others as bgr. `native`: the decoded planes, as they are. @default "auto" */
  readonly as?: VideoColor;
  /** Turn the picture as the file asks, or not. @default "auto" */
  readonly rotation?: "auto" | "none";
  /** Shrink to fit, keeping the aspect ratio; never enlarges. */
  readonly maxSize?: { readonly width: number; readonly height: number };
  /** Bytes of decoded frames kept. @default 256 MiB */
  readonly cacheBytes?: number;
  /** Decoder threads; 0 lets the decoder choose. @default 0 */
  readonly threads?: number;
  /** Keep the frame table beside the file, so that the next open is instant. @default false */
  readonly keepTable?: boolean;
}

/** How a reader has read so far. */
export interface VideoStats {
  readonly framesDecoded: number;
  readonly seeks: number;
  readonly cacheHits: number;
}

export interface VideoReader extends SeekableSource {
  stats(): VideoStats;
}

/** Opens any video that FFmpeg decodes. */
export function openVideo(_path: string | URL, _options: VideoReadOptions = {}): Promise<VideoReader> {
  throw new Error("being built");
}
