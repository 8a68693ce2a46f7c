import type { IncomingMessage } from "node:http";
import { RequestError } from "./request-error.js";

/** Bytes of a body. */
const most = 65_536;

/** A JSON body; undefined if it is empty. @throws {RequestError} if it is too long, or no JSON. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const claimed = Number(request.headers["content-length"] ?? 0);
  if (claimed > most) throw tooLarge();
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request) {
    length += (piece as Buffer).length;
    if (length > most) throw tooLarge();
    pieces.push(piece as Buffer);
  }
  const text = Buffer.concat(pieces).toString();
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RequestError("BAD_REQUEST", `the body is no JSON: ${(cause as Error).message}`, { cause });
  }
}

function tooLarge(): RequestError {
  return new RequestError("TOO_LARGE", `a body has ${most} bytes at most`);
}
