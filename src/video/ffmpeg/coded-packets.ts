import {
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_HEVC,
  AV_CODEC_ID_MJPEG,
  AV_PKT_FLAG_KEY,
  AVMEDIA_TYPE_VIDEO,
} from "node-av/constants";
import { avGetPixFmtFromName, CodecParameters, Packet, Rational } from "node-av/lib";
import type { CodedCodec, CodedInfo } from "../../core/coded-frame.js";

/** FFmpeg's numbers of the codecs whose packets are handed on. */
export const codedCodecs: { readonly [C in CodedCodec]: number } = {
  h264: AV_CODEC_ID_H264,
  hevc: AV_CODEC_ID_HEVC,
  mjpeg: AV_CODEC_ID_MJPEG,
  av1: AV_CODEC_ID_AV1,
};

/** What a decoder or a muxer is opened with, made of plain data. Whoever made it frees `codecpar`. */
export interface CodedParameters {
  readonly codecpar: CodecParameters;
  readonly timeBase: Rational;
}

/** @param rate frames a second: packets are counted in them. */
export function codedParameters(
  info: CodedInfo,
  rate = { num: 25, den: 1 } as { readonly num: number; readonly den: number },
): CodedParameters {
  const codecpar = new CodecParameters();
  codecpar.alloc();
  codecpar.codecType = AVMEDIA_TYPE_VIDEO;
  codecpar.codecId = codedCodecs[info.codec] as typeof codecpar.codecId;
  codecpar.width = info.width;
  codecpar.height = info.height;
  if (info.pixelFormat !== "") codecpar.format = avGetPixFmtFromName(info.pixelFormat);
  if (info.extradata.length > 0) codecpar.extradata = Buffer.from(info.extradata);
  return { codecpar, timeBase: new Rational(rate.den, rate.num) };
}

/** A packet of FFmpeg's that is filled again and again. */
export class CodedPacket {
  readonly #packet = new Packet();

  constructor() {
    this.#packet.alloc();
  }

  /**
   * Puts a frame's bytes into it: a copy, with the padding that decoders want.
   * @param rank its stamp, in ticks of one frame.
   * @returns the packet, until the next call.
   */
  fill(data: Uint8Array, rank: number, isKey: boolean): Packet {
    const packet = this.#packet;
    packet.unref();
    packet.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    packet.pts = BigInt(rank);
    packet.dts = BigInt(rank);
    packet.flags = (isKey ? AV_PKT_FLAG_KEY : 0) as typeof packet.flags;
    return packet;
  }

  free(): void {
    this.#packet.free();
  }
}
