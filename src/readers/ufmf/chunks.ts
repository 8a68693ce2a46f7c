import { FileFormatError } from "../../core/errors.js";
import type { FilePieces } from "../../images/file-pieces.js";
import type { UfmfHeader } from "./header.js";

/** Where the chunks of one kind begin, and their times in seconds. */
export interface ChunkColumn {
  readonly places: number[];
  readonly times: number[];
}

export interface UfmfChunks {
  readonly frames: ChunkColumn;
  /** Backgrounds: the keyframes called "mean". */
  readonly means: ChunkColumn;
}

export const chunkKind = { keyframe: 0, frame: 1, index: 2 } as const;

/** Longest index that is read, in bytes: 60 million frames. */
const longestIndex = 2 ** 30;

/**
 * Reads the index: a dictionary `d`, u8 keys, each u16 length and name, whose values are dictionaries or arrays: `a`,
 * a letter for the type, u32 bytes, and these.
 * @throws {FileFormatError} if there is none, or it makes no sense.
 */
export async function readIndex(file: FilePieces, header: UfmfHeader): Promise<UfmfChunks> {
  const { path, size } = file;
  const { indexAt, end } = header;
  if (!(indexAt >= end && indexAt < size && size - indexAt <= longestIndex)) {
    throw new FileFormatError(path, `its index is said to be at byte ${indexAt} of ${size}`);
  }
  const view = await file.view(indexAt, size - indexAt);
  try {
    // Some writers point at the chunk, most at what is in it.
    const [index] = readValue(view, view.getUint8(0) === chunkKind.index ? 1 : 0, 0);
    const { frame, keyframe } = index as Dictionary;
    const mean = (keyframe as Dictionary | undefined)?.mean as Dictionary | undefined;
    const column = (values: Dictionary | undefined): ChunkColumn => columnOf(values, header.end, size);
    return { frames: column(frame as Dictionary), means: mean ? column(mean) : { places: [], times: [] } };
  } catch (cause) {
    throw new FileFormatError(path, `its index is damaged: ${(cause as Error).message}`, { cause });
  }
}

interface Dictionary {
  readonly [key: string]: Dictionary | DataView;
}

/** Deepest nesting that means anything: frame, keyframe / mean / loc, timestamp. */
const deepest = 3;

function readValue(view: DataView, at: number, depth: number): [value: Dictionary | DataView, next: number] {
  const kind = String.fromCharCode(view.getUint8(at));
  if (kind === "a") {
    const bytes = view.getUint32(at + 2, true);
    return [new DataView(view.buffer, view.byteOffset + at + 6, bytes), at + 6 + bytes];
  }
  if (kind !== "d" || depth > deepest) throw new Error(`neither a dictionary nor an array at byte ${at}`);
  const entries: [string, Dictionary | DataView][] = [];
  let next = at + 2;
  for (let keys = view.getUint8(at + 1); keys > 0; keys--) {
    const length = view.getUint16(next, true);
    const name = new TextDecoder("latin1").decode(
      new DataView(view.buffer, view.byteOffset + next + 2, length),
    );
    const [value, end] = readValue(view, next + 2 + length, depth + 1);
    entries.push([name, value]);
    next = end;
  }
  return [Object.fromEntries(entries), next];
}

/** Places are as wide as a C long was on the writer's machine. */
function columnOf(values: Dictionary | undefined, low: number, high: number): ChunkColumn {
  const { loc, timestamp } = values ?? {};
  if (!(loc instanceof DataView && timestamp instanceof DataView)) throw new Error("columns are missing");
  const count = Math.floor(timestamp.byteLength / 8);
  const width = count === 0 ? 8 : loc.byteLength / count;
  if (width !== 4 && width !== 8) throw new Error(`${loc.byteLength} bytes of places for ${count} times`);
  const places = Array.from({ length: count }, (_, i) =>
    width === 8 ? Number(loc.getBigUint64(i * 8, true)) : loc.getUint32(i * 4, true),
  );
  const outside = places.find((place) => !(place >= low && place < high));
  if (outside !== undefined) throw new Error(`a chunk is said to be at byte ${outside}`);
  return { places, times: Array.from({ length: count }, (_, i) => timestamp.getFloat64(i * 8, true)) };
}

