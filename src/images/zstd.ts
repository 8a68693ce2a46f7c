import { FileFormatError } from "../core/errors.js";

// Zstandard (RFC 8878). Node has it from 22.15 on only.

const load = async () => {
  const { default: Zstd } = await import("numcodecs/zstd");
  return (level: number) => Zstd.fromConfig({ id: "zstd", level });
};
let loading: ReturnType<typeof load> | undefined;

/** Compresses into one frame that says how long its content is. */
export async function packZstd(bytes: Uint8Array, level = 1): Promise<Uint8Array> {
  loading ??= load();
  return (await loading)(level).encode(bytes);
}

/**
 * Unpacks one frame.
 * @param size bytes that have to come out.
 * @throws {FileFormatError} if it says otherwise of itself, or is damaged where that shows.
 */
export async function unpackZstd(bytes: Uint8Array, size: number, path: string): Promise<Uint8Array> {
  const claimed = contentSize(bytes);
  if (claimed !== size) {
    const found = claimed === undefined ? "does not say how long its content is" : `has ${claimed} bytes`;
    throw new FileFormatError(path, `its Zstandard frame ${found}; ${size} are expected`);
  }
  loading ??= load();
  const codec = (await loading)(1);
  const unpacked = await Promise.resolve(codec.decode(bytes)).catch((cause) => {
    throw new FileFormatError(path, "its Zstandard frame cannot be unpacked", { cause });
  });
  if (unpacked.length !== size) {
    throw new FileFormatError(path, `its Zstandard frame gives ${unpacked.length} bytes, not ${size}`);
  }
  return unpacked;
}

/** Undefined if the frame does not say it, or is none. */
function contentSize(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 6 || view.getUint32(0, true) !== 0xfd2fb528) return undefined;
  const descriptor = view.getUint8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const at = 5 + (isSingle ? 0 : 1) + dictionaryBytes;
  const length = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  if (length === 0 || at + length > bytes.length) return undefined;
  if (length === 1) return view.getUint8(at);
  if (length === 2) return view.getUint16(at, true) + 256;
  return length === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}
