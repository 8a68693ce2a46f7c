import type { ImageInfo } from "../core/image.js";
import type { PictureAnimation } from "./animation-stream.js";
import { expectPictures } from "./picture-kinds.js";
import { packPngRows, pngChunk, pngHeader } from "./png.js";
import { pngSignature } from "./png-decode.js";
import { isPicture } from "./sample-order.js";

/** Bytes of a chunk around what it holds, and of a whole `fcTL`. */
const aroundChunk = 12;
const controlBytes = 26 + aroundChunk;

/**
 * APNG (PNG, third edition): the first frame is a PNG's picture, the others lie in chunks of their own. A frame's time
 * is a fraction, found as a continued fraction.
 */
export function apng(info: ImageInfo, loop: number): PictureAnimation<Uint8Array> {
  const fits = (info.dtype === "uint8" || info.dtype === "uint16") && isPicture(info);
  expectPictures("APNG frames", info, fits, "uint8 and uint16 gray, bgr, bgra");
  const header = pngChunk("IHDR", pngHeader(info));
  const frame = (packed: Uint8Array, delay: number, rank: number): Uint8Array => {
    // Every chunk of a frame has a number: one for the first, whose picture is a PNG's, two for each other.
    const sequence = rank === 0 ? 0 : rank * 2 - 1;
    const body =
      rank === 0 ? pngChunk("IDAT", packed) : pngChunk("fdAT", Buffer.concat([word(sequence + 1), packed]));
    return Buffer.concat([control(info, sequence, delay), body]);
  };
  return {
    delays: {},
    pack: packPngRows,
    head: () => Buffer.concat([pngSignature, header, animationControl(0, loop)]),
    frame,
    // Never the first: its picture lies in an fdAT behind a number.
    again: (written, delay, rank) => {
      const packed = written.subarray(controlBytes + 12, written.length - 4);
      return frame(packed, delay, rank);
    },
    async end(file, frames) {
      await file.append(pngChunk("IEND", new Uint8Array(0)));
      await file.writeAt(animationControl(frames, loop), pngSignature.length + header.length);
    },
  };
}

function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function animationControl(frames: number, loop: number): Uint8Array {
  return pngChunk("acTL", Buffer.concat([word(frames), word(loop)]));
}

function control({ width, height }: ImageInfo, sequence: number, delay: number): Uint8Array {
  const bytes = Buffer.alloc(26);
  const [numerator, denominator] = fractionOf(delay);
  for (const [i, value] of [sequence, width, height, 0, 0].entries()) bytes.writeUInt32BE(value, i * 4);
  bytes.writeUInt16BE(numerator, 20);
  bytes.writeUInt16BE(denominator, 22);
  return pngChunk("fcTL", bytes);
}

const most = 65_535;

/**
 * The fraction of 16 bits nearest to a number of seconds, found as a continued fraction: 1001/30000 for a frame of NTSC.
 * Within a nanosecond the shorter one is taken.
 */
export function fractionOf(seconds: number): readonly [numerator: number, denominator: number] {
  if (seconds >= most) return [most, 1];
  const off = ([numerator, denominator]: Fraction): number => Math.abs(numerator / denominator - seconds);
  let before: Fraction = [0, 1];
  let found: Fraction = [1, 0];
  for (let rest = seconds; ; ) {
    const whole = Math.floor(rest);
    // As far towards the next one as 16 bits hold.
    const steps = Math.min(whole, ...found.map((part, i) => Math.floor((most - before[i]!) / part)));
    const next: Fraction = [steps * found[0] + before[0], steps * found[1] + before[1]];
    if (steps < whole) return off(next) < off(found) ? next : found;
    [before, found] = [found, next];
    if (off(found) < 1e-9 || rest === whole) return found;
    rest = 1 / (rest - whole);
  }
}

type Fraction = readonly [numerator: number, denominator: number];
