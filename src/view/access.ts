import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { RequestError } from "./request-error.js";

/** Who may ask, and for what. */
export interface AccessRules {
  /** Bound to this machine alone: whoever runs programs on it may look. */
  readonly isLocal: boolean;
  /** Names, besides its own, under which it is reached. */
  readonly hosts: readonly string[];
  readonly token: string;
  /** Of the cookie that carries the token. */
  readonly cookie: string;
}

/** Whether only programs of this machine reach that address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/**
 * A page of somebody else cannot ask under a name of its own (DNS rebinding). Its port may be any: tunnels have others.
 * @throws {RequestError} HOST
 */
export function checkHost(request: IncomingMessage, { hosts, isLocal }: AccessRules): void {
  const given = request.headersDistinct.host ?? [];
  const name = given.length === 1 ? hostName(given[0]!) : undefined;
  if (name !== undefined) {
    if (isLoopback(name) || hosts.includes(name)) return;
    const own = hostname().toLowerCase();
    if (!isLocal && (isIP(name) !== 0 || name === own || name === `${own}.local`)) return;
  }
  throw new RequestError("HOST", `this is not ${given.join(", ") || "without a name"}`);
}

function hostName(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

/**
 * Pages of others may neither steer nor look. What is no browser says nothing of an origin.
 * @throws {RequestError} ORIGIN
 */
export function checkOrigin(request: IncomingMessage): void {
  const { origin, host, "sec-fetch-site": site, "sec-fetch-mode": mode } = request.headers;
  const isOwn = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  // Somebody may follow a link to the page, but not show its pictures elsewhere.
  const isForeign = (site === "cross-site" || site === "same-site") && mode !== "navigate";
  if (!isOwn || isForeign) throw new RequestError("ORIGIN", "pages from elsewhere may not ask");
}

/**
 * @param isChange the request changes something: then a cookie is not enough, since browsers send it by themselves.
 * @throws {RequestError} TOKEN
 */
export function checkToken(
  request: IncomingMessage,
  query: URLSearchParams,
  rules: AccessRules,
  isChange: boolean,
): void {
  if (rules.isLocal && !isChange) return;
  const [, bearer] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  const given = bearer ?? query.get("token") ?? (isChange ? undefined : cookieOf(request, rules.cookie));
  if (given === undefined) {
    throw new RequestError("TOKEN", 'the token is missing: "Authorization: Bearer TOKEN", or ?token=TOKEN');
  }
  if (!isEqual(given, rules.token)) throw new RequestError("TOKEN", "the token is wrong");
}

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? "").split(/; */)) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at) === name) return pair.slice(at + 1);
  }
  return undefined;
}

/** In the same time, wherever they differ. */
function isEqual(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(a!, b!);
}
