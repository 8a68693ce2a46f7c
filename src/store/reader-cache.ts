import type { ChunkReader } from "./chunk-format.js";

interface Slot {
  readonly reader: Promise<ChunkReader>;
  users: number;
}

/** Keeps the chunks that were read last open, so that reading around in them does not open them again. */
export class ReaderCache {
  readonly #open: (entry: number) => Promise<ChunkReader>;
  readonly #capacity: number;
  /** By chunk; the one used last stands at the end. */
  readonly #slots = new Map<number, Slot>();

  /** @param capacity chunks that stay open while nobody uses them. */
  constructor(open: (entry: number) => Promise<ChunkReader>, capacity: number) {
    this.#open = open;
    this.#capacity = capacity;
  }

  /** Runs `use` with the reader of a chunk, which stays open meanwhile. */
  async use<T>(entry: number, use: (reader: ChunkReader) => Promise<T>): Promise<T> {
    const slot = this.#slots.get(entry) ?? { reader: this.#open(entry), users: 0 };
    this.#slots.delete(entry);
    this.#slots.set(entry, slot);
    slot.users++;
    try {
      return await use(await slot.reader);
    } catch (error) {
      // A chunk that does not open is tried anew next time.
      await slot.reader.catch(() => this.#forget(entry, slot));
      throw error;
    } finally {
      slot.users--;
      await this.#shrink(this.#capacity);
    }
  }

  /** Closes all that is not in use; what is, closes when it no longer is. */
  async close(): Promise<void> {
    await this.#shrink(0);
  }

  #forget(entry: number, slot: Slot): void {
    if (this.#slots.get(entry) === slot) this.#slots.delete(entry);
  }

  async #shrink(capacity: number): Promise<void> {
    const closing: Promise<void>[] = [];
    for (const [entry, slot] of this.#slots) {
      if (this.#slots.size <= capacity) break;
      if (slot.users > 0) continue;
      this.#slots.delete(entry);
      closing.push(
        slot.reader.then(
          (reader) => reader.close(),
          () => {},
        ),
      );
    }
    await Promise.all(closing);
  }
}
