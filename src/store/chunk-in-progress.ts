import { dirname } from "node:path";
import type { Digest } from "../core/digest.js";
import { EncodeError, MareyError } from "../core/errors.js";
import type { FrameClocks, FrameNumber } from "../core/frame.js";
import type { Image } from "../core/image.js";
import type { NpyArray } from "../core/npy.js";
import type { ChunkWriter, Durability, EncodedPicture } from "./chunk-format.js";
import { encodeChunkIndex } from "./chunk-index.js";
import { GrowingClocks } from "./clock-columns.js";
import { encodeJournalHeader, encodeJournalRecord, type JournalRecord, parseJournal } from "./journal.js";
import type { ChunkPaths } from "./layout.js";
import { type StoreFile, type StoreFiles, systemReason, writeInPlace } from "./store-files.js";

/** What a chunk in progress is made with. */
export interface ChunkPlan {
  readonly number: number;
  readonly paths: ChunkPaths;
  readonly files: StoreFiles;
  readonly digest: Digest;
  readonly uuid: string;
  readonly durability: Durability;
  /** What the index repeats of the store. */
  readonly storeFacts: Readonly<Record<string, NpyArray | string>>;
  /** A chunk without frames is none: nothing of it stays but its extra data. */
  readonly dropIfEmpty: boolean;
  /** Makes a chunk whole whose writer has given it up: what it does not hold of its journal goes. */
  mend(): Promise<void>;
  /** Called when its index stands. */
  onFinished?(chunk: FinishedChunk): Promise<void>;
}

/** A chunk that has just got its index. */
export interface FinishedChunk {
  readonly number: number;
  readonly numbers: readonly FrameNumber[];
  readonly times: readonly number[];
  readonly indexPath: string;
  /** The content of its index. */
  readonly index: Uint8Array;
  /** XXH64 of the digests of all its pictures, and of the rest. */
  readonly chunkDigest: bigint;
}

/** Something that waits for its turn in the journal. */
interface Entry {
  /** Undefined until the picture is written. */
  record?: JournalRecord;
  /** Why it could not be written. */
  error?: unknown;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * A chunk that is being written.
 *
 *     picture --encode--> chunk file --then--> journal --then--> acknowledged
 *
 * A picture reaches the system before its journal record, and the record before the caller hears of it: whatever the
 * journal names can be read. Pictures may be written out of order, records never are. When the chunk is finished, its
 * index is made of what the journal says, and the journal goes.
 */
export class ChunkInProgress {
  readonly number: number;
  readonly #plan: ChunkPlan;
  readonly #writer: ChunkWriter;
  readonly #journal: StoreFile;
  readonly #numbers: FrameNumber[] = [];
  readonly #times: number[] = [];
  readonly #pictures: EncodedPicture[] = [];
  readonly #clocks = new GrowingClocks();
  /** In the order of their calls. */
  readonly #waiting: Entry[] = [];
  /** Pictures that are being written. */
  readonly #writing = new Set<Promise<void>>();
  #rows = 0;
  #added = 0;
  #encoded = 0;
  #bytes = 0;
  /** Records in the journal, and those of them that survive a power cut. */
  readonly #records = { written: 0, synced: 0 };
  #synced = 0;
  /** What the journal says of `#synced`. */
  #syncedInJournal = 0;
  #nameIsSynced = false;
  #syncing: Promise<void> | undefined;
  #draining: Promise<void> | undefined;
  #failure: unknown;

  private constructor(plan: ChunkPlan, writer: ChunkWriter, journal: StoreFile) {
    this.number = plan.number;
    this.#plan = plan;
    this.#writer = writer;
    this.#journal = journal;
  }

  /** @param create makes the chunk itself. */
  static async start(plan: ChunkPlan, create: () => Promise<ChunkWriter>): Promise<ChunkInProgress> {
    const { files, paths, uuid, number } = plan;
    const journal = await files.create(paths.journal, [encodeJournalHeader(uuid, number)]).catch((cause) => {
      throw asEncodeError(cause, paths.journal);
    });
    let writer: ChunkWriter | undefined;
    try {
      writer = await create();
      if (writer.head) await journal.append([encodeJournalRecord({ kind: "head", bytes: writer.head })]);
      return new ChunkInProgress(plan, writer, journal);
    } catch (error) {
      await writer?.abort().catch(() => {});
      await journal.close();
      await files.remove(paths.journal).catch(() => {});
      throw asEncodeError(error, paths.chunk);
    }
  }

