import type { SeekableSource } from "../core/stream.js";
import type { CreateOptions } from "../index.js";
import type { CommonOptions, Context } from "./context.js";
import { isInterruption } from "./exit.js";
import { countOf, formatSeconds } from "./output.js";

/** What a command has written. */
export interface WrittenFrames {
  readonly frames: number;
  readonly seconds: number;
}

/** What is being done, for the progress bar, and since when. */
export interface Writing {
  readonly label: string;
  /** As `performance.now()` gives it. */
  readonly started: number;
  /** Frames in all. */
  readonly total: number;
}

/**
 * Writes all frames of a source, with a progress bar, and says so in a line unless JSON is asked for. After an error nothing
 * is left behind; a store that was interrupted keeps what it has.
 */
export async function writeFrames(
  source: Pick<SeekableSource, "frames">,
  output: string,
  create: CreateOptions,
  { label, started, total }: Writing,
  options: CommonOptions,
  context: Context,
): Promise<WrittenFrames> {
  const [{ create: createSink }, { pour }] = await Promise.all([
    import("../index.js"),
    import("../convert/pour.js"),
  ]);
  const { signal } = context;
  const progress = context.progress(label, total, options);
  let frames = 0;
  try {
    await context.guard(async () => {
      signal.throwIfAborted();
      const sink = await createSink(output, create);
      const onWritten = (written: number): void => progress.update(written);
      frames = await pour(source.frames(), sink, { signal, keepsPart: isInterruption, onWritten });
    });
  } finally {
    progress.end();
  }
  const seconds = (performance.now() - started) / 1000;
  if (!options.json && !options.quiet) {
    await context.out.line(`${output}: ${countOf(frames, "frame")} in ${formatSeconds(seconds)}`);
  }
  return { frames, seconds };
}
