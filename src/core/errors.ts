import { describeAddress, type FrameAddress } from "./frame-address.js";

/** What every error of Marey has in common: a stable `code` that programs can switch on. */
export abstract class MareyError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** No frame has the address that was asked for. */
export class FrameNotFoundError extends MareyError {
  readonly code = "FRAME_NOT_FOUND";
  readonly address: FrameAddress;

  constructor(address: FrameAddress, found: string, options?: ErrorOptions) {
    super(`no frame with ${describeAddress(address)}: ${found}`, options);
    this.address = address;
  }
}

/** A store on disk is not what the imgstore format says, or what its own metadata says. */
export class StoreFormatError extends MareyError {
  readonly code = "STORE_FORMAT";
  readonly path: string;

  constructor(path: string, found: string, options?: ErrorOptions) {
    super(`${path}: ${found}`, options);
    this.path = path;
  }
}

/** A file is not of the format that it was taken for, or is damaged beyond its header. */
export class FileFormatError extends MareyError {
  readonly code = "FILE_FORMAT";
  readonly path: string;
  /** The message without the path, for an error that names the place in another way. */
  readonly found: string;

  constructor(path: string, found: string, options?: ErrorOptions) {
    super(`${path}: ${found}`, options);
    this.path = path;
    this.found = found;
  }
}

/** Something with a name (a format, a codec, a dtype …) is not known, or not built in here. */
export class UnsupportedError extends MareyError {
  readonly code = "UNSUPPORTED";
  readonly kind: string;
  readonly asked: string;
  readonly known: readonly string[];

  constructor(kind: string, asked: string, known: readonly string[] = [], options?: ErrorOptions) {
    super(`unsupported ${kind}: ${asked}${known.length > 0 ? ` (known: ${known.join(", ")})` : ""}`, options);
    this.kind = kind;
    this.asked = asked;
    this.known = known;
  }
}

/** A frame is in the index, but its picture cannot be had. Other frames may still be readable. */
export class DecodeError extends MareyError {
  readonly code = "DECODE";
  readonly path: string;
  /** Frame index (rank in the source), or undefined where the damage is not tied to one frame. */
  readonly frame: number | undefined;

  constructor(path: string, frame: number | undefined, found: string, options?: ErrorOptions) {
    super(`${path}${frame === undefined ? "" : `, frame ${frame}`}: ${found}`, options);
    this.path = path;
    this.frame = frame;
  }

  /** Of a frame whose picture could not be read: what is wrong with the file, without its path a second time. */
  static because(cause: unknown, path: string, frame: number): DecodeError {
    const found = cause instanceof FileFormatError ? cause.found : (cause as Error).message;
    return new DecodeError(path, frame, found, { cause });
  }
}

/** A frame could not be encoded or written; what was written before it is kept. */
export class EncodeError extends MareyError {
  readonly code = "ENCODE";
  readonly path: string;

  constructor(path: string, found: string, options?: ErrorOptions) {
    super(`${path}: ${found}`, options);
    this.path = path;
  }
}

/** The disk has less room left than a writer was told to leave; what it wrote before is whole. */
export class DiskFullError extends MareyError {
  readonly code = "DISK_FULL";
  readonly path: string;
  /** Bytes that are left. */
  readonly free: number;
  /** Bytes that were to stay free. */
  readonly minFree: number;

  constructor(path: string, free: number, minFree: number, options?: ErrorOptions) {
    const [left, floor] = [free, minFree].map((bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`);
    super(`${path}: the disk has ${left} left, and ${floor} of it are to stay free`, options);
    this.path = path;
    this.free = free;
    this.minFree = minFree;
  }
}

/** A frame does not fit the stream it was offered to: another size, dtype or number of channels. */
export class FrameMismatchError extends MareyError {
  readonly code = "FRAME_MISMATCH";

  constructor(asked: string, found: string, options?: ErrorOptions) {
    super(`frame does not fit: expected ${asked}, got ${found}`, options);
  }
}

/** A transform cannot be done to these pictures, with these options. */
export class TransformError extends MareyError {
  readonly code = "TRANSFORM";
  readonly transform: string;

  constructor(transform: string, found: string, options?: ErrorOptions) {
    super(`${transform}: ${found}`, options);
    this.transform = transform;
  }
}

/** A file or folder stands in the way of what was to be written; nothing was touched. */
export class ExistsError extends MareyError {
  readonly code = "EXISTS";
  readonly path: string;

  constructor(path: string, advice: string, options?: ErrorOptions) {
    super(`${path} exists already: ${advice}`, options);
    this.path = path;
  }
}

/** A path does not exist or cannot be read. */
export class NotFoundError extends MareyError {
  readonly code = "NOT_FOUND";
  readonly path: string;

  constructor(path: string, found: string, options?: ErrorOptions) {
    super(`${path}: ${found}`, options);
    this.path = path;
  }
}

/** A reader, writer or camera was used after `close()`. */
export class ClosedError extends MareyError {
  readonly code = "CLOSED";

  constructor(what: string, options?: ErrorOptions) {
    super(`${what} is closed`, options);
  }
}

/** A camera could not be found, opened or read. */
export class CameraError extends MareyError {
  readonly code = "CAMERA";
  readonly camera: string;

  constructor(camera: string, found: string, options?: ErrorOptions) {
    super(`camera ${camera}: ${found}`, options);
    this.camera = camera;
  }
}

/** A camera gave frames faster than its track could take them, and the track was told not to drop any. */
export class QueueOverflowError extends MareyError {
  readonly code = "QUEUE_OVERFLOW";
  readonly track: string;

  constructor(track: string, found: string, options?: ErrorOptions) {
    super(`track ${track}: ${found}`, options);
    this.track = track;
  }
}
