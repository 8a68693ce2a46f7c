import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { EncodeError, ExistsError } from "../core/errors.js";

/** Bytes that are gathered before a write. */
const gathered = 2 ** 20;

/** Where the bytes of a file go, one piece after another. */
export type PutBytes = (bytes: Uint8Array) => Promise<void> | void;

export interface WholeFileOptions {
  /** Replace an existing file. @default false */
  readonly overwrite?: boolean | undefined;
  /** Looks at the file before it gets its name. */
  readonly check?: (path: string) => Promise<void>;
}

/**
 * Writes a file under a temporary name beside it, and gives it its own when it is whole and safe on the disk. Whoever reads
 * it meanwhile has the old one or the new one; if anything fails, nothing is left behind.
 * @param write is given a function that takes the bytes, one call after another.
 * @throws {ExistsError} if there is something at `path`, and `overwrite` is not set or it is no file; {EncodeError}.
 */
export async function writeWholeFile(
  path: string,
  write: (put: PutBytes) => Promise<void> | void,
  { overwrite = false, check }: WholeFileOptions = {},
): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found && !(overwrite && found.isFile())) {
    throw new ExistsError(path, "choose another name, or pass overwrite to replace it");
  }
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString("hex")}.tmp`);
  try {
    const file = await open(temporary, "wx");
    try {
      const pending = new PendingBytes(file);
      await write((bytes) => pending.put(bytes));
      await pending.flush();
      await file.sync();
    } finally {
      await file.close();
    }
    await check?.(temporary);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    const { syscall, message } = cause as NodeJS.ErrnoException;
    if (syscall === undefined) throw cause;
    throw new EncodeError(path, `cannot be written: ${message}`, { cause });
  }
}

/** Small pieces become large writes. */
class PendingBytes {
  readonly #file: FileHandle;
  readonly #bytes = new Uint8Array(gathered);
  #used = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  put(bytes: Uint8Array): Promise<void> | void {
    if (this.#used + bytes.length > gathered) return this.#putLater(bytes);
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  async #putLater(bytes: Uint8Array): Promise<void> {
    await this.flush();
    if (bytes.length > gathered) await this.#file.writeFile(bytes);
    else await this.put(bytes);
  }

  async flush(): Promise<void> {
    const used = this.#used;
    this.#used = 0;
    if (used > 0) await this.#file.writeFile(this.#bytes.subarray(0, used));
  }
}

/** So that a new name survives a power cut. */
async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders.
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
