import { randomBytes } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import {
  EncodeError,
  ExistsError,
  FrameNotFoundError,
  MareyError,
  NotFoundError,
  UnsupportedError,
} from "../core/errors.js";
import { containerOf } from "./encoding.js";
import { Muxer } from "./ffmpeg/muxer.js";
import { type CopyPlan, planCopy } from "./plan-copy.js";
import type { VideoReader } from "./video-reader.js";

export interface CopyVideoOptions {
  /** First frame, by index. */
  readonly start: number;
  /** Where to end; that frame is not included. */
  readonly stop: number;
  /** Refuse if just these frames cannot be cut out. @default false */
  readonly exact?: boolean;
  /** Replace an existing file. @default false */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  /** Called now and then with the number of packets written. */
  readonly onPacket?: (written: number) => void;
}

const containers = ["mp4", "mkv", "mov"];

/**
 * Which frames a copy of frames [start, stop) has: a little more, where packets lean on each other.
 * @throws {FrameNotFoundError} if there are none; {UnsupportedError} if they cannot be copied.
 */
export function copiedRange(video: VideoReader, { start, stop, exact }: CopyVideoOptions): CopyPlan {
  const { table, stream } = video;
  if (stop <= start) throw new FrameNotFoundError({ index: start }, `no frame lies before ${stop}`);
  if (table.isDecoded) {
    throw new UnsupportedError(
      "copy (its packets do not say in which order they are shown; convert it)",
      video.path,
    );
  }
  const plan = planCopy(table, start, stop);
  if (plan.isHidden && stream.codec !== "vp8" && stream.codec !== "vp9") {
    throw new UnsupportedError(
      "copy (frames need some that are cut away by an edit list, and would show up; convert it)",
      video.path,
    );
  }
  if (exact && (plan.start !== start || plan.stop !== stop)) {
    const found = `frames ${start} to ${stop - 1} cannot be cut out as they are, ${plan.start} to ${plan.stop - 1} can`;
    throw new UnsupportedError(`exact copy (${found})`, video.path);
  }
  return plan;
}

/**
 * Cuts frames out of a video without decoding them: the packets as they are. The first frame is at 0 s; every other is as far
 * from it as it was, to the millisecond of Matroska. Only the video stream is copied.
 * @returns which frames are in it; see `copiedRange`.
 * @throws what `copiedRange` throws; {ExistsError}; {UnsupportedError} for a container that is not mp4, mkv or mov, or does
 *   not take the codec; {EncodeError} if it cannot be written. Nothing is left behind then.
 */
export async function copyVideo(
  video: VideoReader,
  to: string,
  options: CopyVideoOptions,
): Promise<CopyPlan> {
  const container = containerOf(to);
  if (!containers.includes(container))
    throw new UnsupportedError("container to copy into", container, containers);
  const plan = copiedRange(video, options);
  const target = resolve(to);
  const exists = (): Promise<boolean> =>
    stat(target).then(
      () => true,
      () => false,
    );
  if (!options.overwrite && (await exists())) {
    throw new ExistsError(to, "choose another name, or pass overwrite to replace it");
  }
  await stat(dirname(target)).catch((cause) => {
    throw new NotFoundError(dirname(to), "no such folder", { cause });
  });
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString("hex")}.part`);
  try {
    await writePackets(video, temporary, container, plan, options);
    const file = await open(temporary, "r+");
    await file.sync().finally(() => file.close());
    if (!options.overwrite && (await exists())) {
      throw new ExistsError(to, "it was made while this one was being written");
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof MareyError || options.signal?.aborted) throw error;
    throw new EncodeError(to, (error as Error).message, { cause: error });
  }
  return plan;
}

async function writePackets(
  video: VideoReader,
  path: string,
  container: string,
  { packets, dts, pts }: CopyPlan,
  { signal, onPacket }: CopyVideoOptions,
): Promise<void> {
  const demuxer = await video.reopen();
  const muxer = new Muxer(path, container);
  try {
    // The letters that name the codec are the container's own.
    await muxer.startCopy(demuxer.stream, 0);
    const first = packets[0]!;
    // Every packet is counted from the start of the file: what a seek finds would have to be recognised first.
    for (let [at, next] = [0, 0]; next < packets.length; at++) {
      const packet = await demuxer.read();
      if (packet === undefined) throw new Error(`the file ends before packet ${packets[next]}`);
      if (at % 256 === 0) {
        signal?.throwIfAborted();
        onPacket?.(next);
      }
      if (at < first || packets[next] !== at) continue;
      packet.pts = BigInt(pts[next]!);
      packet.dts = BigInt(dts[next]!);
      muxer.write(packet, 1);
      next++;
    }
    signal?.throwIfAborted();
    await muxer.finish();
  } finally {
    await muxer.close();
    await demuxer.close();
  }
}
