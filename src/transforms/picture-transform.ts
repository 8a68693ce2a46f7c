import type { Frame } from "../core/frame.js";
import { blankImage, type Image, type ImageInfo } from "../core/image.js";
import { frameByFrame } from "../core/seen-through.js";
import type { FrameSource, SeekableSource, Transform } from "../core/stream.js";
import {
  type BoundTransform,
  type PictureStamp,
  type PreparedPictures,
  type TransformFacts,
  type TransformKind,
  transformKind,
} from "./transform-kind.js";

/**
 * A kind of transform that bends every picture by itself.
 * @param prepare what is done to pictures of that kind: all that can be computed beforehand is computed here. Called anew
 *   for pictures of another size, which some videos have.
 */
export function pictureTransform<O extends object>(
  facts: TransformFacts<O>,
  prepare: (options: O, info: ImageInfo) => PreparedPictures,
): TransformKind<O> {
  return transformKind(facts, (options) => eachPicture((info) => prepare(options, info)));
}

/** What bends streams and sources picture by picture. */
export function eachPicture(
  pictures: (info: ImageInfo) => PreparedPictures,
): Transform & Pick<BoundTransform, "seek" | "pictures"> {
  const stream = (source: FrameSource): FrameSource => {
    const { info, bend } = bender(pictures, source.info);
    return {
      info,
      async *[Symbol.asyncIterator]() {
        for await (const frame of source) yield bend(frame);
      },
    };
  };
  const seek = (source: SeekableSource): SeekableSource => {
    const { info, bend } = bender(pictures, source.info);
    return frameByFrame(source, bend, info);
  };
  return Object.assign(stream, { seek, pictures });
}

/** Prepares once for all pictures of one kind; most sources have no other. */
export function bender(
  pictures: (info: ImageInfo) => PreparedPictures,
  info: ImageInfo,
): { readonly info: ImageInfo; bend<F extends Frame & PictureStamp>(frame: F): F } {
  const first = pictures(info);
  let [kind, prepared]: [ImageInfo, PreparedPictures] = [info, first];
  return {
    info: first.info,
    bend: (frame) => {
      if (!isSameKind(kind, frame.image)) [kind, prepared] = [frame.image, pictures(frame.image)];
      return { ...frame, image: prepared.apply(frame.image, frame) };
    },
  };
}

function isSameKind(a: ImageInfo, b: ImageInfo): boolean {
  return (
    a.width === b.width &&
    a.height === b.height &&
    a.channels === b.channels &&
    a.dtype === b.dtype &&
    a.color === b.color &&
    a.bits === b.bits &&
    a.pixelFormat === b.pixelFormat
  );
}

/**
 * A transform of your own: a plain function from picture to picture. It is called once with a black picture, to learn what
 * comes out; it must not write to what it is given.
 */
export function custom(bend: (image: Image, stamp: PictureStamp) => Image, name = "custom"): BoundTransform {
  const pictures = (info: ImageInfo): PreparedPictures => {
    const { data: _, ...found } = bend(blankImage(info), { number: 0, time: 0, index: 0 });
    return { info: found, apply: bend };
  };
  return Object.assign(eachPicture(pictures), { step: { name, options: {} } });
}
