import { FileFormatError, UnsupportedError } from "../../core/errors.js";
import type { BayerPattern } from "../../core/image.js";

/** What a ufmf file begins with. */
export interface UfmfHeader {
  readonly version: 2 | 3 | 4;
  /** Where the index is; 0 where the writer was stopped before it wrote one. */
  readonly indexAt: number;
  /** Pixels of the largest box; of all boxes if these are of one size. */
  readonly width: number;
  readonly height: number;
  readonly isFixedSize: boolean;
  readonly coding: string;
  readonly channels: 1 | 3;
  /** Of mosaics. */
  readonly pattern: BayerPattern | undefined;
  /** Bytes of the header. */
  readonly end: number;
}

export const longestHeader = 280;

export function isUfmf(head: Uint8Array): boolean {
  return head[0] === 0x75 && head[1] === 0x66 && head[2] === 0x6d && head[3] === 0x66;
}

const patterns: { readonly [name: string]: BayerPattern } = {
  ...{ RGGB: "bayer-rg", GRBG: "bayer-gr", GBRG: "bayer-gb", BGGR: "bayer-bg" },
};

/**
 * @throws {FileFormatError} if it is none or cut short; {UnsupportedError} if its version or coding is not read here.
 */
export function readHeader(head: Uint8Array, path: string): UfmfHeader {
  if (!isUfmf(head) || head.length < 17) throw new FileFormatError(path, "not a ufmf file, or cut short");
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const version = view.getUint32(4, true);
  if (version !== 2 && version !== 3 && version !== 4) {
    throw new UnsupportedError("ufmf version", `${version} in ${path}`, ["2", "3", "4"]);
  }
  const indexAt = version === 2 ? view.getUint32(8, true) : Number(view.getBigUint64(8, true));
  const at = version === 2 ? 12 : 16;
  const fixed = version === 4 ? 1 : 0;
  const end = at + 5 + fixed;
  if (head.length < end || head.length < end + view.getUint8(end - 1)) {
    throw new FileFormatError(path, "cut short within its header");
  }
  const coded = head.subarray(end, end + view.getUint8(end - 1));
  const coding = new TextDecoder("latin1").decode(coded);
  const [kind, pattern = ""] = coding.toUpperCase().split(":");
  if (kind !== "MONO8" && kind !== "RGB24") {
    throw new UnsupportedError("ufmf coding", `${coding} in ${path}`, ["MONO8", "RGB24"]);
  }
  return {
    ...{ version, indexAt, width: view.getUint16(at, true), height: view.getUint16(at + 2, true) },
    isFixedSize: fixed === 1 && view.getUint8(at + 4) !== 0,
    ...{ coding, channels: kind === "RGB24" ? 3 : 1, pattern: patterns[pattern] },
    end: end + coded.length,
  };
}
