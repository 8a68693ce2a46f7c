import { realpath } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { NotFoundError, StoreFormatError } from "../core/errors.js";
import { metadataName } from "./layout.js";
import type { StoreReader } from "./store-reader.js";

/**
 * Where the stores lie that a store lists for other cameras, with the names that it gives them.
 * @param outside whether they may lie outside the folder that the store itself lies in: a store may come from anywhere,
 *   and must not make a reader open what is none of its business.
 * @throws {NotFoundError} if there is nothing. {StoreFormatError} if it lies outside and may not.
 */
export function extraCameras(
  { path: root, metadata }: StoreReader,
  outside: boolean,
): Promise<(readonly [name: string, path: string])[]> {
  const home = dirname(root);
  return Promise.all(
    metadata.extraCameras.map(async ({ name, path }) => {
      const real = await realpath(resolve(root, path)).catch((cause) => {
        const asked = `the store of camera ${name}, listed in ${join(root, metadataName)}, is not there`;
        throw new NotFoundError(resolve(root, path), asked, { cause });
      });
      const isInside = real.startsWith(home.endsWith(sep) ? home : home + sep);
      if (isInside || outside) return [name, real] as const;
      const found = `extra_cameras leads out of ${home}, to ${real}; open it with "outside" if you trust the store`;
      throw new StoreFormatError(join(root, metadataName), found);
    }),
  );
}
