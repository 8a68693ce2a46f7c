import { join } from "node:path";
import type { ColumnIndex } from "../../core/column-index.js";
import { FileFormatError } from "../../core/errors.js";
import { type AnyTypedArray, arrayOver, dtypeBytes } from "../../core/image.js";
import { isStampRow, stampIndex, stampNames } from "../../images/array-stamps.js";
import type { ZarrArray } from "./array.js";
import { ZarrChunks } from "./chunks.js";
import { readNode } from "./find.js";

/** Most values of a row that are read. */
const longestRow = 2 ** 27;

/** All values of an array of one axis. */
async function readRow(array: ZarrArray): Promise<AnyTypedArray> {
  const [count = 0] = array.shape;
  const chunk = array.chunks[0]!;
  const sampleBytes = dtypeBytes(array.dtype);
  if (count > longestRow)
    throw new FileFormatError(array.folder, `${count} values; at most ${longestRow} are read`);
  const chunks = new ZarrChunks(array);
  const out = new Uint8Array(count * sampleBytes);
  const { fill } = array;
  if (fill) for (let at = 0; at < out.length; at += sampleBytes) out.set(fill, at);
  for (let first = 0; first < count; first += chunk) {
    const found = await chunks.read([first / chunk]);
    out.set(found?.subarray(0, (count - first) * sampleBytes) ?? [], first * sampleBytes);
  }
  return arrayOver(array.dtype, out.buffer, 0, out.length);
}

/** When the frames of an array were, if `frame_time` lies beside it with a time for each; and `frame_number`. */
export async function zarrStamps({ folder }: ZarrArray, frames: number): Promise<ColumnIndex | undefined> {
  const beside = async (name: string): Promise<ZarrArray | undefined> => {
    const node = await readNode(join(folder, "..", name)).catch(() => undefined);
    const row = node?.kind === "array" ? await node.open().catch(() => undefined) : undefined;
    return row && isStampRow(row, frames) ? row : undefined;
  };
  const [times, numbers] = [await beside(stampNames.times), await beside(stampNames.numbers)];
  if (times === undefined) return undefined;
  return stampIndex(await readRow(times), numbers && (await readRow(numbers)));
}
