import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { ClosedError, EncodeError, ExistsError, UnsupportedError } from "../core/errors.js";
import type { Frame } from "../core/frame.js";
import type { FrameSink } from "../core/stream.js";
import type { EncodeOptions, ImageCodec } from "./image-codec.js";

export interface ImageFolderOptions extends EncodeOptions {
  /** The picture formats to choose from, by the extension of the pattern. */
  readonly codecs: readonly ImageCodec[];
  /** Replace pictures that are there already. @default false */
  readonly overwrite?: boolean;
}

/** Pictures that are encoded at once; the codecs work on threads. */
const inFlight = 4;

const counter = /%0?(\d*)d/;

/** True for a path such as `out/%06d.png`. */
export function isImagePattern(path: string): boolean {
  return counter.test(basename(path));
}

/**
 * Writes each frame as a picture of its own, `out/%06d.png` as out/000000.png, out/000001.png ... in the order in
 * which they come; a path without a counter takes one frame. Each picture gets its final name when it is whole.
 * @throws {UnsupportedError} if no codec has the extension.
 * @throws {ExistsError} if the folder holds pictures of that pattern already.
 */
export async function createImageFolder(pattern: string, options: ImageFolderOptions): Promise<FrameSink> {
  const extension = extname(pattern).slice(1).toLowerCase();
  const codec = options.codecs.find(({ extensions }) => extensions.includes(extension));
  if (!codec) {
    const known = options.codecs.flatMap(({ extensions }) => extensions);
    throw new UnsupportedError("picture extension", extension || `none in ${pattern}`, known);
  }
  const folder = dirname(pattern);
  const digits = Number(counter.exec(basename(pattern))?.[1] || 1);
  const nameOf = (count: number): string =>
    basename(pattern).replace(counter, String(count).padStart(digits, "0"));
  if (!options.overwrite) {
    const there = (await readdir(folder).catch(() => [])).find((name) => matches(basename(pattern), name));
    if (there)
      throw new ExistsError(join(folder, there), "choose another folder, or pass overwrite to replace it");
  }
  return new ImageFolderWriter(folder, nameOf, isImagePattern(pattern), codec, options);
}

function matches(pattern: string, name: string): boolean {
  const [before = "", after = ""] = pattern.replace(counter, "\0").split("\0");
  if (!counter.test(pattern)) return name === pattern;
  const middle = name.slice(before.length, name.length - after.length);
  return name.startsWith(before) && name.endsWith(after) && /^\d+$/.test(middle);
}

class ImageFolderWriter implements FrameSink {
  readonly #folder: string;
  readonly #nameOf: (count: number) => string;
  readonly #many: boolean;
  readonly #codec: ImageCodec;
  readonly #options: EncodeOptions;
  readonly #pending = new Set<Promise<void>>();
  #made: Promise<unknown> | undefined;
  #count = 0;
  #failure: { readonly error: unknown } | undefined;
  #closed = false;

  constructor(
    folder: string,
    nameOf: (count: number) => string,
    many: boolean,
    codec: ImageCodec,
    options: EncodeOptions,
  ) {
    this.#folder = folder;
    this.#nameOf = nameOf;
    this.#many = many;
    this.#codec = codec;
    this.#options = options;
  }

  async write({ image }: Frame): Promise<void> {
    if (this.#closed) throw new ClosedError(`picture folder ${this.#folder}`);
    this.#throwFailure();
    if (this.#count > 0 && !this.#many) {
      const advice = "holds one picture only; a name such as %06d.png takes more";
      throw new EncodeError(join(this.#folder, this.#nameOf(0)), advice);
    }
    const job = this.#writePicture(join(this.#folder, this.#nameOf(this.#count++)), image)
      .catch((error) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#pending.delete(job));
    this.#pending.add(job);
    if (this.#pending.size >= inFlight) await Promise.race(this.#pending);
    this.#throwFailure();
  }

  async #writePicture(path: string, image: Frame["image"]): Promise<void> {
    const bytes = await this.#codec.encode(image, this.#options);
    const unfinished = join(dirname(path), `.${basename(path)}.part`);
    try {
      // Not before a picture could be encoded: what is refused leaves no empty folder.
      this.#made ??= mkdir(this.#folder, { recursive: true });
      await this.#made;
      await writeFile(unfinished, bytes);
      await rename(unfinished, path);
    } catch (cause) {
      await rm(unfinished, { force: true }).catch(() => {});
      throw new EncodeError(path, `cannot be written: ${(cause as Error).message}`, { cause });
    }
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#pending);
    this.#throwFailure();
  }

  async abort(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#pending);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
