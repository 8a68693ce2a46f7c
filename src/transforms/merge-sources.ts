import { TransformError } from "../core/errors.js";
import { blankImage, describeImage, type Image, type ImageInfo } from "../core/image.js";
import type { SeekableSource } from "../core/stream.js";
import { type AlignOptions, align } from "./align.js";
import { ClosingRows } from "./closing-rows.js";
import { needPicture } from "./need-picture.js";
import { sampleRange } from "./sample-range.js";

/** Something for each colour; what is absent is black, and alpha opaque if there is none at all. */
export interface Planes<T> {
  readonly red?: T;
  readonly green?: T;
  readonly blue?: T;
  readonly alpha?: T;
}

/**
 * Gray pictures as the channels of one in colour: BGR, or BGRA if there is an alpha. OpenCV's `merge`. All have one size and
 * dtype.
 * @throws {TransformError} if they have not, or are not gray.
 */
export function mergeImages(planes: Planes<Image>): Image {
  const info = mergedInfo(planes);
  const out = blankImage(info);
  const to = out.data as Uint8Array;
  for (const [place, plane] of [planes.blue, planes.green, planes.red, planes.alpha].entries()) {
    if (plane === undefined) continue;
    const from = plane.data as Uint8Array;
    for (let i = 0, k = place; i < from.length; i++, k += info.channels) to[k] = from[i]!;
  }
  return out;
}

/**
 * Gray sources as the colours of one: each frame is what they show at that instant. Where one has no frame, its colour is
 * black there. The rows are those of the first of red, green and blue that is there, unless the options say otherwise.
 * @param sources are closed with what is returned.
 * @throws what `mergeImages` and `align` throw. Nothing is closed then.
 */
export function mergeSources(sources: Planes<SeekableSource>, options: AlignOptions = {}): SeekableSource {
  const names = (["red", "green", "blue", "alpha"] as const).filter((name) => sources[name] !== undefined);
  const info = mergedInfo(Object.fromEntries(names.map((name) => [name, sources[name]!.info])));
  const aligned = align(
    names.map((name) => [name, sources[name]!] as const),
    options,
  );
  return new ClosingRows(aligned, info, ({ images }) =>
    mergeImages(Object.fromEntries(names.map((name, at) => [name, images[at]!]))),
  );
}

function mergedInfo(planes: Planes<ImageInfo>): ImageInfo {
  const infos = [planes.red, planes.green, planes.blue, planes.alpha].filter((info) => info !== undefined);
  const first = infos[0];
  if (first === undefined || (infos.length === 1 && planes.alpha !== undefined)) {
    throw new TransformError("merge", "give at least one of red, green and blue");
  }
  for (const info of infos) {
    needPicture("merge", info, ["gray"]);
    const isAlike = info.width === first.width && info.height === first.height && info.dtype === first.dtype;
    if (isAlike && sampleRange(info).white === sampleRange(first).white) continue;
    throw new TransformError("merge", `${describeImage(info)} does not go with ${describeImage(first)}`);
  }
  const { width, height, dtype, bits } = first;
  const kind = planes.alpha
    ? ({ channels: 4, color: "bgra" } as const)
    : ({ channels: 3, color: "bgr" } as const);
  return { width, height, dtype, ...kind, ...(bits !== undefined && { bits }) };
}
