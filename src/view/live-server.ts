import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { type AccessRules, checkHost, checkOrigin, checkToken, isLoopback } from "./access.js";
import { Commands, describeError } from "./commands.js";
import type { LiveEvent, LiveRecording } from "./live-recording.js";
import { answerRequest, type LiveRoom, readTarget } from "./live-routes.js";
import { LiveSocket } from "./live-socket.js";
import { PreviewHub } from "./preview-hub.js";
import { ListenError, RequestError } from "./request-error.js";
import { Viewers } from "./viewers.js";

export interface ServeOptions {
  /** 0 takes any that is free. @default 0 */
  readonly port?: number;
  /** Address to listen on. Beyond this machine, everything needs the token. @default "127.0.0.1" */
  readonly host?: string;
  /** What is needed to steer: 8 … 200 letters, digits, `-` and `_`. @default a random one */
  readonly token?: string;
  /** Names besides its own under which it is reached, such as that of a proxy. */
  readonly hosts?: readonly string[];
}

/** Milliseconds between two looks at clients, and between two of their status. */
const pulse = { ping: 5000, status: 1000 };
/** Bytes of a message from a client. */
const longestMessage = 4096;

/**
 * A page, and what programs need, to look at a recording and to steer it: GET /, /status, /cameras/NAME.jpg, .png and .mjpeg;
 * POST /begin, /end, /stop, /extra; a WebSocket at /live (see `LiveSocket`). Whoever looks on has no effect on what is saved.
 * @throws {ListenError} if it cannot listen there; {RangeError} if an option is out of range.
 */
export async function serveLive(live: LiveRecording, options: ServeOptions = {}): Promise<LiveServer> {
  const { port = 0, host = "127.0.0.1", token = randomBytes(18).toString("base64url"), hosts = [] } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`port must be an integer from 0 to 65535, got ${port}`);
  }
  if (!/^[\w-]{8,200}$/.test(token)) {
    throw new RangeError("token must be 8 to 200 letters, digits, - and _");
  }
  const server = createServer({
    maxHeaderSize: 8192,
    headersTimeout: 10_000,
    requestTimeout: 15_000,
    keepAliveTimeout: 5000,
    connectionsCheckingInterval: 1000,
  });
  server.maxConnections = 256;
  server.maxRequestsPerSocket = 1000;
  await listen(server, port, host);
  const actual = (server.address() as AddressInfo).port;
  return new LiveServer(live, server, host, {
    isLocal: isLoopback(host),
    hosts: hosts.map((name) => name.toLowerCase()),
    token,
    cookie: `marey-${actual}`,
  });
}

/** Made by `serveLive`. */
export class LiveServer implements AsyncDisposable {
  /** Where the page is, with the token. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  readonly #server: Server;
  readonly #room: LiveRoom;
  readonly #sockets = new Set<LiveSocket>();
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: longestMessage,
    perMessageDeflate: false,
    clientTracking: false,
  });
  readonly #timers: readonly NodeJS.Timeout[];
  #closing: Promise<void> | undefined;

  /** @internal Use `serveLive`. */
  constructor(live: LiveRecording, server: Server, host: string, rules: AccessRules) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.token = rules.token;
    const shown = reachable(host);
    this.url = `http://${shown}:${this.port}/?token=${rules.token}`;
    this.#room = {
      rules,
      commands: new Commands(live),
      hubs: new Map(live.tracks.map((track) => [track.name, new PreviewHub(track)])),
      viewers: new Viewers(),
    };
    server.on("request", (request, response) => void answerRequest(request, response, this.#room));
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    server.on("clientError", (_, socket) => socket.destroy());
    server.on("error", () => {});
    this.#timers = [
      setInterval(() => this.#tellStatus(), pulse.status),
      setInterval(() => {
        for (const socket of this.#sockets) socket.ping();
      }, pulse.ping),
    ];
  }

  /** Tells all clients of something that happened, and how everything is then. */
  tell(event: LiveEvent): void {
    if (this.#sockets.size === 0) return;
    const text = JSON.stringify({ type: "event", event });
    for (const socket of this.#sockets) socket.tell(text);
    this.#tellStatus();
  }

  /** Breaks off every connection. The recording goes on. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      for (const timer of this.#timers) clearInterval(timer);
      const closed = new Promise((resolve) => this.#server.close(resolve));
      this.#room.viewers.close();
      for (const hub of this.#room.hubs.values()) hub.close();
      this.#server.closeIdleConnections();
      const late = setTimeout(() => this.#server.closeAllConnections(), 500);
      await closed;
      clearTimeout(late);
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #tellStatus(): void {
    if (this.#sockets.size === 0) return;
    const text = this.#status();
    for (const socket of this.#sockets) socket.tell(text);
  }

  #status(): string {
    const { commands, viewers } = this.#room;
    return JSON.stringify({ type: "status", ...commands.status(viewers.count) });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => {});
    const { rules, viewers, hubs } = this.#room;
    try {
      checkHost(request, rules);
      checkOrigin(request);
      const { path, query } = readTarget(request);
      checkToken(request, query, rules, false);
      if (path !== "/live") throw new RequestError("NOT_FOUND", "there is nothing here");
      viewers.checkRoom();
    } catch (error) {
      const status = error instanceof RequestError ? error.status : 500;
      const body = JSON.stringify({ ok: false, error: describeError(error) });
      const head = [
        `HTTP/1.1 ${status} Refused`,
        "Connection: close",
        "Content-Type: application/json; charset=utf-8",
        `Content-Length: ${Buffer.byteLength(body)}`,
      ];
      socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const client = new LiveSocket(webSocket, hubs, () => {
        this.#sockets.delete(client);
        viewers.delete(client);
      });
      this.#sockets.add(client);
      viewers.add(client);
      client.tell(this.#status());
    });
  }
}

/** How others write an address that is listened on. */
function reachable(host: string): string {
  const isEvery = host === "0.0.0.0" || host === "::";
  const own = Object.values(networkInterfaces()).flat();
  const name = isEvery
    ? (own.find((each) => each?.family === "IPv4" && !each.internal)?.address ?? hostname())
    : host;
  return name.includes(":") ? `[${name}]` : name;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(new ListenError(`${host}:${port}`, cause.message, { cause })));
    server.listen({ port, host }, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}
