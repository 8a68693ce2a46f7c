import type { NorpixHeader } from "./header.js";

/** u32 seconds, u16 milliseconds, u16 microseconds; in raw files before version 5 without the last. */
export const stampBytes = 8;

/**
 * A time stamp in microseconds, the header's offset added. Seconds count from 1970 on the clock of the recorder; no
 * time zone is stored.
 */
export function stampOf(view: DataView, at: number, { version, timeOffset }: NorpixHeader): number {
  const seconds = view.getUint32(at, true);
  const milliseconds = view.getUint16(at + 4, true);
  // Version 3 leaves anything there.
  const microseconds = version >= 4 && at + 8 <= view.byteLength ? view.getUint16(at + 6, true) : 0;
  return seconds * 1e6 + milliseconds * 1e3 + microseconds + timeOffset;
}
