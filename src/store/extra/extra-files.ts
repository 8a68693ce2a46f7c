import { join } from "node:path";
import { chunkPaths, paddedNumber, type StoreLayout } from "../layout.js";

/**
 * Who wrote a file of extra data, and how: `own` is imgstore's and this library's; a `journal` has the rows of a chunk
 * that is not finished.
 */
export type ExtraKind = "own" | "journal" | "motif-json" | "motif-h5";

export interface ExtraFile {
  readonly kind: ExtraKind;
  readonly path: string;
}

/**
 * Where the extra data of a chunk may lie, as imgstore looks for it: of each group all files that are there count, and
 * the first group with any ends the search. Motif writes into the store's own folder, whatever the layout.
 * @param extension of the video, with its dot; directory stores have none.
 */
export function extraFileGroups(
  root: string,
  layout: StoreLayout,
  extension: string,
  chunk: number,
): readonly (readonly ExtraFile[])[] {
  const motif = join(root, paddedNumber(chunk));
  const { extraJson, journal } = chunkPaths(root, layout, extension, chunk);
  return [
    [{ kind: "motif-h5", path: `${motif}.extra_data.h5` }],
    [{ kind: "motif-json", path: `${motif}.extra_data.json` }],
    [
      { kind: "own", path: extraJson },
      // In a video store this is Motif's own, which would have been found above.
      { kind: "own", path: extraJson.replace(/\.extra\.json$/, ".extra_data.json") },
    ],
    [{ kind: "journal", path: journal }],
  ];
}
