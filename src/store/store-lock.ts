import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { EncodeError, ExistsError } from "../core/errors.js";
import { readContainedFile } from "./contained-file.js";
import { lockName } from "./layout.js";

/** Who writes a store: the content of its `.lock`, as JSON. Python's imgstore leaves it empty, and never looks at it. */
export interface LockOwner {
  readonly host: string;
  readonly pid: number;
  /** Changes with every start of the machine; empty where the system has no such thing. */
  readonly boot: string;
  /** When the process began, in the system's own count: numbers of processes are used again. */
  readonly started: string;
  /** When the lock was taken, ISO 8601. */
  readonly since: string;
  /** Makes one lock unlike another of the same process. */
  readonly token: string;
}

/** What a lock means to somebody else. */
export type LockState =
  | { readonly kind: "none" }
  /** Its writer is alive, or may be: it runs on another machine. */
  | { readonly kind: "held"; readonly by: string }
  /** Its writer is gone. */
  | { readonly kind: "stale"; readonly by: string; readonly text: string }
  /** Nobody knows: Python's imgstore signs nothing. */
  | { readonly kind: "unsigned"; readonly text: string };

/** Looks at the lock of a store. */
export async function lockState(folder: string): Promise<LockState> {
  let text: string;
  try {
    text = await readLock(folder, join(folder, lockName));
  } catch (error) {
    if (((error as Error).cause as NodeJS.ErrnoException)?.code === "ENOENT") return { kind: "none" };
    return { kind: "held", by: `nobody knows whom (${(error as Error).message})` };
  }
  const owner = parseOwner(text);
  if (owner === undefined) return { kind: "unsigned", text };
  const by = `process ${owner.pid} on ${owner.host} since ${owner.since}`;
  return isGone(owner) ? { kind: "stale", by, text } : { kind: "held", by };
}

/** Longest lock that is read, in bytes. */
const longestLock = 2 ** 16;

async function readLock(folder: string, path: string): Promise<string> {
  return new TextDecoder().decode(await readContainedFile(folder, path, longestLock));
}

/** A lock that this process holds. */
export interface StoreLock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a store, so that of two writers one gets it. A stale lock is taken over.
 * @param force take it from anyone.
 * @throws {ExistsError} if somebody else holds it, or may hold it.
 */
export async function takeLock(folder: string, force = false): Promise<StoreLock> {
  const state = await lockState(folder);
  if (state.kind === "held" && !force) {
    throw new ExistsError(join(folder, lockName), `the store is being written, by ${state.by}`);
  }
  if (state.kind === "unsigned" && !force) {
    const advice = "another program is writing the store, or crashed: marey repair takes the lock away";
    throw new ExistsError(join(folder, lockName), advice);
  }
  if (state.kind !== "none") await setAside(folder, state.kind === "held" ? undefined : state.text);
  return createLock(folder);
}

async function createLock(folder: string): Promise<StoreLock> {
  const path = join(folder, lockName);
  const mine = `${JSON.stringify(ownerHere())}\n`;
  const fresh = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    // Linked into place with its content on the disk: nobody ever finds a lock without an owner, also after a power cut.
    await writeFile(fresh, mine, { flag: "wx", flush: true });
    await link(fresh, path).catch(async (error: NodeJS.ErrnoException) => {
      // Some file systems have no links.
      if (error.code === "EEXIST") throw error;
      await writeFile(path, mine, { flag: "wx", flush: true });
    });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new ExistsError(path, "another writer was faster", { cause });
    throw new EncodeError(folder, `cannot be written: ${message}`, { cause });
  } finally {
    await rm(fresh, { force: true });
  }
  return {
    release: async () => {
      // Somebody may have taken it by force.
      const found = await readLock(folder, path).catch(() => "");
      if (found !== mine) return;
      await rm(path, { force: true }).catch((cause) => {
        throw new EncodeError(path, `cannot be taken away: ${cause.message}`, { cause });
      });
    },
  };
}

/** Moves a lock away, if it still is the one that was looked at: somebody else may have taken it over meanwhile. */
async function setAside(folder: string, expected: string | undefined): Promise<void> {
  const path = join(folder, lockName);
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await rename(path, aside);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new EncodeError(folder, `cannot be written: ${(cause as Error).message}`, { cause });
  }
  // By force, whatever it is: a pipe is no lock that anyone would wait for.
  const found = await readLock(folder, aside).catch(() => "");
  if (expected !== undefined && found !== expected) {
    await link(aside, path).catch(() => {});
    await rm(aside, { force: true });
    throw new ExistsError(path, "another writer was faster");
  }
  await rm(aside, { force: true });
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    const found = JSON.parse(text);
    const isOwner = typeof found?.pid === "number" && typeof found.host === "string";
    return isOwner ? found : undefined;
  } catch {
    return undefined;
  }
}

function ownerHere(): LockOwner {
  return {
    host: hostname(),
    pid: process.pid,
    boot: bootId(),
    started: processFacts(process.pid)?.started ?? "",
    since: new Date().toISOString(),
    token: randomBytes(8).toString("hex"),
  };
}

/** Only of a process of this machine can it be said that it is gone. */
function isGone({ host, pid, boot, started }: LockOwner): boolean {
  if (host !== hostname()) return false;
  if (boot !== "" && boot !== bootId()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return true;
  }
  const now = processFacts(pid);
  if (now === undefined) return false;
  return now.state === "Z" || (started !== "" && now.started !== started);
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

/** Fields 3 and 22 of /proc/PID/stat (proc(5)); undefined where there is no such file. */
function processFacts(pid: number): { readonly state: string; readonly started: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program may hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0]!, started: fields[19]! };
  } catch {
    return undefined;
  }
}
