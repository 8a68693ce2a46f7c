import { promisify } from "node:util";
import { constants, deflate as deflateCallback } from "node:zlib";

const deflate = promisify<Uint8Array, object, Buffer>(deflateCallback);

/**
 * Deflates what is left of a picture once each sample has become the difference to a neighbour: camera noise. It has
 * no strings that repeat, so there is nothing to search for, at a multiple of the usual speed. Where there are not
 * even runs (of a black margin, say), Huffman codes alone are as small, and faster still.
 */
export function packDifferences(bytes: Uint8Array): Promise<Buffer> {
  return deflate(bytes, {
    level: 1,
    memLevel: 9,
    strategy: hasRuns(bytes) ? constants.Z_RLE : constants.Z_HUFFMAN_ONLY,
    // One chunk that fits in any case: one trip to the thread pool.
    chunkSize: bytes.length + (bytes.length >> 8) + 1024,
  });
}

/** One window in so many is looked at, of so many bytes. */
const [sampled, window] = [16, 256];
const shortestRun = 8;

/** True if more than one byte in 200 belongs to a run, as far as a sample tells. */
function hasRuns(bytes: Uint8Array): boolean {
  let seen = 0;
  let inRuns = 0;
  const stride = bytes.length > sampled * window * 4 ? sampled * window : window;
  for (let start = 0; start < bytes.length; start += stride) {
    const stop = Math.min(start + window, bytes.length);
    seen += stop - start;
    for (let i = start + 1, run = 1; i <= stop; i++) {
      if (i < stop && bytes[i] === bytes[i - 1]) {
        run++;
      } else {
        if (run >= shortestRun) inRuns += run;
        run = 1;
      }
    }
  }
  return inRuns * 200 > seen;
}
