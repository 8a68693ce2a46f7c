import type { Frame } from "../core/frame.js";
import type { Image, ImageInfo } from "../core/image.js";
import { bindStep, builtInTransforms } from "../transforms/index.js";
import { bender } from "../transforms/picture-transform.js";
import type { BoundTransform, PictureStamp, TransformStep } from "../transforms/transform-kind.js";
import { isFileTransform, namesFiles } from "./flat-field-files.js";
import { isModuleTransform, loadTransform } from "./load-transform.js";

/** A step that can be had anywhere: by its name, or from the module of that path. Plain JSON. */
export interface PortableStep extends TransformStep {
  readonly module?: string;
}

/** The transform as JSON, if it can be had again from that: built in, or from a module. Not if it was made with files. */
export function portableStep(transform: BoundTransform): PortableStep | undefined {
  if (isFileTransform(transform)) return undefined;
  if (isModuleTransform(transform)) return { ...transform.step, module: transform.module };
  return builtInTransforms.some(({ name }) => name === transform.step.name) ? transform.step : undefined;
}

/**
 * The transforms of steps.
 * @param ofFiles makes those that are made with files.
 * @throws what `bindStep` and `loadTransform` throw.
 */
export function bindPortable(
  steps: readonly PortableStep[],
  ofFiles?: (step: TransformStep) => Promise<BoundTransform>,
): Promise<BoundTransform[]> {
  return Promise.all(
    steps.map((step) => {
      if (step.module !== undefined) return loadTransform(step.module);
      return ofFiles && namesFiles(step) ? ofFiles(step) : bindStep(step, builtInTransforms);
    }),
  );
}

/** Several picture transforms as one. */
export interface PictureChain {
  /** What comes out of each, in order. */
  readonly infos: readonly ImageInfo[];
  bend(image: Image, stamp: PictureStamp): Image;
}

/** @param transforms all have `pictures`. @throws {TransformError} if they cannot be done to such pictures. */
export function pictureChain(transforms: readonly BoundTransform[], info: ImageInfo): PictureChain {
  const infos: ImageInfo[] = [];
  const benders = transforms.map(({ pictures }) => {
    const found = bender(pictures!, infos.at(-1) ?? info);
    infos.push(found.info);
    return found;
  });
  return {
    infos,
    bend: (image, stamp) => {
      const frame: Frame & PictureStamp = { ...stamp, image };
      return benders.reduce((bent, { bend }) => bend(bent), frame).image;
    },
  };
}
