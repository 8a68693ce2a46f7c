import { crc32 } from "node:zlib";
import { UnsupportedError } from "../core/errors.js";
import { bytesOf, describeImage } from "../core/image.js";
import { encodeNpy, encodeNpyHeader, type NpyArray } from "../core/npy.js";
import type { FrameSink } from "../core/stream.js";
import { centralHeader, endRecords, localHeader, type StoredFile } from "../core/zip-headers.js";
import { stampNames } from "./array-stamps.js";
import type { ArrayWriteOptions } from "./array-writer.js";
import { combineCrc32 } from "./crc32-combine.js";
import { createFrameFile } from "./frame-file.js";
import type { PartFile } from "./part-file.js";
import { StampLog } from "./stamp-log.js";

/**
 * Writes an `.npz` with all frames in one array `frames`, of shape (frames, height, width) or (frames, height, width,
 * channels), and of each its `frame_time` (seconds, float64) and `frame_number` (int64), which `np.load` reads by these
 * names. Uncompressed, frame by frame, of any length (ZIP64 beyond 4 GiB).
 * @throws {ExistsError} if the file is there already; {EncodeError} if it cannot be made; {UnsupportedError} for a video's
 *   native planes.
 */
export async function createNpz(path: string, options: ArrayWriteOptions): Promise<FrameSink> {
  const { info, overwrite } = options;
  if (info.color === "native") throw new UnsupportedError("npz", describeImage(info), ["bgr", "rgb", "gray"]);
  const { height, width, channels, dtype } = info;
  const header = (frames: number): Uint8Array =>
    encodeNpyHeader(dtype, [frames, height, width, ...(channels > 1 ? [channels] : [])]);
  const stamps = new StampLog();
  const name = nameOf("frames");
  // As long for any number of frames: npy headers have room for the first axis.
  const [headerBytes, localBytes] = [
    header(0).length,
    localHeader({ name, crc: 0, size: 0, offset: 0 }).length,
  ];
  const begin = async (file: PartFile): Promise<void> => {
    if (file.end === 0) await file.append(new Uint8Array(localBytes + headerBytes));
  };
  let crc = 0;
  return createFrameFile<Uint8Array>(path, overwrite, {
    ...{ what: "npz", info },
    pack: ({ image }) => bytesOf(image),
    async put(file, bytes, frame) {
      await begin(file);
      await file.append(bytes);
      crc = crc32(bytes, crc);
      stamps.add(frame);
    },
    async end(file) {
      await begin(file);
      const samples = file.end - localBytes - headerBytes;
      const head = header(stamps.count);
      const frames: StoredFile = {
        ...{ name, size: headerBytes + samples, offset: 0 },
        crc: combineCrc32(crc32(head), crc, samples),
      };
      await file.writeAt(localHeader(frames), 0);
      await file.writeAt(head, localBytes);
      const files = [
        frames,
        await appendArray(file, stampNames.times, stamps.times()),
        await appendArray(file, stampNames.numbers, stamps.numbers()),
      ];
      const directory = Buffer.concat(files.map(centralHeader));
      const start = file.end;
      await file.append(directory);
      await file.append(endRecords(files.length, start, directory.length));
    },
  });
}

async function appendArray(file: PartFile, name: string, array: NpyArray): Promise<StoredFile> {
  const bytes = encodeNpy(array);
  const stored = { name: nameOf(name), crc: crc32(bytes), size: bytes.length, offset: file.end };
  await file.append(localHeader(stored));
  await file.append(bytes);
  return stored;
}

function nameOf(array: string): Uint8Array {
  return new TextEncoder().encode(`${array}.npy`);
}
