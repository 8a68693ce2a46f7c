import type { Stamp } from "../core/frame.js";
import type { Image, ImageInfo } from "../core/image.js";
import type { SeekableSource, Transform } from "../core/stream.js";
import { checkOptions, type OptionKind, type OptionTable } from "./option-kind.js";

/** A transform by its name, with its options: what is kept with a result, and what can be done again. Plain JSON. */
export interface TransformStep {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Which frame a picture belongs to. `index` is absent where the source has no order but that of its stream. */
export interface PictureStamp extends Stamp {
  readonly index?: number;
}

/** A picture transform that knows what it will be given. */
export interface PreparedPictures {
  /** What comes out. */
  readonly info: ImageInfo;
  /** Never writes to the picture it is given; may return it as it is. */
  apply(image: Image, stamp: PictureStamp): Image;
}

/**
 * A transform with its options. As a function it bends a stream (`pipeThrough`); `seek` bends a source whose frames have
 * addresses into another such source (`bend`).
 */
export interface BoundTransform extends Transform {
  readonly step: TransformStep;
  /** Closing what comes out closes `source`. @throws {TransformError} if it cannot be done to such pictures. */
  seek(source: SeekableSource): SeekableSource;
  /** There if every picture is bent by itself, so that it can be done in any order and on several cores at once. */
  readonly pictures?: (info: ImageInfo) => PreparedPictures;
  /** True if it gives frames of its source, in another order or at other times, and never looks at their pixels. */
  readonly keepsPictures?: boolean;
}

/** What one file in transforms/ gives. Called with options it makes a transform. */
export interface TransformKind<O = never> {
  (...options: Record<never, never> extends O ? [options?: O] : [options: O]): BoundTransform;
  /** As it is called on the command line and in recipes. */
  readonly name: string;
  /** For people, one line, begins with a small letter. */
  readonly summary: string;
  readonly options: OptionTable<O>;
  /** Those that have to be given. */
  readonly required: readonly (keyof O & string)[];
  /** The option that may be given without its name on the command line, first of all. */
  readonly main?: keyof O & string;
}

/** Of whatever options. */
export type AnyTransformKind = Omit<TransformKind, "options" | "required" | "main"> & {
  readonly options: Readonly<Record<string, OptionKind<unknown>>>;
  readonly required: readonly string[];
  readonly main?: string;
};

/** What a file in transforms/ says of itself. */
export interface TransformFacts<O> {
  readonly name: string;
  readonly summary: string;
  readonly options: OptionTable<O>;
  /** Those that have to be given. @default none */
  readonly required?: readonly (keyof O & string)[];
  readonly main?: keyof O & string;
}

/** A kind of transform. @param bind what it does, with options that have been checked. */
export function transformKind<O extends object>(
  { name, summary, options, required = [], main }: TransformFacts<O>,
  bind: (options: O) => Transform & Pick<BoundTransform, "seek" | "pictures" | "keepsPictures">,
): TransformKind<O> {
  const make = (given?: O): BoundTransform => {
    const checked = checkOptions(name, options, required, given);
    return Object.assign(bind(checked), { step: { name, options: checked as TransformStep["options"] } });
  };
  // A function has a name of its own, which cannot simply be assigned.
  Object.defineProperty(make, "name", { value: name });
  return Object.assign(make, { summary, options, required, ...(main && { main }) }) as TransformKind<O>;
}
