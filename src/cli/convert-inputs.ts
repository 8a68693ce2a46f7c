import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { UsageError } from "./exit.js";

/** One input and what is to be made of it. */
export interface ConvertPair {
  readonly input: string;
  readonly output: string;
}

export interface ConvertPairs {
  readonly pairs: readonly ConvertPair[];
  /** Several, or a folder or pattern that might have given several. */
  readonly isBatch: boolean;
}

/** Stands for the input's name in an output. */
const placeholder = "{name}";

/**
 * What is to be made of what.
 * @param paths IN… OUT.
 * @throws {UsageError} if one is missing, outputs do not differ, or an output is an input.
 */
export async function pairsOf(paths: readonly string[]): Promise<ConvertPairs> {
  if (paths.length < 2) throw new UsageError(`${paths.length === 0 ? "IN and OUT are" : "OUT is"} missing`);
  const output = paths.at(-1)!;
  const found = await Promise.all(paths.slice(0, -1).map(inputsOf));
  const inputs = found.flatMap((each) => each.inputs);
  const isBatch = inputs.length > 1 || found.some((each) => each.isMany);
  if (isBatch && !output.includes(placeholder)) {
    const several = `${inputs.length} inputs would be written into one output`;
    throw new UsageError(
      `${several}; OUT needs ${placeholder}, which stands for the input's: out/{name}.mp4`,
    );
  }
  const pairs = inputs.map((input) => ({ input, output: output.replaceAll(placeholder, stemOf(input)) }));
  checkOutputs(pairs);
  return { pairs, isBatch };
}

function checkOutputs(pairs: readonly ConvertPair[]): void {
  const writer = new Map<string, string>();
  const inputs = new Set(pairs.map(({ input }) => resolve(input)));
  for (const { input, output } of pairs) {
    const other = writer.get(resolve(output));
    if (other !== undefined)
      throw new UsageError(`${other} and ${input} would both be written into ${output}`);
    if (inputs.has(resolve(output))) throw new UsageError(`${output} is an input; it would be lost`);
    writer.set(resolve(output), input);
  }
}

/** What a result is called after: the file without its extension, the folder of a store or of pictures. */
function stemOf(input: string): string {
  const path = resolve(input);
  const isInside = basename(path) === "metadata.yaml" || /[*?[{]|%0?\d*d/.test(basename(path));
  const name = basename(isInside ? dirname(path) : path);
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(input) || extname(name) !== name
    ? name.slice(0, name.length - extname(name).length)
    : name;
}

interface Inputs {
  readonly inputs: readonly string[];
  readonly isMany: boolean;
}

/** A folder of films gives the films in it, a pattern of films those that it finds; all else is one input. */
async function inputsOf(path: string): Promise<Inputs> {
  const one: Inputs = { inputs: [path], isMany: false };
  const found = await stat(path).catch(() => undefined);
  if (found) return found.isDirectory() ? ((await filmsIn(path)) ?? one) : one;
  const { isFilePattern } = await import("../images/file-pattern.js");
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path) || !isFilePattern(path)) return one;
  const matches = await findMatches(path);
  const { builtInPictures } = await import("../index.js");
  const pictures = new Set(builtInPictures.flatMap(({ extensions }) => extensions));
  // Numbered pictures are one film.
  const isSequence = matches.every((match) => pictures.has(extname(match).slice(1).toLowerCase()));
  return isSequence ? one : { inputs: matches, isMany: true };
}

/** Undefined if the folder is itself something that can be opened. @throws {UsageError} if there is no film in it. */
async function filmsIn(folder: string): Promise<Inputs | undefined> {
  const { sniff } = await import("../index.js");
  const isOne = await sniff(folder).then(
    () => true,
    () => false,
  );
  if (isOne) return undefined;
  const { naturalOrder } = await import("../images/natural-order.js");
  const names = (await readdir(folder)).filter(
    (name) => !name.startsWith(".") && !/\.(json|txt)$/i.test(name),
  );
  const films: string[] = [];
  for (const name of names.sort(naturalOrder)) {
    const path = join(folder, name);
    const isFolder = (await stat(path)).isDirectory();
    const kind = isFolder || isFilm(name) ? await sniff(path).catch(() => "damaged") : undefined;
    // A film that cannot be opened is told of, not passed over; a folder need not be one.
    if (kind === "store" || kind === "array" || (!isFolder && kind !== undefined)) films.push(path);
  }
  if (films.length === 0) throw new UsageError(`${folder}: no video and no store in that folder`);
  return { inputs: films, isMany: true };
}

/** By its name: everything might be a video in FFmpeg's eyes. */
function isFilm(name: string): boolean {
  return /\.(mp4|m4v|mkv|mov|avi|webm|mpe?g|m2?ts|mts|wmv|flv|ogv|mjpe?g|h26[45]|3gp|mxf|ufmf|fmf|seq|cine|npy|npz|h5|hdf5|mmap)$/i.test(
    name,
  );
}

/** The paths that a pattern finds; its folders may be patterns as well. */
async function findMatches(pattern: string): Promise<string[]> {
  const { filePattern, isFilePattern } = await import("../images/file-pattern.js");
  const { naturalOrder } = await import("../images/natural-order.js");
  const [name, folder] = [basename(pattern), dirname(pattern)];
  const folders = isFilePattern(folder) ? await findMatches(folder) : [folder];
  const matches: string[] = [];
  for (const each of folders) {
    const names = await readdir(each).catch(() => [] as string[]);
    const wanted = isFilePattern(name) ? filePattern(name) : undefined;
    const found = names.filter((entry) => (wanted ? wanted.test(entry) : entry === name)).sort(naturalOrder);
    matches.push(
      ...found.map((entry) => (each === "." && !pattern.startsWith("./") ? entry : join(each, entry))),
    );
  }
  return matches.filter((match) => !match.endsWith(".recipe.json"));
}
