import type { FrameNumber } from "../core/frame.js";
import type { Picture } from "./preview-hub.js";

// A picture as a binary message of the WebSocket. All numbers are little-endian.
//
//   byte  0   uint8    1, the version of this header
//         1   uint8    0 JPEG, 1 H.264, 2 H.264 keyframe (Annex B, SPS and PPS before it)
//         2   uint16   which camera: its place in the status' list of cameras
//         4   uint32   bytes of this header; the picture is the rest
//         8   float64  when the frame was taken, seconds since 1970
//        16   int64    the frame's number; -2^63 where it has none

export const headerBytes = 24;
const version = 1;
const noNumber = -(2n ** 63n);

/** A picture as it comes out of a message. */
export interface ReceivedPicture {
  /** Place in the status' list of cameras. */
  readonly camera: number;
  readonly kind: "jpeg" | "h264";
  readonly isKey: boolean;
  /** Seconds since 1970. */
  readonly time: number;
  readonly number: FrameNumber;
  readonly bytes: Uint8Array;
}

export function pictureHeader(camera: number, { kind, isKey, stamp }: Picture): Uint8Array {
  const header = new Uint8Array(headerBytes);
  const view = new DataView(header.buffer);
  view.setUint8(0, version);
  view.setUint8(1, kind === "jpeg" ? 0 : isKey ? 2 : 1);
  view.setUint16(2, camera, true);
  view.setUint32(4, headerBytes, true);
  view.setFloat64(8, stamp.time, true);
  view.setBigInt64(16, asInt64(stamp.number), true);
  return header;
}

/** @throws {RangeError} if it is no such message. */
export function readPictureMessage(message: Uint8Array): ReceivedPicture {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (message.length < headerBytes || view.getUint8(0) !== version) {
    throw new RangeError(`a picture begins with ${headerBytes} bytes of header, version ${version}`);
  }
  const number = view.getBigInt64(16, true);
  const isSafe = number >= Number.MIN_SAFE_INTEGER && number <= Number.MAX_SAFE_INTEGER;
  return {
    camera: view.getUint16(2, true),
    kind: view.getUint8(1) === 0 ? "jpeg" : "h264",
    isKey: view.getUint8(1) !== 1,
    time: view.getFloat64(8, true),
    number: number === noNumber ? Number.NaN : isSafe ? Number(number) : number,
    bytes: message.subarray(view.getUint32(4, true)),
  };
}

function asInt64(number: FrameNumber): bigint {
  if (typeof number === "bigint") return BigInt.asIntN(64, number);
  return Number.isInteger(number) ? BigInt.asIntN(64, BigInt(number)) : noNumber;
}
