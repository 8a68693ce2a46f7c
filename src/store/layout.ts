import { sep } from "node:path";

// Where everything of a store lies. Pure: opens no file.
//
//   directory store                        video store
//   metadata.yaml                          metadata.yaml
//   000000/000000.png … index.npz          000000.mp4  000000.npz
//          index.extra.json                000000.extra.json
//   000000.journal                         000000.journal             while the chunk is being written

export type StoreLayout = "directory" | "video";

export const metadataName = "metadata.yaml";
/** There while the store is being written; left behind by a crash. */
export const lockName = ".lock";
/** A copy of the metadata, for the day that the original is lost. */
export const metadataCopyName = ".metadata.yaml.copy";
/** What is known of the chunks, so that they need not be opened; see `catalogue.ts`. */
export const catalogueName = ".marey-catalogue";

/** What imgstore's `save_index` writes, and no reader looks for. */
export const exportedIndexName = ".index.sqlite";
/** There while files with new frame numbers are moved into place; see `reindex-store.ts`. */
export const reindexName = ".reindex";

/** For people; theirs if they wrote it, the store's if its first line says so. */
export const readmeName = "README.txt";

/** "000012": six digits, more only when six do not do. */
export function paddedNumber(number: number): string {
  return String(number).padStart(6, "0");
}

/** The files of one chunk. */
export interface ChunkPaths {
  /** The folder of pictures, or the video file. */
  readonly chunk: string;
  readonly indexNpz: string;
  readonly indexYaml: string;
  readonly extraJson: string;
  /** What is known of the chunk until its index stands. */
  readonly journal: string;
}

/** @param extension of the video, with its dot; directory stores have none. */
export function chunkPaths(root: string, layout: StoreLayout, extension: string, chunk: number): ChunkPaths {
  // Put together by hand: stores may have 100,000 chunks, and join() takes its time.
  const bare = `${root}${sep}${paddedNumber(chunk)}`;
  const base = layout === "directory" ? `${bare}${sep}index` : bare;
  return {
    chunk: layout === "directory" ? bare : `${bare}${extension}`,
    indexNpz: `${base}.npz`,
    indexYaml: `${base}.yaml`,
    extraJson: `${base}.extra.json`,
    journal: `${bare}.journal`,
  };
}

/** Whether a name in a store's folder is one that a writer of stores gives, ours or Python's. */
export function isStoreFile(
  name: string,
  isFolder: boolean,
  layout: StoreLayout,
  extension: string,
): boolean {
  const own = [
    metadataName,
    metadataCopyName,
    lockName,
    exportedIndexName,
    catalogueName,
    reindexName,
    readmeName,
  ];
  if (own.some((known) => name === known || name === `${known}.part`) || name.startsWith(`${lockName}.`)) {
    return true;
  }
  if (isFolder) return layout === "directory" && /^\d{6,}$/.test(name);
  if (/^\d{6,}\.(?:journal|extra_data\.(?:json|h5)(?:\.reindexed)?(?:\.part)?)$/.test(name)) return true;
  if (layout === "directory" || !/^\d{6,}(?:\.\w+)+$/.test(name)) return false;
  return [extension, ".npz", ".yaml", ".json", ".h5", ".part", ".left", ".reindexed"].some((ending) =>
    name.endsWith(ending),
  );
}

/** Anything that could lead out of the folder, or be no extension at all, is none. */
export function isPlainExtension(extension: string): boolean {
  return /^\.[A-Za-z0-9]{1,16}$/.test(extension);
}

export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

export interface FoundChunks {
  /** Ascending; numbers may be missing. */
  readonly chunks: readonly number[];
  /** What looks like a chunk, but is none: `analysis/`, `preview.avi`, `12.avi`. */
  readonly strays: readonly string[];
  /** Chunks that have an index, but no video: there is nothing to show for their frames. */
  readonly orphans: readonly number[];
}

/** The chunks among the entries of a store's folder. Hidden files are passed over in silence. */
export function findChunks(
  entries: readonly FolderEntry[],
  layout: StoreLayout,
  extension: string,
): FoundChunks {
  const chunks: number[] = [];
  const strays: string[] = [];
  const indexed: number[] = [];
  for (const { name, isFolder } of entries) {
    if (name.startsWith(".")) continue;
    if (layout === "directory") {
      if (!isFolder) continue;
      const chunk = chunkNumber(name);
      if (chunk === undefined) strays.push(name);
      else chunks.push(chunk);
    } else if (name.endsWith(extension)) {
      const chunk = chunkNumber(name.slice(0, -extension.length));
      if (chunk === undefined) strays.push(name);
      else chunks.push(chunk);
    } else {
      const chunk = chunkNumber(name.replace(/\.npz$/, ""));
      if (chunk !== undefined) indexed.push(chunk);
    }
  }
  chunks.sort((a, b) => a - b);
  const known = new Set(chunks);
  return { chunks, strays: strays.sort(), orphans: indexed.filter((chunk) => !known.has(chunk)) };
}

/** The number after that of every chunk of which anything is left, be it its extra data alone. */
export function firstFreeChunk(names: Iterable<string>): number {
  let free = 0;
  for (const name of names) {
    const digits = /^(\d{6,15})(?:\.|$)/.exec(name)?.[1];
    if (digits !== undefined) free = Math.max(free, Number(digits) + 1);
  }
  return free;
}

/** The chunk of that name; undefined if chunk numbers are not spelled like that. */
function chunkNumber(name: string): number | undefined {
  if (!/^\d{6,15}$/.test(name)) return undefined;
  const number = Number(name);
  return paddedNumber(number) === name ? number : undefined;
}

/** A run of frames within one chunk, evenly spaced. */
export interface ChunkSlice {
  /** Position in the list of chunks. */
  readonly entry: number;
  /** Rank in the chunk of the first frame. */
  readonly first: number;
  readonly count: number;
  readonly step: number;
}

/**
 * Cuts `count` frames from `start` on into runs that lie in one chunk each.
 * @param starts frame index of the first frame of each chunk, ascending, and the number of all frames at the end.
 */
export function* chunkSlices(
  starts: ArrayLike<number>,
  start: number,
  count: number,
  step: number,
): Generator<ChunkSlice> {
  let index = start;
  let left = count;
  while (left > 0) {
    const entry = chunkOf(starts, index);
    const first = starts[entry]!;
    const reach = step > 0 ? starts[entry + 1]! - 1 - index : index - first;
    const here = Math.min(left, Math.floor(reach / Math.abs(step)) + 1);
    yield { entry, first: index - first, count: here, step };
    index += here * step;
    left -= here;
  }
}

/** Which chunk a frame lies in. `starts` as above; empty chunks are skipped. */
export function chunkOf(starts: ArrayLike<number>, index: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= index) low = middle;
    else high = middle;
  }
  return low;
}
