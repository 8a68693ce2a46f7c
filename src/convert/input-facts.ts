import { open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { type RunningDigest, startDigest } from "../core/digest.js";
import { NotFoundError } from "../core/errors.js";
import { filePattern, isFilePattern } from "../images/file-pattern.js";

/** What is known of something that a result was made of. Plain JSON. */
export interface InputFacts {
  /** Absolute, or a network address. */
  readonly path: string;
  /** Bytes: of a file; of all files that count for a folder. Absent for a network address, as all that follows. */
  readonly size?: number;
  /** When it was changed last, ISO 8601; of a folder, the latest of its files that count. */
  readonly modified?: string;
  /** 16 hexadecimal digits: XXH64, over what `inputFacts` says. */
  readonly digest?: string;
}

/** Larger files are not read whole: that would take as long as converting them. */
const whole = 64 * 2 ** 20;

/** Pieces of a larger file, spread evenly, first and last included; and bytes of each. */
const sample = { pieces: 64, bytes: 2 ** 18 };

/** Pictures of a folder whose content is looked at; of the others it is the name and size. */
const mostPictures = 64;

/**
 * What tells one input from another.
 *
 * The digest of a file is that of its size (8 bytes, little-endian) and its content; beyond 64 MiB of its size and 64 pieces
 * of 256 KiB, piece k of n from byte `floor(k * (size - 262144) / (n - 1))` on. That of a store is over the name, size and
 * content of `metadata.yaml` and of every chunk's index (where Marey wrote it, it holds the digest of every frame), and over
 * name and size of its videos. That of an array in a folder is over the path in it and the size of every file, and the content
 * of 64 of them, spread evenly, and of all metadata. That of pictures is over their names and sizes, and the content of 64 of them, spread evenly.
 * Names are followed by a zero byte. Marey's own hidden files do not count.
 * @throws {NotFoundError} if it cannot be read.
 */
export async function inputFacts(path: string, kind: string): Promise<InputFacts> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) return { path };
  const absolute = resolve(path);
  const facts = new FactsInProgress(await startDigest());
  try {
    if (kind === "store")
      await addStore(facts, basename(absolute) === "metadata.yaml" ? dirname(absolute) : absolute);
    else if (await isFile(absolute)) await facts.addContent(absolute, whole);
    else if (kind === "array") await addTree(facts, absolute);
    else await addPictures(facts, absolute);
  } catch (cause) {
    throw new NotFoundError(path, `cannot be read: ${(cause as Error).message}`, { cause });
  }
  return { path: absolute, ...facts.found() };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function addStore(facts: FactsInProgress, folder: string): Promise<void> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name === "metadata.yaml" || /^\d{6,}\.(npz|yaml)$/.test(entry.name)) {
      facts.addName(entry.name);
      await facts.addContent(path, Number.POSITIVE_INFINITY);
    } else if (entry.isFile() && /^\d{6,}\./.test(entry.name)) await facts.addSize(path, entry.name);
    else if (entry.isDirectory() && /^\d{6,}$/.test(entry.name)) {
      const index = await firstOf([join(path, "index.npz"), join(path, "index.yaml")]);
      facts.addName(entry.name);
      if (index) await facts.addContent(index, Number.POSITIVE_INFINITY);
    }
  }
}

async function firstOf(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isFile(path)) return path;
  return undefined;
}

async function addPictures(facts: FactsInProgress, path: string): Promise<void> {
  const isPattern = isFilePattern(basename(path)) && !(await stat(path).catch(() => undefined));
  const folder = isPattern ? dirname(path) : path;
  const wanted = isPattern ? filePattern(basename(path)) : /^[^.]/;
  const names = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && wanted.test(entry.name) && !entry.name.endsWith(".recipe.json"))
    .map(({ name }) => name)
    .sort();
  const every = Math.max(1, Math.ceil(names.length / mostPictures));
  for (const [at, name] of names.entries()) {
    if (at % every === 0) {
      facts.addName(name);
      await facts.addContent(join(folder, name), whole);
    } else await facts.addSize(join(folder, name), name);
  }
}

/** Metadata of Zarr. */
const metadataNames = [".zarray", ".zattrs", ".zgroup", "zarr.json"];

async function addTree(facts: FactsInProgress, folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
    .sort();
  const every = Math.max(1, Math.ceil(paths.length / mostPictures));
  for (const [at, path] of paths.entries()) {
    if (at % every === 0 || metadataNames.includes(basename(path))) {
      facts.addName(path);
      await facts.addContent(join(folder, path), whole);
    } else await facts.addSize(join(folder, path), path);
  }
}

class FactsInProgress {
  readonly #digest: RunningDigest;
  #size = 0;
  #modified = 0;

  constructor(digest: RunningDigest) {
    this.#digest = digest;
  }

  addName(name: string): void {
    this.#digest.add(Buffer.from(`${name}\0`));
  }

  async addSize(path: string, name: string): Promise<void> {
    this.addName(name);
    this.#count(await stat(path));
  }

  /** @param most bytes that are read whole. */
  async addContent(path: string, most: number): Promise<void> {
    const file = await open(path);
    try {
      const found = await file.stat();
      this.#count(found);
      const { size } = found;
      const pieces = size <= most ? Math.ceil(size / sample.bytes) : sample.pieces;
      for (let k = 0; k < pieces; k++) {
        const position =
          size <= most ? k * sample.bytes : Math.floor((k * (size - sample.bytes)) / (sample.pieces - 1));
        const { buffer, bytesRead } = await file.read(Buffer.alloc(sample.bytes), 0, sample.bytes, position);
        this.#digest.add(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }

  found(): Omit<InputFacts, "path"> {
    return {
      size: this.#size,
      modified: new Date(this.#modified).toISOString(),
      digest: this.#digest.value().toString(16).padStart(16, "0"),
    };
  }

  #count({ size, mtimeMs }: { readonly size: number; readonly mtimeMs: number }): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(size));
    this.#digest.add(bytes);
    this.#size += size;
    this.#modified = Math.max(this.#modified, mtimeMs);
  }
}
