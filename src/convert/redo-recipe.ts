import { FileFormatError } from "../core/errors.js";
import { rangeOf, type SeekableSource } from "../core/stream.js";
import type { AnyConvertOptions } from "./convert-options.js";
import { flatFieldOfFiles } from "./flat-field-files.js";
import type { InputFacts } from "./input-facts.js";
import { bindPortable } from "./parallel-chain.js";
import type { Recipe } from "./recipe.js";

/**
 * The options with which `convert` does again what a recipe tells of.
 * @param opener reads pictures that a transform is made with.
 * @throws {UnsupportedError} for a transform that is not known here; {NotFoundError} for a module that is not there.
 */
export async function recipeOptions(
  recipe: Recipe,
  opener: (path: string) => Promise<SeekableSource>,
): Promise<AnyConvertOptions> {
  const { open, steps, range, copy, output } = recipe;
  return {
    ...{ open, range: rangeOf(range), create: { ...output.options, kind: output.kind } },
    transforms: await bindPortable(steps, (step) => flatFieldOfFiles(step.options, opener)),
    ...(copy !== undefined && { copy }),
  };
}

/**
 * Compares what a recipe was made of with what is there.
 * @throws {FileFormatError} if the input, or a file beside it, is not what it was.
 */
export function checkSameInputs(recipe: Recipe, now: Recipe): void {
  const compare = (then: InputFacts, found: InputFacts): void => {
    if (then.digest === undefined || then.digest === found.digest) return;
    const facts = `digest ${found.digest}, ${found.size} bytes, not ${then.digest}, ${then.size} bytes`;
    throw new FileFormatError(
      found.path,
      `is not what the recipe of ${recipe.made} was made with (${facts})`,
    );
  };
  compare(recipe.input, now.input);
  for (const [at, file] of recipe.beside.entries()) if (now.beside[at]) compare(file, now.beside[at]);
}
