import type { CodedFrame, CodedInfo } from "../core/coded-frame.js";
import { rateAsFraction, type VideoContainer } from "./encoding.js";
import { CodedPacket, codedParameters } from "./ffmpeg/coded-packets.js";
import type { Packet } from "./ffmpeg/demuxer.js";
import { Muxer } from "./ffmpeg/muxer.js";

/** A file for packets as they are; whoever asked for it closes both. */
export interface CodedFile {
  readonly maker: {
    readonly name: string;
    make(frame: CodedFrame, rank: number, take: (packet: Packet) => void): Promise<void>;
    finish(): Promise<void>;
    close(): void;
  };
  readonly muxer: Muxer;
}

/**
 * Creates a video file with its header, for packets as a camera made them. Their stamps count frames: when each of them was
 * is told elsewhere. (FFmpeg's writers of MP4 and Matroska put lengths where start codes were; the units stay as they are.)
 * @throws {Error} in FFmpeg's words; no file is left open.
 */
export async function createCodedFile(
  path: string,
  coded: CodedInfo,
  container: VideoContainer,
  fps: number,
): Promise<CodedFile> {
  const muxer = new Muxer(path, container, true);
  const parameters = codedParameters(coded, rateAsFraction(fps));
  const packet = new CodedPacket();
  try {
    // Apple's players want this name of H.265.
    await muxer.startCoded(parameters, coded.codec === "hevc" && container !== "mkv" ? "hvc1" : 0);
  } catch (error) {
    await muxer.close();
    packet.free();
    throw error;
  } finally {
    parameters.codecpar.free();
  }
  return {
    muxer,
    maker: {
      name: "a packet",
      make: async ({ data, isKey }, rank, take) => take(packet.fill(data, rank, isKey)),
      finish: async () => {},
      close: () => packet.free(),
    },
  };
}
