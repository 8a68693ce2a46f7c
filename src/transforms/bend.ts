import type { SeekableSource } from "../core/stream.js";
import type { BoundTransform } from "./transform-kind.js";

/**
 * A source seen through transforms, in their order: any frame of it can still be asked for.
 * @param source is closed with what is returned.
 * @throws {TransformError} if a transform cannot be done to such pictures; nothing is closed then.
 */
export function bend(source: SeekableSource, ...transforms: readonly BoundTransform[]): SeekableSource {
  return transforms.reduce((bent, transform) => transform.seek(bent), source);
}
