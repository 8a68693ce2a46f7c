import { pathToFileURL } from "node:url";
import type { BoundTransform } from "../transforms/transform-kind.js";
import { UsageError } from "./exit.js";

/**
 * The transforms of --transform, in their order. What looks like a path is a module of the user's, whose default export is
 * a function from picture to picture, or a transform.
 */
export async function readTransforms(texts: readonly string[]): Promise<BoundTransform[]> {
  const { builtInTransforms, custom, parseTransform } = await import("../index.js");
  const found: BoundTransform[] = [];
  for (const text of texts) {
    if (!isPath(text)) {
      found.push(asUsage(() => parseTransform(text, builtInTransforms)));
      continue;
    }
    const { default: exported } = await load(text);
    if (typeof exported !== "function") {
      throw new UsageError(`${text}: its default export is no function from picture to picture`);
    }
    found.push("step" in exported ? exported : custom(exported, text));
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

function isPath(text: string): boolean {
  return /^(\.{0,2}[\\/]|[a-z]:[\\/])/i.test(text) || /\.[cm]?js$/.test(text);
}

async function load(path: string): Promise<{ readonly default?: BoundTransform }> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    throw new UsageError(`${path} cannot be loaded: ${(cause as Error).message}`, { cause });
  }
}
