import type { Readable, Writable } from "node:stream";
import { type Command, Commands, describeError } from "./commands.js";
import type { LiveRecording } from "./live-recording.js";
import { RequestError } from "./request-error.js";

/** Bytes of a line. */
const longest = 65_536;

/**
 * Follows lines of text, one after another, and answers each with a line of JSON: `begin`, `end`, `stop`, `status`,
 * `extra {"odor": "on"}` or only `{"odor": "on"}` (a row tied to the frame that was written last), `extra CAMERA {…}` (of one
 * camera). An answer is {"ok": true, …} or {"ok": false, "error": {"code", "message"}}. Empty lines are not answered.
 *
 * Resolves when there are no more lines; the recording goes on.
 * @param output is waited for: who does not read its answers is not listened to.
 */
export async function followLines(
  live: LiveRecording,
  input: Readable,
  output: Writable,
  commands = new Commands(live),
): Promise<void> {
  const answer = (value: unknown): Promise<void> =>
    new Promise((resolve) => output.write(`${JSON.stringify(value)}\n`, () => resolve()));
  const refuse = (error: unknown): Promise<void> => answer({ ok: false, error: describeError(error) });
  try {
    for await (const line of linesOf(input)) {
      const text = line.trim();
      if (text === "") continue;
      const followed = (async () => commands.follow(readCommand(text)))();
      await followed.then(answer, refuse);
    }
  } catch (error) {
    if (error instanceof RequestError) await refuse(error);
  }
}

/** @throws {RequestError} if it is no command. */
export function readCommand(line: string): Command {
  if (line.startsWith("{")) return { kind: "extra", row: parse(line) };
  const [, word, camera, row] = /^(\S+)(?:\s+([^\s{]\S*))?(?:\s+(\{.*))?$/s.exec(line) ?? [];
  if (word === "extra" && row !== undefined) {
    return { kind: "extra", row: parse(row), ...(camera !== undefined && { camera }) };
  }
  const isAlone = camera === undefined && row === undefined;
  if (isAlone && (word === "begin" || word === "end" || word === "stop" || word === "status")) {
    return { kind: word };
  }
  throw new RequestError(
    "BAD_REQUEST",
    `a line is begin, end, stop, status or extra {…}, not ${quote(line)}`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RequestError("BAD_REQUEST", `no JSON: ${quote(text)}: ${(cause as Error).message}`, { cause });
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** @throws {RequestError} if a line is too long; nothing longer is kept. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let length = 0;
  // Who is told why nothing more is read has to be there still.
  for await (const piece of input.iterator({ destroyOnReturn: false })) {
    let bytes = Buffer.from(piece);
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10)) {
      if (length + at > longest) throw tooLong();
      yield Buffer.concat([...rest, bytes.subarray(0, at)]).toString();
      rest = [];
      length = 0;
      bytes = bytes.subarray(at + 1);
    }
    length += bytes.length;
    if (length > longest) throw tooLong();
    rest.push(bytes);
  }
  if (length > 0) yield Buffer.concat(rest).toString();
}

function tooLong(): RequestError {
  return new RequestError("TOO_LARGE", `a line has ${longest} bytes at most`);
}
