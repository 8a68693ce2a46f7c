import { readFile, rm, stat } from "node:fs/promises";
import { FileFormatError, NotFoundError } from "../core/errors.js";
import { writeLines } from "../store/whole-file.js";
import type { InputFacts } from "./input-facts.js";
import type { PortableStep } from "./parallel-chain.js";

/** Beside every result: what it was made of, and how. Plain JSON. */
export interface Recipe {
  /** Version of Marey. */
  readonly marey: string;
  /** When it was done, ISO 8601. */
  readonly made: string;
  readonly input: InputFacts & { readonly kind: string };
  /** Files that had a say, too: modules of the user's that bend pictures, times of frames. */
  readonly beside: readonly InputFacts[];
  /** How the input is opened, where that is not usual: `as`, `fps`, `key`, `axes`, `pixels`, `timestamps` … */
  readonly open: Readonly<Record<string, unknown>>;
  /** What its frames are seen through, in this order. */
  readonly steps: readonly PortableStep[];
  /** Frames after the steps, by index: `count` of them from `start`, every `step`. */
  readonly range: { readonly start: number; readonly count: number; readonly step: number };
  /** Packets as they are, nothing encoded. */
  readonly copy?: boolean | "exact";
  readonly output: {
    /** Absolute. */
    readonly path: string;
    readonly kind: string;
    /** What `create` was told, but for metadata, which come from the input, and `overwrite`. */
    readonly options: Readonly<Record<string, unknown>>;
    readonly frames: number;
    /** Size of a result that is one file. */
    readonly bytes?: number;
  };
}

/** Longest recipe that is read, in bytes. */
const longest = 2 ** 24;

/** Where the recipe of a result lies. */
export function recipePath(output: string): string {
  return `${output.replace(/[\\/]+$/, "")}.recipe.json`;
}

/** Written when the result stands, in one go. */
export async function writeRecipe(recipe: Recipe): Promise<string> {
  const path = recipePath(recipe.output.path);
  await writeLines(path, true, [JSON.stringify(recipe, null, 2)]);
  return path;
}

/** A result that is about to change has no recipe any more. */
export async function forgetRecipe(output: string): Promise<void> {
  await rm(recipePath(output), { force: true });
}

/** @throws {NotFoundError} if it is not there; {FileFormatError} if it is no recipe. */
export async function readRecipe(path: string): Promise<Recipe> {
  const text = await readText(path).catch((cause: NodeJS.ErrnoException) => {
    throw new NotFoundError(path, cause.code === "ENOENT" ? "no such file" : cause.message, { cause });
  });
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw new FileFormatError(path, `no recipe: ${(cause as Error).message}`, { cause });
  }
  const amiss = whatIsAmiss(found);
  if (amiss !== undefined) throw new FileFormatError(path, `no recipe of marey convert: ${amiss}`);
  return found as Recipe;
}

async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > longest) throw new Error(`has ${size} bytes; a recipe has at most ${longest}`);
  return readFile(path, "utf8");
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function whatIsAmiss(found: unknown): string | undefined {
  if (!isObject(found)) return "it is no object";
  const { marey, input, beside, open, steps, range, output } = found;
  if (typeof marey !== "string") return '"marey", the version, is missing';
  if (!isObject(input) || typeof input.path !== "string") return '"input" has no path';
  if (!Array.isArray(beside) || !beside.every(isObject)) return '"beside" is missing';
  if (!isObject(open)) return '"open" is missing';
  const isStep = (step: unknown): boolean =>
    isObject(step) && typeof step.name === "string" && isObject(step.options);
  if (!Array.isArray(steps) || !steps.every(isStep)) return '"steps" is no list of names with options';
  const bounds = isObject(range) ? [range.start, range.count, range.step] : [];
  if (bounds.length === 0 || !bounds.every(Number.isSafeInteger))
    return '"range" is not start, count and step';
  if (!isObject(output) || typeof output.path !== "string" || !isObject(output.options)) {
    return '"output" has no path and options';
  }
  return undefined;
}

/** Whether both say how to make the same of the same: all but when it was done, and when and where the input was. */
export function isSameRecipe(a: Recipe, b: Recipe): boolean {
  // What cannot be looked at may have changed.
  if (a.input.digest === undefined) return false;
  return JSON.stringify(sorted(essence(a))) === JSON.stringify(sorted(essence(b)));
}

function essence({ marey, input, beside, open, steps, range, copy, output }: Recipe): unknown {
  const digests = [input, ...beside].map(({ digest }) => digest);
  const { frames: _, bytes: __, ...written } = output;
  return { marey, digests, open, steps, range, copy: copy ?? false, written };
}

/** JSON with the keys of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
