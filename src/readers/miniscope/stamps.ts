import { readFile, stat } from "node:fs/promises";
import { FileFormatError } from "../../core/errors.js";
import type { SourceProblem } from "../../core/ranked-source.js";
import { type StampColumns, stampsOfTable } from "../../core/stamp-table.js";
import { parseTable } from "../../core/text-table.js";

/** Longest text that is read, in bytes. */
const longestText = 2 ** 28;

/** The text of a file. @throws {FileFormatError} if it is longer than any recorder writes. */
export async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > longestText)
    throw new FileFormatError(path, `${size} bytes of text; at most ${longestText} are read`);
  return await readFile(path, "utf8");
}

/** Version 4: `Frame Number,Time Stamp (ms),Buffer Index`, a line a frame. */
export async function stampsOfVersion4(path: string): Promise<StampColumns> {
  return stampsOfTable(await readText(path), path);
}

/** What one camera of a version 3 recording has in `timestamp.dat`. */
export interface CameraStamps extends StampColumns {
  readonly camera: number;
}

/**
 * Version 3: `camNum frameNum sysClock buffer`, a line a frame of any camera of the recording, milliseconds. The first
 * time of each camera is left over from before the recording; it is 0, as in UCLA's own analysis.
 */
export async function stampsOfVersion3(
  path: string,
  problems: SourceProblem[],
): Promise<readonly CameraStamps[]> {
  const isNumber = (cell: string): boolean => cell !== "" && Number.isFinite(Number(cell));
  const rows = new Map<number, { numbers: number[]; times: number[] }>();
  for (const { cells, line } of parseTable(await readText(path), isNumber).rows) {
    const [camera, number, clock] = cells.map(Number) as [number, number, number];
    if (![camera, number, clock].every(Number.isFinite)) {
      problems.push({ path, message: `line ${line} is no stamp: ${cells.join(" ").slice(0, 40)}` });
      continue;
    }
    const stamps = rows.get(camera) ?? { numbers: [], times: [] };
    rows.set(camera, stamps);
    stamps.numbers.push(number);
    stamps.times.push(stamps.times.length === 0 ? 0 : clock / 1000);
  }
  return [...rows].map(([camera, { numbers, times }]) => ({
    camera,
    numbers: Float64Array.from(numbers),
    times: Float64Array.from(times),
  }));
}
