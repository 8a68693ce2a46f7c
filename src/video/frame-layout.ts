import { fstatSync, readSync } from "node:fs";
import { FileFormatError } from "../core/errors.js";
import type { VideoContainer } from "./encoding.js";

/** A run of bytes of a file. */
export interface FileRange {
  readonly offset: number;
  readonly size: number;
}

/** Four letters and a length. */
const aviChunkHead = 8;

/** Where the frames of a video file lie, found by how the file grows while one after another is flushed into it. */
export class FrameLayout {
  /** What the file begins with, before the first frame. */
  readonly head: FileRange;
  readonly frames: FileRange[] = [];
  readonly #fd: number;
  readonly #isAvi: boolean;
  /** What the container put between frames, and may still change. */
  readonly #gaps: FileRange[] = [];
  #end: number;

  /** @param fd of a file that holds its header, and nothing else yet. */
  constructor(fd: number, container: VideoContainer) {
    this.#fd = fd;
    this.#isAvi = container === "avi";
    this.#end = fstatSync(fd).size;
    this.head = { offset: 0, size: this.#end };
  }

  /** Takes note of a frame that has just been flushed, with a packet of that many bytes. */
  add(bytes: number): FileRange {
    const start = this.#end;
    this.#end = fstatSync(this.#fd).size;
    // Every gigabyte AVI begins a new list, whose header is completed later: it belongs to no frame.
    const offset = this.#isAvi ? this.#end - aviChunkHead - bytes - (bytes % 2) : start;
    if (offset > start) this.#gaps.push({ offset: start, size: offset - start });
    const range = { offset, size: this.#end - offset };
    this.frames.push(range);
    return range;
  }

  /** What lies before, between and behind the frames of the finished file. */
  rest(): readonly FileRange[] {
    const tail = { offset: this.#end, size: fstatSync(this.#fd).size - this.#end };
    return [this.head, ...this.#gaps, tail];
  }
}

/** @throws {FileFormatError} if the file ends before. */
export function readRange(fd: number, path: string, { offset, size }: FileRange): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(size);
  let done = 0;
  while (done < size) {
    const count = readSync(fd, bytes, done, size - done, offset + done);
    if (count === 0)
      throw new FileFormatError(path, `ends at byte ${offset + done}, before ${offset + size}`);
    done += count;
  }
  return bytes;
}