  /** Frames given to it. */
  get length(): number {
    return this.#added;
  }

  /** Frames that are encoded. */
  get encoded(): number {
    return this.#encoded;
  }

  /** Of the encoded pictures. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Frames that survive this process. */
  get flushed(): number {
    return this.#pictures.length;
  }

  /** Frames that survive a power cut. */
  get synced(): number {
    return this.#synced;
  }

  /** What went wrong: it takes no more frames then, and keeps those that were acknowledged. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Resolves when the next frame can be given. */
  async room(): Promise<void> {
    while (this.#writing.size >= this.#writer.concurrency) await Promise.race(this.#writing);
  }

  /**
   * Starts to write a frame.
   * @returns resolves when it is as safe as asked for.
   */
  addFrame(image: Image, number: FrameNumber, time: number, clocks?: FrameClocks): Promise<void> {
    this.#added++;
    return this.#enqueue((entry) => {
      const writing = this.#writer.write(image, time).then(
        (picture) => {
          this.#encoded++;
          this.#bytes += picture.size;
          entry.record = { kind: "frame", number, time, clocks, ...picture };
        },
        (error) => {
          entry.error = error;
          this.#failure ??= error;
        },
      );
      const done = writing.finally(() => {
        this.#writing.delete(done);
        this.#drain();
      });
      this.#writing.add(done);
    });
  }

  /** As `addFrame`, for a row of extra data in JSON. */
  addRow(text: string): Promise<void> {
    this.#rows++;
    return this.#enqueue((entry) => {
      entry.record = { kind: "row", text };
      this.#drain();
    });
  }

  /** Makes all that is in the journal by now survive a power cut. */
  sync(): Promise<void> {
    this.#syncing ??= this.#syncNow().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  /** Resolves when every frame and row so far is safe, or has failed. */
  async settle(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
    while (this.#draining !== undefined) await this.#draining;
  }

  /**
   * Waits for its pictures and makes it a chunk that every reader knows. One that failed may hold more than was
   * acknowledged, half a picture perhaps: it is mended as if its writer had been killed.
   */
  async finish(): Promise<void> {
    await this.settle();
    await this.#syncing?.catch(() => {});
    if (this.#failure === undefined) return this.#complete();
    await this.#writer.close().catch(() => {});
    await this.#journal.close().catch(() => {});
    await this.#plan.mend().catch((cause) => {
      throw asEncodeError(cause, this.#plan.paths.chunk);
    });
  }

  async #complete(): Promise<void> {
    const { files, paths, digest, storeFacts, durability, dropIfEmpty } = this.#plan;
    const count = this.#pictures.length;
    try {
      if (dropIfEmpty && count === 0) await this.#writer.abort();
      else if (durability !== "flush") await this.sync();
      const rest = dropIfEmpty && count === 0 ? undefined : await this.#writer.close();
      const extra = this.#rows > 0 ? await this.#writeRows() : undefined;
      let index: Uint8Array | undefined;
      if (count > 0 || !dropIfEmpty) {
        index = encodeChunkIndex({
          numbers: this.#numbers,
          times: this.#times,
          pictures: this.#pictures,
          rest,
          extra: extra && digest([extra]),
          clocks: this.#clocks.columns(count),
          store: storeFacts,
        });
        await writeInPlace(files, paths.indexNpz, [index]);
      }
      await this.#syncNames();
      await files.remove(paths.journal);
      if (index !== undefined) {
        const [numbers, times, indexPath] = [this.#numbers, this.#times, paths.indexNpz];
        const chunkDigest = this.#digestOfAll(rest);
        await this.#plan.onFinished?.({ number: this.number, numbers, times, indexPath, index, chunkDigest });
      }
    } catch (cause) {
      throw asEncodeError(cause, paths.chunk);
    } finally {
      await this.#journal.close().catch(() => {});
    }
  }

  #digestOfAll(rest: bigint | undefined): bigint {
    const digests = this.#pictures.map(({ digest }) => digest);
    const all = BigUint64Array.from(rest === undefined ? digests : [...digests, rest]);
    return this.#plan.digest([new Uint8Array(all.buffer)]);
  }

  /** Stops, and leaves what is there. */
  async abort(): Promise<void> {
    this.#fail(new EncodeError(this.#plan.paths.chunk, "given up"));
    await this.settle();
    await this.#syncing?.catch(() => {});
    await this.#writer.abort().catch(() => {});
    await this.#journal.close().catch(() => {});
  }

  #enqueue(start: (entry: Entry) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      const entry: Entry = { resolve, reject };
      this.#waiting.push(entry);
      start(entry);
    });
  }

  #drain(): void {
    const head = this.#waiting[0];
    if (this.#draining !== undefined || (head?.record ?? head?.error) === undefined) return;
    this.#draining = this.#drainAll()
      .catch((error) => this.#fail(asEncodeError(error, this.#plan.paths.journal)))
      .finally(() => {
        this.#draining = undefined;
        this.#drain();
      });
  }

  /** Group by group: what has become ready while one was written makes the next. */
  async #drainAll(): Promise<void> {
    for (;;) {
      const unready = this.#waiting.findIndex(({ record }) => record === undefined);
      const group = this.#waiting.slice(0, unready < 0 ? this.#waiting.length : unready);
      if (group.length === 0) break;
      const records = group.map(({ record }) => record!);
      if (this.#syncedInJournal < this.#synced) {
        this.#syncedInJournal = this.#synced;
        records.push({ kind: "synced", count: this.#synced });
      }
      await this.#journal.append(records.map(encodeJournalRecord));
      for (const record of records) if (record.kind === "frame") this.#note(record);
      this.#records.written += group.length;
      if (this.#plan.durability === "frame") await this.#syncAll();
      this.#waiting.splice(0, group.length);
      for (const { resolve } of group) resolve();
    }
    // A frame that could not be written is followed by none of this chunk.
    const error = this.#waiting[0]?.error;
    if (error !== undefined) this.#fail(error);
  }

  /** A call of `sync` may join one that began before the last records were written. */
  async #syncAll(): Promise<void> {
    const wanted = this.#records.written;
    while (this.#records.synced < wanted) await this.sync();
  }

  #note({ number, time, offset, size, digest, clocks }: JournalRecord & { kind: "frame" }): void {
    this.#clocks.set(this.#numbers.length, clocks);
    this.#numbers.push(number);
    this.#times.push(time);
    this.#pictures.push({ offset, size, digest });
  }

  async #syncNow(): Promise<void> {
    const [count, records] = [this.#pictures.length, this.#records.written];
    try {
      await this.#writer.sync();
      await this.#journal.sync();
      if (!this.#nameIsSynced) {
        await this.#syncNames();
        this.#nameIsSynced = true;
      }
      this.#synced = count;
      this.#records.synced = records;
    } catch (cause) {
      // Never tried again: the system may have dropped what it could not write, and says so only once.
      const error = asEncodeError(cause, this.#plan.paths.chunk);
      this.#fail(error);
      throw error;
    }
  }

  /** The names of the chunk's files: in the store's folder, and in its own. */
  async #syncNames(): Promise<void> {
    const { files, paths } = this.#plan;
    const folders = new Set([dirname(paths.indexNpz), dirname(paths.chunk)]);
    for (const folder of folders) await files.syncFolder(folder);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }

  async #writeRows(): Promise<Uint8Array> {
    const { files, paths } = this.#plan;
    const found = parseJournal(await files.read(paths.journal));
    const rows = found?.records.flatMap((record) => (record.kind === "row" ? [record.text] : [])) ?? [];
    const text = new TextEncoder().encode(`[${rows.join(", ")}]`);
    await writeInPlace(files, paths.extraJson, [text]);
    return text;
  }
}

/** An error of the system, in the words of this library. */
function asEncodeError(cause: unknown, path: string): unknown {
  return cause instanceof MareyError ? cause : new EncodeError(path, systemReason(cause), { cause });
}
