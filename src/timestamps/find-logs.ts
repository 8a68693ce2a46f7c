import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FileFormatError, NotFoundError } from "../core/errors.js";
import { manifestName, readCameraManifest } from "./camera-manifest.js";
import { looseEntries } from "./log-folder.js";

/** A camera of a recording, and where its log is. */
export interface LoggedCamera {
  /** As the manifest numbers it; names of files and jobs have it without zeros before it. */
  readonly id: string;
  readonly name: string;
  /** The one archive of that number in the tree. */
  readonly archive: string | undefined;
  /** Where there is no archive: messages that lie in files of their own beside the manifest. */
  readonly entries: readonly string[];
  /** Why it has no log that could be read: none, or several. */
  readonly problem: string | undefined;
}

/** A recording: a manifest, and the logs of its cameras. */
export interface LoggedRecording {
  /** Of the manifest. */
  readonly folder: string;
  readonly manifest: string;
  /** In the order of their numbers as texts, "101" before "51", as the peer has them. */
  readonly cameras: readonly LoggedCamera[];
}

/**
 * Finds recordings of ataraxis-video-system in a tree: each `camera_manifest.yaml`, and for each camera in it the one archive
 * `101_log.npz` that lies anywhere in the tree, or below the manifest where there are several. Links to folders are not followed.
 * @throws {NotFoundError} if the folder, or one in it, cannot be read; {FileFormatError} if a manifest is damaged or names
 *   no camera.
 */
export async function findLogs(root: string): Promise<LoggedRecording[]> {
  const files = await logFiles(root);
  const manifests = files.filter(
    (path) => path.endsWith(`/${manifestName}`) || path.endsWith(`\\${manifestName}`),
  );
  const recordings: LoggedRecording[] = [];
  for (const manifest of manifests) {
    const folder = dirname(manifest);
    const own = manifests.length === 1 ? files : files.filter((path) => path.startsWith(join(folder, "/")));
    recordings.push({ folder, manifest, cameras: await camerasOf(manifest, own) });
  }
  return recordings;
}

async function camerasOf(manifest: string, files: readonly string[]): Promise<LoggedCamera[]> {
  const sources = (await readCameraManifest(manifest)) ?? [];
  if (sources.length === 0) throw new FileFormatError(manifest, "names no camera");
  const loose = await looseEntries(dirname(manifest));
  // Of two cameras with one number the last one counts.
  const names = new Map(sources.map(({ id, name }) => [String(id), name]));
  return [...names.keys()].sort().map((id) => {
    const archives = files.filter((path) => nameOf(path) === `${id}_log.npz`);
    const entries = archives.length === 0 ? (loose.get(Number(id)) ?? []) : [];
    const problem =
      archives.length > 1
        ? `${archives.length} archives are its log: ${archives.join(", ")}`
        : archives.length === 0 && entries.length === 0
          ? `there is no ${id}_log.npz`
          : undefined;
    const archive = archives.length === 1 ? archives[0] : undefined;
    return { id, name: names.get(id)!, archive, entries, problem };
  });
}

function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** Manifests and archives of a tree, in order of their paths. */
async function logFiles(root: string): Promise<string[]> {
  const found: string[] = [];
  const pending = [root];
  while (pending.length > 0) {
    const folder = pending.pop()!;
    const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
      throw new NotFoundError(folder, cause.code === "ENOENT" ? "no such folder" : cause.message, { cause });
    });
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else if (entry.name === manifestName || /_log\.npz$/.test(entry.name)) {
        const isFile =
          entry.isFile() ||
          (await stat(path)
            .then((status) => status.isFile())
            .catch(() => false));
        if (isFile) found.push(path);
      }
    }
  }
  return found.sort();
}
