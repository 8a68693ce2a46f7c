import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { type FileHandle, open, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EncodeError } from "../core/errors.js";

// Python's `filelock` takes flock(2) on a file that stays, empty, beside the one that it protects. Node cannot call
// flock(2). But such a lock belongs to the open file and not to the process: a program that is given our own file lock it,
// and ends, leaves it locked for us, until we close it or die. util-linux has one, `flock`; Python and Perl are others.

/** Milliseconds that somebody else's lock is waited for, as the peer does. */
const patience = 10_000;
/** Milliseconds between two looks at a lock that has to be looked at. */
const pause = 50;

/** Programs that lock file number 3 without waiting, and end with 1 if somebody else holds it. */
const lockers: readonly (readonly [program: string, ...args: string[]])[] = [
  ["flock", "--exclusive", "--nonblock", "3"],
  [
    "python3",
    "-c",
    "import fcntl,sys\ntry: fcntl.flock(3, fcntl.LOCK_EX | fcntl.LOCK_NB)\nexcept OSError: sys.exit(1)",
  ],
  ["perl", "-e", "open(my $f, '+<&=', 3) or exit 2; exit(flock($f, 2 | 4) ? 0 : 1)"],
];

/** The first of these that works here; -1 if none does. */
let usable: number | undefined;

/**
 * Does some work while nobody else does any under the same lock: neither another Marey, nor a Python program with `filelock`.
 *
 * Where none of `flock`, `python3` and `perl` can be run (Windows), a second file beside the lock, `.marey`, keeps other
 * Mareys out, but no Python.
 * @param path the lock's own file, "camera_manifest.yaml.lock"; it is made, and stays.
 * @throws {EncodeError} if somebody holds it for 10 seconds, or it cannot be made; and what `work` throws.
 */
export function underLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const place = resolve(path);
  const turn = (waiting.get(place) ?? Promise.resolve()).then(async () => {
    const release = await takeLock(path);
    try {
      return await work();
    } finally {
      await release();
    }
  });
  const end = turn.then(
    () => {},
    () => {},
  );
  waiting.set(place, end);
  void end.then(() => {
    if (waiting.get(place) === end) waiting.delete(place);
  });
  return turn;
}

/** The last one in this process that waits for a lock: one after another, so that only the first has to try. */
const waiting = new Map<string, Promise<void>>();

type Release = () => Promise<void>;

async function takeLock(path: string): Promise<Release> {
  const file = await open(path, "a+").catch((cause) => {
    throw new EncodeError(path, `cannot be made: ${cause.message}`, { cause });
  });
  try {
    const isLocked = await waitFor(path, () => tryToLock(file));
    if (isLocked) return () => file.close();
    await file.close();
  } catch (error) {
    await file.close();
    throw error;
  }
  return takeCompanion(`${path}.marey`);
}

/** @returns false if there is no way to try. */
async function waitFor(path: string, attempt: () => Promise<boolean | undefined>): Promise<boolean> {
  for (const end = performance.now() + patience; ; ) {
    const outcome = await attempt();
    if (outcome !== false) return outcome === true;
    if (performance.now() > end) {
      throw new EncodeError(path, `is held by another program, for ${patience / 1000} seconds now`);
    }
    await sleep(pause);
  }
}

/** @returns undefined if no program can do it. */
async function tryToLock(file: FileHandle): Promise<boolean | undefined> {
  const [from, stop] = usable === undefined ? [0, lockers.length] : [usable, usable + 1];
  for (let which = from; which >= 0 && which < stop; which++) {
    const code = await exitCode(lockers[which]!, file.fd);
    if (code !== 0 && code !== 1) continue;
    usable = which;
    return code === 0;
  }
  usable = -1;
  return undefined;
}

/** @returns undefined if it could not be run. */
function exitCode(
  [program, ...args]: readonly [string, ...string[]],
  fd: number,
): Promise<number | undefined> {
  return new Promise((settle) => {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "ignore", fd] });
    child.on("error", () => settle(undefined));
    child.on("close", (code) => settle(code ?? undefined));
  });
}

/** A file that only one can make, signed, so that one whose owner is gone can be taken away. */
async function takeCompanion(path: string): Promise<Release> {
  const mine = JSON.stringify({ host: hostname(), pid: process.pid, token: randomUUID() });
  await waitFor(path, async () => {
    try {
      const file = await open(path, "wx");
      await file.writeFile(mine).finally(() => file.close());
      return true;
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code !== "EEXIST") throw new EncodeError(path, `cannot be made: ${message}`, { cause });
      if (await isAbandoned(path)) await rm(path, { force: true });
      return false;
    }
  });
  return () => rm(path, { force: true });
}

async function isAbandoned(path: string): Promise<boolean> {
  const owner = await readFile(path, "utf8")
    .then((text) => JSON.parse(text) as { readonly host?: unknown; readonly pid?: unknown })
    .catch(() => undefined);
  if (owner?.host !== hostname() || typeof owner.pid !== "number") return false;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
