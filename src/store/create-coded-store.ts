import type { CodedInfo } from "../core/coded-frame.js";
import { UnsupportedError } from "../core/errors.js";
import { type ChunkFormat, encoderSettings, findFormat } from "./chunk-format.js";
import { codedPixels } from "./coded-pixels.js";
import { CodedStoreWriter } from "./coded-store-writer.js";
import { type CreateStoreOptions, planStore } from "./create-store.js";

export interface CreateCodedStoreOptions
  extends Pick<
    CreateStoreOptions,
    "formats" | "chunkSize" | "metadata" | "overwrite" | "append" | "durability" | "minFree"
  > {
  /** What the first frame is decoded with: `CodedSource.coded`. */
  readonly coded: CodedInfo;
  /**
   * As imgstore names it: "avc1/mp4" or "h264/mkv", "hevc/mp4" or "hevc/mkv", "mjpeg/avi", "av1/mkv".
   * @default the first of `formats` that takes the codec
   */
  readonly format?: string;
  /** Frames a second, for players; the real times are in the index. @default 25 */
  readonly fps?: number;
}

/**
 * Creates a store for frames that are kept as a camera compressed them, or goes on in one: nothing is decoded, and nothing
 * lost. It is a store as any other, for Python's imgstore too; only its chunks end where the camera has a keyframe.
 * @throws {UnsupportedError} if the format is not known, takes no packets of that codec, or its readers would not give back
 *   what the packets hold (more than 8 bits); and what `createStore` throws.
 */
export async function createCodedStore(
  path: string,
  { coded, fps, ...options }: CreateCodedStoreOptions,
): Promise<CodedStoreWriter> {
  const format = formatFor(coded, options.format, options.formats);
  const pixels = codedPixels(coded);
  const rate = fps === undefined ? {} : { fps };
  // Of what an encoder is told, only the rate is true here.
  const encoder = { fps: encoderSettings(format, pixels.stored, rate).fps ?? 25 };
  const content = { format, offered: pixels.stored, pixels, encoder, isCopied: true };
  const plan = await planStore(path, content, { ...options, ...rate });
  return new CodedStoreWriter(plan, format.coded!, coded);
}

function formatFor(
  { codec }: CodedInfo,
  asked: string | undefined,
  formats: readonly ChunkFormat[],
): ChunkFormat {
  const taking = formats.filter(({ coded }) => coded?.codec === codec);
  const names = taking.map(({ name }) => name);
  const format = asked === undefined ? taking[0] : findFormat(taking, asked);
  if (format !== undefined) return format;
  throw new UnsupportedError(`store format for ${codec} packets`, asked ?? "none is given", names);
}
