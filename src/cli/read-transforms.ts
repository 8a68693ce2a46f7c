import type { BoundTransform } from "../transforms/transform-kind.js";
import { UsageError } from "./exit.js";

/**
 * The transforms of --transform, in their order. What looks like a path is a module of the user's, whose default export is
 * a function from picture to picture, or a transform.
 */
export async function readTransforms(texts: readonly string[]): Promise<BoundTransform[]> {
  const { builtInTransforms, open, parseTransform } = await import("../index.js");
  const { flatFieldOfFiles, namesFiles } = await import("../convert/flat-field-files.js");
  const { isModulePath, loadTransform } = await import("../convert/load-transform.js");
  const found: BoundTransform[] = [];
  for (const text of texts) {
    if (!isModulePath(text)) {
      const made = asUsage(() => parseTransform(text, builtInTransforms));
      found.push(
        namesFiles(made.step) ? await flatFieldOfFiles(made.step.options, (path) => open(path)) : made,
      );
      continue;
    }
    found.push(
      await loadTransform(text).catch((error: Error) => {
        throw new UsageError(error.message, { cause: error });
      }),
    );
  }
  return found;
}

/** A wrong option is a wrong command line. */
function asUsage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
}