/** What a scan finds; `stopped` says why it ended before the file did. */
export interface ScannedChunks extends UfmfChunks {
  readonly stopped: string | undefined;
}

/** Goes from chunk to chunk without reading pictures. A chunk that is not whole ends it. */
export async function scanChunks(file: FilePieces, header: UfmfHeader): Promise<ScannedChunks> {
  const cursor = new Cursor(file, header.end);
  const frames: ChunkColumn = { places: [], times: [] };
  const means: ChunkColumn = { places: [], times: [] };
  for (;;) {
    const place = cursor.at;
    const found = await nextChunk(cursor, header);
    if (found === "end") return { frames, means, stopped: undefined };
    if (found === undefined) {
      const rest = file.size - place;
      return { frames, means, stopped: `cut short or damaged: no whole chunk in its last ${rest} bytes` };
    }
    const column = found.kind === chunkKind.frame ? frames : found.name === "mean" ? means : undefined;
    column?.places.push(place);
    column?.times.push(found.time);
  }
}

interface Chunk {
  readonly kind: number;
  readonly time: number;
  readonly name?: string;
}

async function nextChunk(cursor: Cursor, header: UfmfHeader): Promise<Chunk | "end" | undefined> {
  if (cursor.isAtEnd) return "end";
  const kind = (await cursor.take(1))?.getUint8(0);
  if (kind === chunkKind.index) return "end";
  const chunk =
    kind === chunkKind.keyframe
      ? await passKeyframe(cursor, header)
      : kind === chunkKind.frame
        ? await passFrame(cursor, header)
        : undefined;
  return chunk && cursor.isInside ? chunk : undefined;
}

async function passKeyframe(cursor: Cursor, header: UfmfHeader): Promise<Chunk | undefined> {
  const length = (await cursor.take(1))?.getUint8(0);
  const rest = length === undefined ? undefined : await cursor.take(length + 13);
  if (length === undefined || rest === undefined) return undefined;
  const sampleBytes = rest.getUint8(length) === 0x66 ? 4 : 1;
  const pixels = rest.getUint16(length + 1, true) * rest.getUint16(length + 3, true);
  cursor.skip(pixels * header.channels * sampleBytes);
  const name = new TextDecoder("latin1").decode(new DataView(rest.buffer, rest.byteOffset, length));
  return { kind: chunkKind.keyframe, time: rest.getFloat64(length + 5, true), name };
}

async function passFrame(cursor: Cursor, header: UfmfHeader): Promise<Chunk | undefined> {
  const head = await cursor.take(header.version === 4 ? 12 : 10);
  if (head === undefined) return undefined;
  const time = head.getFloat64(0, true);
  const boxes = header.version === 4 ? head.getUint32(8, true) : head.getUint16(8, true);
  if (header.isFixedSize) {
    cursor.skip(boxes * (4 + header.width * header.height * header.channels));
    return { kind: chunkKind.frame, time };
  }
  for (let i = 0; i < boxes; i++) {
    const box = await cursor.take(8);
    if (box === undefined) return undefined;
    cursor.skip(box.getUint16(4, true) * box.getUint16(6, true) * header.channels);
  }
  return { kind: chunkKind.frame, time };
}

const windowBytes = 2 ** 16;

/** Runs through a file in pieces. */
class Cursor {
  at: number;
  readonly #file: FilePieces;
  #window: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(0));
  #start = 0;

  constructor(file: FilePieces, at: number) {
    this.#file = file;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at === this.#file.size;
  }

  get isInside(): boolean {
    return this.at <= this.#file.size;
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  /** Undefined if so many are not left. At most a window. */
  async take(bytes: number): Promise<DataView | undefined> {
    if (this.at + bytes > this.#file.size) return undefined;
    if (this.at < this.#start || this.at + bytes > this.#start + this.#window.byteLength) {
      this.#start = this.at;
      this.#window = await this.#file.view(this.at, Math.min(windowBytes, this.#file.size - this.at));
    }
    const view = new DataView(this.#window.buffer, this.at - this.#start, bytes);
    this.at += bytes;
    return view;
  }
}
