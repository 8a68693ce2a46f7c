import { CatalogueWriter, smallestCatalogue } from "./catalogue.js";
import type { FinishedChunk } from "./chunk-in-progress.js";
import { numberColumn } from "./store-index.js";

/** The catalogue of a store that is being written: begun when the store has so many chunks that it needs one. */
export class GrowingCatalogue {
  readonly #root: string;
  readonly #uuid: string;
  /** Chunks that were there before this writer, and that it has finished. */
  #chunks: number;
  readonly #waiting: FinishedChunk[] = [];
  #writer: CatalogueWriter | undefined;

  /** @param chunks that the store has already. */
  constructor(root: string, uuid: string, chunks: number) {
    this.#root = root;
    this.#uuid = uuid;
    this.#chunks = chunks;
  }

  async add(chunk: FinishedChunk): Promise<void> {
    this.#waiting.push(chunk);
    if (++this.#chunks < smallestCatalogue) return;
    this.#writer ??= await CatalogueWriter.open(this.#root, this.#uuid, this.#chunks);
    for (const { number, numbers, times, ...file } of this.#waiting.splice(0)) {
      const columns = { numbers: numberColumn(numbers), times: Float64Array.from(times) };
      await this.#writer.append(number, columns, file);
    }
  }

  /** To be called last, when the lock is gone. */
  async finish(): Promise<void> {
    await this.#writer?.finish();
  }
}
