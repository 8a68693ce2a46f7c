import { mkdir, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { EncodeError, ExistsError } from "../core/errors.js";

/** A folder that is written under a temporary name beside it, and gets its own when it is whole. */
export class PartFolder {
  readonly path: string;
  readonly #unfinished: string;
  readonly #replaces: boolean;
  /** Folders whose entries must be safe before the name is. */
  readonly #folders = new Set<string>();
  #isOpen = true;

  private constructor(path: string, unfinished: string, replaces: boolean) {
    this.path = path;
    this.#unfinished = unfinished;
    this.#replaces = replaces;
  }

  /**
   * @param mayReplace whether what is there may go; asked only if something is.
   * @throws {ExistsError} if there is something at `path` that may not be replaced.
   * @throws {EncodeError} if it cannot be made.
   */
  static async create(path: string, mayReplace: () => Promise<boolean>): Promise<PartFolder> {
    const isThere = (await stat(path).catch(() => undefined)) !== undefined;
    if (isThere && !(await mayReplace())) {
      throw new ExistsError(path, "choose another name, or pass overwrite to replace it");
    }
    const unfinished = join(dirname(path), `.${basename(path)}.part`);
    try {
      await rm(unfinished, { recursive: true, force: true });
      await mkdir(unfinished);
    } catch (cause) {
      throw new EncodeError(path, `cannot be written: ${(cause as Error).message}`, { cause });
    }
    return new PartFolder(path, unfinished, isThere);
  }

  /** True until `finish` or `discard`. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * A whole file in it, its folders with it, safe on the disk.
   * @param name with "/" between folders.
   * @throws {EncodeError} if it cannot be written.
   */
  async add(name: string, bytes: Uint8Array | string): Promise<void> {
    const path = join(this.#unfinished, name);
    this.#folders.add(dirname(path));
    try {
      await writeFile(path, bytes, { flush: true }).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, bytes, { flush: true });
      });
    } catch (cause) {
      throw new EncodeError(this.path, `cannot be written: ${(cause as Error).message}`, { cause });
    }
  }

  /** Under its own name; what was there goes. @throws {EncodeError} if that fails; nothing is left behind then. */
  async finish(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const old = `${this.#unfinished}.old`;
    try {
      for (const folder of [...this.#folders, this.#unfinished]) await syncFolder(folder);
      if (this.#replaces) await rename(this.path, old);
      await rename(this.#unfinished, this.path);
      await syncFolder(dirname(this.path));
      if (this.#replaces) await rm(old, { recursive: true, force: true });
    } catch (cause) {
      await rm(this.#unfinished, { recursive: true, force: true });
      throw new EncodeError(this.path, `cannot be written: ${(cause as Error).message}`, { cause });
    }
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await rm(this.#unfinished, { recursive: true, force: true });
  }
}

/** Where the system can: names are safe then, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
