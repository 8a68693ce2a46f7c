import type { ImageInfo } from "../../core/image.js";

/** What filters ask of a picture. */
export type Shape = Pick<ImageInfo, "width" | "height" | "channels">;

/** From the samples of one picture to those of another of the same shape. */
export type SamplesFilter<T> = (data: T) => T;

export type BytesFilter = SamplesFilter<Uint8Array>;
