import type { DecodeError } from "../core/errors.js";
import type { IndexedFrame } from "../core/frame.js";
import type { FrameRange, FrameRun } from "../core/stream.js";
import type { DecodeSession } from "./decode-session.js";
import type { NativeFrame } from "./ffmpeg/decoder.js";
import { FrameCache } from "./frame-cache.js";

/** One `frames()` loop: what it reads with, where it goes, and how a picture becomes a frame. */
export interface FrameLoop {
  readonly session: DecodeSession;
  readonly range: FrameRun;
  readonly onDamage: FrameRange["onDamage"];
  /** Bytes of decoded pictures that a backward loop may hold. */
  readonly cacheBytes: number;
  readonly dress: (index: number, native: NativeFrame) => IndexedFrame;
  /** The error of a frame that is damaged or missing. */
  readonly damage: (index: number, native: NativeFrame | undefined) => DecodeError | undefined;
}

/** Frames in rising order; the next picture is decoded while the caller has the one before. */
export async function* forwards(loop: FrameLoop): AsyncGenerator<IndexedFrame> {
  const { session, onDamage } = loop;
  const { start, count, step } = loop.range;
  for (let i = 0; i < count; i++) {
    const index = start + i * step;
    const native = await reach(session, index, step === 1 && i > 0);
    const error = loop.damage(index, native);
    if (step === 1 && i + 1 < count) session.readAhead();
    try {
      if (error) report(error, onDamage);
      else yield loop.dress(index, native!);
    } finally {
      native?.release();
    }
  }
}

/**
 * Frames in falling order. A group of pictures decodes forwards only. So it is decoded up to the wanted frame, the last
 * pictures of it are kept as far as the cache's size allows, and handed out from the end.
 */
export async function* backwards(loop: FrameLoop): AsyncGenerator<IndexedFrame> {
  const { session, onDamage } = loop;
  const { start, count, step } = loop.range;
  const segment = new FrameCache(loop.cacheBytes);
  try {
    for (let i = 0; i < count; i++) {
      const index = start + i * step;
      if (!segment.has(index)) {
        segment.clear();
        const isWanted = (at: number): boolean => at <= index && (index - at) % -step === 0;
        await session.fetch(index, {
          way: "run",
          keep: (frame, at) => (isWanted(at) ? segment.put(at, frame) : frame.release()),
        });
      }
      const native = segment.get(index);
      const error = loop.damage(index, native);
      if (error) report(error, onDamage);
      else yield loop.dress(index, native!);
    }
  } finally {
    segment.clear();
  }
}

/** One frame of a forward loop: the next one in the decoder, or one that is looked for. */
async function reach(
  session: DecodeSession,
  index: number,
  isNext: boolean,
): Promise<NativeFrame | undefined> {
  const next = isNext ? await session.next(index) : undefined;
  if (next && !(next.isUnsure && session.start > 0)) return next;
  next?.release();
  if (isNext && !next && session.start === 0) return undefined;
  return fetchOnly(session, index, "run");
}

/** Fetches one frame and lets go of all others that come out on the way. */
export async function fetchOnly(
  session: DecodeSession,
  index: number,
  way: "jump" | "run",
): Promise<NativeFrame | undefined> {
  let kept: NativeFrame | undefined;
  await session.fetch(index, {
    way,
    keep: (frame, at) => {
      if (at !== index) return frame.release();
      kept?.release();
      kept = frame;
    },
  });
  return kept;
}

function report(error: DecodeError, onDamage: FrameRange["onDamage"]): void {
  if (!onDamage) throw error;
  onDamage(error);
}
