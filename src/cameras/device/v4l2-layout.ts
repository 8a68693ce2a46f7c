import { i16, i32, i64, Struct, text, u32, u64 } from "./struct.js";

// <linux/videodev2.h> as 64-bit machines have it (x86_64, arm64): where the fields lie that are used here. Kept true by
// a test against what a C compiler says.

export const capability = new Struct(104, {
  driver: text(0, 16),
  card: text(16, 32),
  bus_info: text(48, 32),
  version: u32(80),
  capabilities: u32(84),
  device_caps: u32(88),
});

export const fmtdesc = new Struct(64, {
  index: u32(0),
  type: u32(4),
  flags: u32(8),
  description: text(12, 32),
  pixelformat: u32(44),
});

/** `type` says which of a union counts: 1 width and height, 2 and 3 the limits and steps. */
export const frmsizeenum = new Struct(44, {
  index: u32(0),
  pixel_format: u32(4),
  type: u32(8),
  width: u32(12),
  height: u32(16),
  min_width: u32(12),
  max_width: u32(16),
  step_width: u32(20),
  min_height: u32(24),
  max_height: u32(28),
  step_height: u32(32),
});

/** As `frmsizeenum`: 1 one interval, 2 and 3 the shortest and the longest. Seconds a frame, as fractions. */
export const frmivalenum = new Struct(52, {
  index: u32(0),
  pixel_format: u32(4),
  width: u32(8),
  height: u32(12),
  type: u32(16),
  numerator: u32(20),
  denominator: u32(24),
  max_numerator: u32(28),
  max_denominator: u32(32),
});

/** With the part of its union that is about pictures in one plane. */
export const format = new Struct(208, {
  type: u32(0),
  width: u32(8),
  height: u32(12),
  pixelformat: u32(16),
  field: u32(20),
  bytesperline: u32(24),
  sizeimage: u32(28),
  colorspace: u32(32),
  ycbcr_enc: u32(44),
  quantization: u32(48),
});

export const streamparm = new Struct(204, {
  type: u32(0),
  capability: u32(4),
  numerator: u32(12),
  denominator: u32(16),
});

export const requestbuffers = new Struct(20, { count: u32(0), type: u32(4), memory: u32(8) });

export const buffer = new Struct(88, {
  index: u32(0),
  type: u32(4),
  bytesused: u32(8),
  flags: u32(12),
  field: u32(16),
  tv_sec: i64(24),
  tv_usec: i64(32),
  sequence: u32(56),
  memory: u32(60),
  offset: u32(64),
  length: u32(72),
});

export const queryExtCtrl = new Struct(232, {
  id: u32(0),
  type: u32(4),
  name: text(8, 32),
  minimum: i64(40),
  maximum: i64(48),
  step: u64(56),
  default_value: i64(64),
  flags: u32(72),
  elems: u32(80),
  nr_of_dims: u32(84),
});

/** A menu has names, a menu of integers has values in their place. */
export const querymenu = new Struct(44, { id: u32(0), index: u32(4), name: text(8, 32), value: i64(8) });

export const control = new Struct(8, { id: u32(0), value: i32(4) });
export const extControl = new Struct(20, { id: u32(0), size: u32(4), value64: i64(12) });
export const extControls = new Struct(32, { which: u32(0), count: u32(4), controls: u64(24) });

export const pollfd = new Struct(8, { fd: i32(0), events: i16(4), revents: i16(6) });

const [write, read] = [1, 2];

/** The `_IOC` of <asm-generic/ioctl.h>. */
function request(direction: number, number: number, size: number): number {
  return ((direction << 30) | (size << 16) | (0x56 << 8) | number) >>> 0;
}

/** The numbers of the requests. */
export const requests = {
  querycap: request(read, 0, capability.size),
  enumFmt: request(read | write, 2, fmtdesc.size),
  getFmt: request(read | write, 4, format.size),
  setFmt: request(read | write, 5, format.size),
  reqbufs: request(read | write, 8, requestbuffers.size),
  querybuf: request(read | write, 9, buffer.size),
  qbuf: request(read | write, 15, buffer.size),
  dqbuf: request(read | write, 17, buffer.size),
  streamon: request(write, 18, 4),
  streamoff: request(write, 19, 4),
  getParm: request(read | write, 21, streamparm.size),
  setParm: request(read | write, 22, streamparm.size),
  getCtrl: request(read | write, 27, control.size),
  setCtrl: request(read | write, 28, control.size),
  querymenu: request(read | write, 37, querymenu.size),
  getExtCtrls: request(read | write, 71, extControls.size),
  setExtCtrls: request(read | write, 72, extControls.size),
  enumFramesizes: request(read | write, 74, frmsizeenum.size),
  enumFrameintervals: request(read | write, 75, frmivalenum.size),
  queryExtCtrl: request(read | write, 103, queryExtCtrl.size),
} as const;

/** V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_MEMORY_MMAP. */
export const videoCapture = 1;
export const memoryMmap = 1;

export const capabilityFlag = {
  capture: 0x1,
  captureMplane: 0x1000,
  streaming: 0x0400_0000,
  deviceCaps: 0x8000_0000,
} as const;

export const bufferFlag = {
  error: 0x40,
  timestampMask: 0xe000,
  timestampMonotonic: 0x2000,
  sourceMask: 0x7_0000,
  sourceStartOfExposure: 0x1_0000,
} as const;

/** Frames that are whole: progressive, both fields interlaced in one picture. */
export const wholeFields: readonly number[] = [0, 1, 4, 8, 9];

export const streamCapTimePerFrame = 0x1000;

/** A format's four letters: YUYV, "Y16 "; big-endian variants end in "-BE", as v4l2-ctl writes them. */
export function fourccText(code: number): string {
  const letters = [0, 8, 16, 24].map((shift) =>
    String.fromCharCode((code >>> shift) & (shift === 24 ? 0x7f : 0xff)),
  );
  return letters.join("") + (code >>> 31 ? "-BE" : "");
}

export function fourccOf(name: string): number {
  const isBig = name.endsWith("-BE");
  const letters = (isBig ? name.slice(0, -3) : name).padEnd(4, " ");
  const code = [...letters].reduce((sum, letter, at) => sum | (letter.charCodeAt(0) << (8 * at)), 0);
  return (isBig ? code | 0x8000_0000 : code) >>> 0;
}
