import { closeSync, fdatasync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import { FileFormatError } from "../core/errors.js";
import type { VideoContainer } from "./encoding.js";
import { Demuxer } from "./ffmpeg/demuxer.js";
import { Muxer } from "./ffmpeg/muxer.js";
import { type FileRange, FrameLayout, readRange } from "./frame-layout.js";

const syncData = promisify(fdatasync);

/** What `mendVideo` wrote: where each frame lies, and what lies before the first and behind the last. */
export interface MendedVideo {
  readonly frames: readonly FileRange[];
  /** Bytes of a frame. */
  read(range: FileRange): Uint8Array;
  readonly rest: readonly Uint8Array[];
  /** Lets go of the file. */
  close(): void;
}

/**
 * Copies the packets of a video that was never finished into an ordinary, seekable file. Nothing is decoded.
 * @param to a file that is not there yet; synced when this resolves.
 * @param most frames that are copied.
 * @throws {FileFormatError} if there is nothing to be read.
 */
export async function mendVideo(
  from: string,
  to: string,
  most: number,
  container: VideoContainer,
): Promise<MendedVideo> {
  const demuxer = await Demuxer.open(`file:${from}`).catch((cause: Error) => {
    throw new FileFormatError(from, cause.message, { cause });
  });
  const muxer = new Muxer(to, container, true);
  let fd: number | undefined;
  try {
    await muxer.startCopy(demuxer.stream);
    muxer.flush();
    fd = openSync(to, "r+");
    const layout = new FrameLayout(fd, container);
    while (layout.frames.length < most) {
      const packet = await demuxer.read();
      if (packet === undefined) break;
      const bytes = packet.size;
      muxer.write(packet, 1);
      muxer.flush();
      layout.add(bytes);
    }
    await muxer.finish();
    await muxer.close();
    await syncData(fd);
    const file = fd;
    const read = (range: FileRange): Uint8Array => readRange(file, to, range);
    return { frames: layout.frames, read, rest: layout.rest().map(read), close: () => closeSync(file) };
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    await muxer.close();
    await rm(to, { force: true });
    throw error;
  } finally {
    await demuxer.close();
  }
}
