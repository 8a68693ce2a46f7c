import { randomBytes } from "node:crypto";
import { chmod, link, lstat, rename, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { followLines } from "./command-lines.js";
import { Commands } from "./commands.js";
import type { LiveRecording } from "./live-recording.js";
import { ListenError } from "./request-error.js";

/** A file that programs of the same user write lines to. */
export interface ControlSocket extends AsyncDisposable {
  readonly path: string;
  /** Removes it. May be called twice. */
  close(): Promise<void>;
}

/** Connections at a time. */
const most = 32;
/** Bytes of a path that every system takes. */
const longestPath = 100;

/**
 * Listens on a Unix socket for the lines of `followLines`; only this user may write to it (mode 0600). One that is left from a
 * process which died is replaced.
 * @throws {ListenError} if somebody listens there, if there is another file of that name, or the path is too long.
 */
export async function listenForLines(live: LiveRecording, path: string): Promise<ControlSocket> {
  // Under another name first: it never is there for others to use, and takes its name in one step.
  const temporary = join(dirname(path), `.${randomBytes(4).toString("hex")}`);
  if (Math.max(Buffer.byteLength(path), Buffer.byteLength(temporary)) > longestPath) {
    throw new ListenError(path, `a path of ${longestPath} bytes at most is wanted`);
  }
  await checkPlace(path);
  const commands = new Commands(live);
  const sockets = new Set<Socket>();
  // Who has sent all may still wait for answers.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    followLines(live, socket, socket, commands).finally(() => socket.destroySoon());
  });
  server.maxConnections = most;
  await listen(server, temporary, path);
  let inode: bigint;
  try {
    await chmod(temporary, 0o600);
    inode = (await lstat(temporary, { bigint: true })).ino;
    await take(temporary, path);
  } catch (cause) {
    server.close();
    await rm(temporary, { force: true });
    if (cause instanceof ListenError) throw cause;
    throw new ListenError(path, (cause as Error).message, { cause });
  }
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      const found = await lstat(path, { bigint: true }).catch(() => undefined);
      if (found?.ino === inode) await rm(path, { force: true });
      for (const socket of sockets) socket.destroySoon();
      const late = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, 500);
      await closed;
      clearTimeout(late);
    })();
    return closing;
  };
  return { path, close, [Symbol.asyncDispose]: close };
}

/** @throws {ListenError} if something is there that is not to be replaced. */
async function checkPlace(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new ListenError(path, "there is a file of that name, and it is no socket");
  if (await answers(path)) throw new ListenError(path, "another process listens there");
}

/** Whether anybody listens; nobody does on what a process has left that died. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
    });
  });
}

async function take(temporary: string, path: string): Promise<void> {
  try {
    // A link does not replace what has come in the meantime.
    await link(temporary, path);
    await rm(temporary);
  } catch {
    await checkPlace(path);
    await rename(temporary, path);
  }
}

function listen(server: Server, temporary: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(new ListenError(path, cause.message, { cause })));
    server.listen(temporary, () => {
      server.removeAllListeners("error");
      server.on("error", () => {});
      resolve();
    });
  });
}
