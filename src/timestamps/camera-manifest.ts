import { join } from "node:path";
import { FileFormatError } from "../core/errors.js";
import { underLock } from "./file-lock.js";
import { isMapping, readYamlMapping, writeYamlMapping } from "./yaml-file.js";

/** What the manifest is called; it lies beside the archives, or in the folder of the messages. */
export const manifestName = "camera_manifest.yaml";

/** A camera that has a log. */
export interface CameraSource {
  /** Its number among all sources, 0 … 255. */
  readonly id: number;
  /** What people call it, "face_camera". */
  readonly name: string;
}

/**
 * The cameras of a recording, in the order that they were written in.
 * @param path of the manifest.
 * @throws {FileFormatError} if it is none; {NotFoundError} if it cannot be read.
 * @returns undefined if there is none.
 */
export async function readCameraManifest(path: string): Promise<CameraSource[] | undefined> {
  const document = await readYamlMapping(path);
  if (document === undefined) return undefined;
  // Of a manifest that says nothing of sources, the peer takes none.
  const { sources = [] } = document;
  if (!Array.isArray(sources)) throw new FileFormatError(path, "sources is no list");
  return sources.map((source: unknown, at) => {
    const { id = 0, name = "" } = isMapping(source) ? source : { id: Number.NaN };
    if (!(Number.isInteger(id) && (id as number) >= 0 && (id as number) <= 255)) {
      throw new FileFormatError(path, `source ${at}: its id is no whole number from 0 to 255`);
    }
    return { id: id as number, name: String(name) };
  });
}

/**
 * Writes a camera down in the manifest of a folder, in the place of the one that has its number, if any. Several programs, in
 * Python too, may do so at once: each waits for the others.
 * @throws {EncodeError} if it cannot be written, or another holds its lock for 10 seconds; {FileFormatError} if there is one
 *   that cannot be read: it stays as it is.
 */
export async function writeCameraManifest(folder: string, { id, name }: CameraSource): Promise<void> {
  if (!(Number.isInteger(id) && id >= 0 && id <= 255)) {
    throw new RangeError(`a source of a log is a whole number from 0 to 255, not ${id}`);
  }
  const path = join(folder, manifestName);
  await underLock(`${path}.lock`, async () => {
    const sources = (await readCameraManifest(path)) ?? [];
    const at = sources.findIndex((source) => source.id === id);
    sources.splice(at < 0 ? sources.length : at, at < 0 ? 0 : 1, { id, name });
    await writeYamlMapping(path, {
      sources: sources.map((source) => ({ id: source.id, name: source.name })),
    });
  });
}
