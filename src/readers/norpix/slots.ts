import { readFile, stat } from "node:fs/promises";
import type { FilePieces } from "../../images/file-pieces.js";
import { headerBytes, type NorpixHeader } from "./header.js";
import { stampBytes, stampOf } from "./stamp.js";

// A compressed frame is a slot: u32 (bytes of the picture + 4), the picture, its time stamp, and 0 or 8 bytes more.

/** Where the slots of a file begin, how long each is without its stamp, and its time. */
export interface Slots {
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
  /** Microseconds. */
  readonly times: readonly number[];
  readonly foundBy: "index" | "scan";
  readonly problems: readonly string[];
}

/** Longest side-car index that is read, in bytes: 30 million frames. */
const longestIndex = 2 ** 30;

/**
 * By the side-car index where there is one, and from its end on, or without it, by going from slot to slot. Pictures
 * are not read.
 */
export async function findSlots(file: FilePieces, header: NorpixHeader): Promise<Slots> {
  const index = await readIndex(`${file.path}.idx`, file.size, header);
  const { indexOffset } = header;
  const end = indexOffset > headerBytes && indexOffset <= file.size ? indexOffset : file.size;
  const scan = new SlotScan(file, header, end);
  const problems: string[] = [];
  if (index) {
    scan.take(index);
    if (index.problem !== undefined) problems.push(index.problem);
    const complete = index.offsets.length > 0 && index.offsets.length === header.allocatedFrames;
    if (complete && index.problem === undefined) return { ...scan.found, foundBy: "index", problems };
  }
  const before = scan.found.offsets.length;
  await scan.run();
  const more = scan.found.offsets.length - before;
  if (before > 0 && more > 0)
    problems.push(`its index lacks the last ${more} frames, which were found without it`);
  if (scan.leftOver > 0 && scan.found.offsets.length !== header.allocatedFrames) {
    problems.push(`cut short or damaged: no whole frame in its last ${scan.leftOver} bytes`);
  }
  return { ...scan.found, foundBy: before > 0 ? "index" : "scan", problems };
}

interface IndexRecords {
  readonly offsets: number[];
  readonly sizes: number[];
  readonly times: number[];
  readonly problem: string | undefined;
}

async function readIndex(
  path: string,
  fileSize: number,
  header: NorpixHeader,
): Promise<IndexRecords | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size > longestIndex) return undefined;
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined || bytes.length < 24) return undefined;
  const length = [24, 32].find((each) => isIndexOf(bytes, each, fileSize));
  if (length === undefined) {
    return { offsets: [], sizes: [], times: [], problem: "its index (.idx) does not fit and is not used" };
  }
  const records = Math.floor(bytes.length / length);
  const [offsets, sizes, times]: [number[], number[], number[]] = [[], [], []];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < records * length; at += length) {
    const [offset, size] = placeIn(view, at);
    if (!fits(offset, size, fileSize)) {
      const problem = `cut short: its index counts ${records} frames, ${offsets.length} of them are there`;
      return { offsets, sizes, times, problem };
    }
    offsets.push(offset);
    sizes.push(size);
    times.push(stampOf(view, at + 12, header));
  }
  return { offsets, sizes, times, problem: undefined };
}

function placeIn(view: DataView, at: number): [offset: number, size: number] {
  return [Number(view.getBigUint64(at, true)), view.getUint32(at + 8, true)];
}

function fits(offset: number, size: number, fileSize: number): boolean {
  return offset >= headerBytes && size > 8 && offset + size + stampBytes <= fileSize;
}

/** True if records of that length describe slots that follow each other. Looks at the first few. */
function isIndexOf(bytes: Uint8Array, length: number, fileSize: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records = Math.min(4, Math.floor(bytes.length / length));
  let end: number | undefined;
  for (let i = 0; i < records; i++) {
    const [offset, size] = placeIn(view, i * length);
    if (!fits(offset, size, fileSize)) return false;
    const gap = end === undefined ? stampBytes : offset - end;
    if (gap < stampBytes || gap > longestGap) return false;
    const milliseconds = view.getUint16(i * length + 16, true);
    if (milliseconds > 999) return false;
    end = offset + size;
  }
  return records > 0;
}

/** From the end of a picture to the next slot: the stamp, and what a recorder may leave for alignment. */
const longestGap = 2 ** 16;

/** Bytes from the end of a picture to the next slot: the stamp alone, or with 8 more. */
const gaps = [stampBytes, stampBytes + 8];

class SlotScan {
  readonly found = { offsets: [] as number[], sizes: [] as number[], times: [] as number[] };
  /** Bytes behind the last whole slot. */
  leftOver = 0;
  readonly #file: FilePieces;
  readonly #header: NorpixHeader;
  readonly #end: number;
  /** Where slots may begin, the likeliest first. */
  #next: number[] = [headerBytes];
  #gap = gaps[0]!;

  constructor(file: FilePieces, header: NorpixHeader, end: number) {
    this.#file = file;
    this.#header = header;
    this.#end = end;
  }

  /** Slots that are known already; the scan goes on behind them. */
  take({ offsets, sizes, times }: IndexRecords): void {
    if (offsets.length === 0) return;
    Object.assign(this.found, { offsets, sizes, times });
    const last = offsets.at(-1)! + sizes.at(-1)!;
    this.#next = gaps.map((gap) => last + gap);
  }

  async run(): Promise<void> {
    let at: number | undefined;
    let head: DataView | undefined;
    for (const start of this.#next) {
      const bytes = await this.#file.readUpTo(start, 8);
      const view = new DataView(bytes.buffer);
      if (!this.#begins(view, 0, start)) continue;
      at = start;
      head = view;
      break;
    }
    let end = this.#next[0]!;
    while (at !== undefined && head !== undefined) {
      const size: number = head.getUint32(0, true);
      const tail: DataView = await this.#file.view(at + size, Math.min(24, this.#file.size - at - size));
      this.found.offsets.push(at);
      this.found.sizes.push(size);
      this.found.times.push(stampOf(tail, 0, this.#header));
      end = at + size + stampBytes;
      const [from, stampEnd]: [number, number] = [at + size, end];
      const gap: number | undefined = [this.#gap, ...gaps].find((one) => this.#begins(tail, one, from + one));
      if (gap === undefined) {
        end = Math.min(this.#end, stampEnd + (this.#end - stampEnd <= 8 ? 8 : 0));
        break;
      }
      this.#gap = gap;
      at = from + gap;
      head = new DataView(tail.buffer, gap, 8);
    }
    this.leftOver = Math.max(0, this.#end - end);
  }

  /** True if a slot that ends before the file does begins there: a picture's first bytes behind a fitting size. */
  #begins(view: DataView, at: number, offset: number): boolean {
    if (at + 8 > view.byteLength) return false;
    const size = view.getUint32(at, true);
    const { width, height } = this.#header;
    // No codec makes a picture much larger than its samples.
    if (size <= 8 || size > width * height * 8 + 2 ** 16) return false;
    if (offset + size + stampBytes > this.#end) return false;
    const signature = view.getUint32(at + 4, false);
    return signature >>> 8 === 0xffd8ff || signature === 0x89504e47;
  }
}
