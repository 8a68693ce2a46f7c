import type { Context } from "./context.js";

/** -o and --overwrite, of commands that print a text or write it into a file. */
export interface FileOptions {
  readonly output?: string;
  readonly overwrite?: boolean;
}

/** The lines into the file that was asked for, or on standard output. */
export async function giveLines(
  lines: Iterable<string> | AsyncIterable<string>,
  { output, overwrite = false }: FileOptions,
  { out, signal }: Context,
): Promise<void> {
  if (output !== undefined) {
    const { writeLines } = await import("../store/whole-file.js");
    return writeLines(output, overwrite, lines);
  }
  for await (const line of lines) {
    signal.throwIfAborted();
    await out.line(line);
  }
}
