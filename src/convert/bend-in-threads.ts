import type { ImageInfo } from "../core/image.js";
import type { SeekableSource } from "../core/stream.js";
import type { BoundTransform, TransformStep } from "../transforms/transform-kind.js";
import { composeOrigins, type Origin, originsOf } from "./frame-origins.js";
import { type ParallelOptions, ParallelPictures } from "./parallel-pictures.js";

/** A source after one more transform. */
export interface BentStep {
  readonly step: TransformStep;
  /** What its pictures are. */
  readonly info: ImageInfo;
  /** How many frames there are. */
  readonly frames: number;
}

export interface BentSource {
  readonly source: SeekableSource;
  readonly steps: readonly BentStep[];
  /** Which frame of the first source a frame of the last one was. */
  readonly originOf: Origin;
}

/**
 * As `bend`, where picture transforms that follow each other are done in threads.
 * @param source is closed with what is returned.
 * @throws {TransformError} if a transform cannot be done to such pictures; all is closed then.
 */
export async function bendInThreads(
  source: SeekableSource,
  transforms: readonly BoundTransform[],
  options: ParallelOptions,
): Promise<BentSource> {
  const steps: BentStep[] = [];
  const origins: Origin[] = [];
  let bent = source;
  try {
    for (const run of runsOf(transforms)) {
      const before = bent;
      if (run[0]!.pictures) {
        const made = new ParallelPictures(before, run, options);
        for (const [at, { step }] of run.entries()) {
          steps.push({ step, info: made.infos[at]!, frames: made.index.length });
        }
        bent = made;
      } else {
        bent = run[0]!.seek(before);
        steps.push({ step: run[0]!.step, info: bent.info, frames: bent.index.length });
        origins.push(originsOf(before, bent));
      }
    }
  } catch (error) {
    await bent.close();
    throw error;
  }
  return { source: bent, steps, originOf: composeOrigins(origins) };
}

/** Picture transforms that follow each other go together, all others alone. */
function runsOf(transforms: readonly BoundTransform[]): BoundTransform[][] {
  const runs: BoundTransform[][] = [];
  for (const transform of transforms) {
    const last = runs.at(-1);
    if (transform.pictures && last?.[0]?.pictures) last.push(transform);
    else runs.push([transform]);
  }
  return runs;
}
