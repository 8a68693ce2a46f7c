import type { IncomingMessage, ServerResponse } from "node:http";
import { type AccessRules, checkHost, checkOrigin, checkToken } from "./access.js";
import { type Command, type Commands, describeError } from "./commands.js";
import { livePage } from "./live-page.js";
import { sendMotionJpeg } from "./motion-jpeg.js";
import type { PreviewHub } from "./preview-hub.js";
import { readBody } from "./read-body.js";
import { RequestError } from "./request-error.js";
import type { Viewers } from "./viewers.js";
import { readWish } from "./wish.js";

/** What answers are made of. */
export interface LiveRoom {
  readonly rules: AccessRules;
  readonly commands: Commands;
  readonly hubs: ReadonlyMap<string, PreviewHub>;
  readonly viewers: Viewers;
}

const everywhere = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** Answers one request; never throws. */
export async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  room: LiveRoom,
): Promise<void> {
  for (const [name, value] of Object.entries(everywhere)) response.setHeader(name, value);
  try {
    checkHost(request, room.rules);
    checkOrigin(request);
    const { path, query } = readTarget(request);
    const isChange = request.method !== "GET" && request.method !== "HEAD";
    checkToken(request, query, room.rules, isChange);
    if (isChange) await change(request, response, path, query, room);
    else await show(request, response, path, query, room);
  } catch (error) {
    refuse(request, response, error);
  }
}

/** Path and query of a request, as they were sent. @throws {RequestError} BAD_REQUEST */
export function readTarget({ url = "" }: IncomingMessage): {
  readonly path: string;
  readonly query: URLSearchParams;
} {
  const [, path, query] = /^(\/[^?#]*)(?:\?([^#]*))?$/.exec(url) ?? [];
  if (path === undefined) throw new RequestError("BAD_REQUEST", "the address is no path");
  return { path, query: new URLSearchParams(query) };
}

const changes: readonly string[] = ["begin", "end", "stop", "extra"];

async function change(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: URLSearchParams,
  { commands }: LiveRoom,
): Promise<void> {
  const kind = path.slice(1);
  if (!changes.includes(kind)) throw isShown(path) ? wrongMethod("GET, HEAD") : notFound();
  if (request.method !== "POST") throw wrongMethod("POST");
  // Forms of other pages cannot send this.
  const [type] = (request.headers["content-type"] ?? "").split(";");
  if (type!.trim().toLowerCase() !== "application/json") {
    throw new RequestError("CONTENT_TYPE", 'the body is JSON: "Content-Type: application/json"');
  }
  const body = await readBody(request);
  const camera = query.get("camera");
  const command =
    kind === "extra" ? { kind, row: body, ...(camera !== null && { camera }) } : ({ kind } as const);
  sendJson(response, 200, await commands.follow(command as Command));
}

function isShown(path: string): boolean {
  return path === "/" || path === "/status" || path.startsWith("/cameras/");
}

async function show(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: URLSearchParams,
  room: LiveRoom,
): Promise<void> {
  if (path === "/") {
    const { rules } = room;
    // For pictures and the WebSocket, which carry no header.
    const isGiven = query.has("token");
    if (!rules.isLocal && isGiven) {
      const value = `${rules.cookie}=${rules.token}; HttpOnly; SameSite=Strict; Path=/`;
      response.setHeader("Set-Cookie", value);
    }
    response.setHeader("Content-Security-Policy", livePage.policy(request.headers.host!));
    send(response, 200, "text/html; charset=utf-8", livePage.html);
  } else if (path === "/status") {
    sendJson(response, 200, room.commands.status(room.viewers.count));
  } else if (path.startsWith("/cameras/")) {
    await showCamera(request, response, path.slice("/cameras/".length), query, room);
  } else if (changes.includes(path.slice(1))) throw wrongMethod("POST");
  else throw notFound();
}

async function showCamera(
  request: IncomingMessage,
  response: ServerResponse,
  file: string,
  query: URLSearchParams,
  { hubs, viewers }: LiveRoom,
): Promise<void> {
  const [, name, kind] = /^(.+)\.(mjpeg|jpg|png)$/.exec(decoded(file)) ?? [];
  if (name === undefined) throw notFound();
  const hub = hubs.get(name);
  if (hub === undefined) {
    throw new RequestError("CAMERA", `no camera "${name}" (there are: ${[...hubs.keys()].join(", ")})`);
  }
  // Headers alone are no reason to trouble a camera.
  if (request.method === "HEAD") throw wrongMethod("GET");
  const wish = readWish({ rate: query.get("rate"), width: query.get("width") });
  if (kind === "mjpeg") {
    sendMotionJpeg(response, hub, wish, viewers);
    return;
  }
  // Those who ask and do not take what they get are viewers, too.
  viewers.seeOnce(response);
  if (kind === "png") send(response, 200, "image/png", await hub.snapshot());
  else {
    const { bytes, stamp } = await hub.now(wish.width);
    response.setHeader("X-Frame-Number", String(stamp.number));
    response.setHeader("X-Frame-Time", String(stamp.time));
    send(response, 200, "image/jpeg", bytes);
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new RequestError("BAD_REQUEST", "the address is not spelled as addresses are", { cause });
  }
}

function notFound(): RequestError {
  return new RequestError("NOT_FOUND", "there is nothing here");
}

class MethodError extends RequestError {
  readonly allowed: string;

  constructor(allowed: string) {
    super("METHOD", `here it is ${allowed}`);
    this.allowed = allowed;
  }
}

function wrongMethod(allowed: string): RequestError {
  return new MethodError(allowed);
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof MethodError) response.setHeader("Allow", error.allowed);
  if (error instanceof RequestError && error.code === "TOKEN") {
    response.setHeader("WWW-Authenticate", "Bearer");
  }
  // What is left of its body is not read.
  if (!request.complete) response.setHeader("Connection", "close");
  const status = error instanceof RequestError ? error.status : 500;
  sendJson(response, status, { ok: false, error: describeError(error) });
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, "application/json; charset=utf-8", JSON.stringify(value));
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.statusCode = status;
  response.setHeader("Content-Type", type);
  response.setHeader("Content-Length", Buffer.byteLength(body));
  response.end(body);
}
