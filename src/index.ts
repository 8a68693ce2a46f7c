// The face of Marey, and the only module that knows every built-in format, camera and reader.

import { readFile } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { device } from "./cameras/device.js";
import { replayDriver } from "./cameras/replay.js";
import { synthetic } from "./cameras/synthetic.js";
import type { CameraDriver } from "./capture/camera.js";
import type { Conversion } from "./convert/conversion.js";
import type { ConvertOptionsOf, ConvertReceipt, CopyRequest, House } from "./convert/convert-options.js";
import type { Recipe } from "./convert/recipe.js";
import { UnsupportedError } from "./core/errors.js";
import type { IndexedFrame } from "./core/frame.js";
import type { FrameAddress } from "./core/frame-address.js";
import type { ImageInfo } from "./core/image.js";
import { inColor } from "./core/in-color.js";
import type { SourceReader } from "./core/source-reader.js";
import type { FrameSink, SeekableSource } from "./core/stream.js";
import { av1Mkv } from "./formats/av1-mkv.js";
import { avc1Mp4 } from "./formats/avc1-mp4.js";
import { blosc } from "./formats/blosc.js";
import { bmp as bmpFormat } from "./formats/bmp.js";
import { bpk } from "./formats/bpk.js";
import { ffv1Mkv } from "./formats/ffv1-mkv.js";
import { h264LosslessMkv } from "./formats/h264-lossless-mkv.js";
import { h264Mkv } from "./formats/h264-mkv.js";
import { hevcMkv } from "./formats/hevc-mkv.js";
import { hevcMp4 } from "./formats/hevc-mp4.js";
import { jpg } from "./formats/jpg.js";
import { mjpegAvi } from "./formats/mjpeg-avi.js";
import { npy } from "./formats/npy.js";
import { pgm as pgmFormat } from "./formats/pgm.js";
import { png as pngFormat } from "./formats/png.js";
import { ppm as ppmFormat } from "./formats/ppm.js";
import { raw } from "./formats/raw.js";
import { tif } from "./formats/tif.js";
import type { AnimationOptions } from "./images/animation-options.js";
import { createArray } from "./images/array-writer.js";
import { bmp } from "./images/bmp.js";
import type { ImageCodec } from "./images/image-codec.js";
import { createImageFolder, type ImageFolderOptions, isImagePattern } from "./images/image-folder-writer.js";
import { jpeg } from "./images/jpeg.js";
import { png } from "./images/png.js";
import { pgm, ppm } from "./images/pnm.js";
import { localPath, type Recognised, recogniseBy, type SourceKind } from "./images/recognise.js";
import { tiff } from "./images/tiff.js";
import type { TiffStackOptions } from "./images/tiff-stack-writer.js";
import type { TimestampsFile } from "./images/timestamps-file.js";
import type { OpenArrayOptions } from "./readers/array-stack.js";
import { cine } from "./readers/cine.js";
import { flir } from "./readers/flir.js";
import { fmf } from "./readers/fmf.js";
import { hiris } from "./readers/hiris.js";
import type { OpenImagesOptions } from "./readers/image-folder.js";
import { matStack } from "./readers/mat-stack.js";
import { miniscope } from "./readers/miniscope.js";
import { norpix } from "./readers/norpix.js";
import { photron } from "./readers/photron.js";
import { scanbox } from "./readers/scanbox.js";
import { ufmf } from "./readers/ufmf.js";
import type { AssembleOptions, ProbedVideo } from "./store/assemble-store.js";
import { type ChunkFormat, findFormat, pickEncoderOptions } from "./store/chunk-format.js";
import { type CreateStoreOptions, createStore as createStoreWith } from "./store/create-store.js";
import type { ExportIndexOptions } from "./store/export-index.js";
import { extraCameras } from "./store/extra-cameras.js";
import type { FollowStoreOptions } from "./store/follow-store.js";
import { type OpenStoreOptions, openStore as openStoreWith } from "./store/open-store.js";
import type { ReindexOptions, ReindexResult } from "./store/reindex-store.js";
import type { RepairOptions, RepairReport } from "./store/repair-store.js";
import type { StoreReader } from "./store/store-reader.js";
import type { StoreWriter } from "./store/store-writer.js";
import type { StoreReceipt, VerifyStoreOptions } from "./store/verify-store.js";
import { timesOfMicroseconds } from "./timestamps/frame-times.js";
import { bend } from "./transforms/bend.js";
import { type SideBySide, type SideBySideOptions, sideBySide } from "./transforms/side-by-side.js";
import type { BoundTransform } from "./transforms/transform-kind.js";
import type { VideoColor, VideoReader, VideoReadOptions } from "./video/video-reader.js";
import type { VideoWriteOptions, VideoWriter } from "./video/video-writer.js";

export { device } from "./cameras/device.js";
export { type OpenSource, replayDriver } from "./cameras/replay.js";
export { synthetic, syntheticCamera } from "./cameras/synthetic.js";
export type * from "./capture/camera.js";
export type { ClockFitSummary } from "./capture/clock-fit.js";
export type { DurationSummary } from "./capture/duration-histogram.js";
export type { DropPolicy } from "./capture/frame-queue.js";
export type { ClockStep } from "./capture/host-clock.js";
export type { Gap, LossCause } from "./capture/loss-ledger.js";
export * from "./capture/painted-number.js";
export * from "./capture/recorder.js";
export type { SegmentCounts, SegmentReport } from "./capture/segment.js";
export type { BentStep } from "./convert/bend-in-threads.js";
export type { Conversion } from "./convert/conversion.js";
export type { ConvertOptionsOf, ConvertReceipt } from "./convert/convert-options.js";
export type { InputFacts } from "./convert/input-facts.js";
export type { PortableStep } from "./convert/parallel-chain.js";
export type { ConvertProgress } from "./convert/rate-meter.js";
export type { Recipe } from "./convert/recipe.js";
export { inColor } from "./core/in-color.js";
export * from "./core/index.js";
export {
  analyzeIntervals,
  type DropAnalysis,
  type DropLocation,
  type IntervalAnalysis,
  type IntervalOptions,
  type IntervalSpread,
  type Microseconds,
} from "./core/interval-analysis.js";
export type { SourceProblem } from "./core/ranked-source.js";
export type { SourceReader, SourceReaderOptions } from "./core/source-reader.js";
export { stampsOfFile } from "./core/stamp-file.js";
export type { StampColumns, StampFileOptions } from "./core/stamp-table.js";
export type { TimeUnit } from "./core/time-text.js";
export { parseTimecodes, timecodeLines } from "./core/timecodes.js";
export { Timestamp } from "./core/timestamp.js";
export type { AnimationOptions } from "./images/animation-options.js";
export type { ImageCodec } from "./images/image-codec.js";
export type { SourceKind } from "./images/recognise.js";
export type { TiffStackOptions } from "./images/tiff-stack-writer.js";
export type { TimestampsFile } from "./images/timestamps-file.js";
export type { AssembledChunk } from "./store/assemble-store.js";
export type { ChunkFormat } from "./store/chunk-format.js";
export type { CatalogueUse } from "./store/chunk-table.js";
export type { ClockColumns } from "./store/clock-columns.js";
export type { ExportIndexOptions } from "./store/export-index.js";
export type { ExtraOptions } from "./store/extra/read-extra.js";
export type { ExtraRow } from "./store/extra/row.js";
export { pixelEncodings } from "./store/pixel-encoding.js";
export type { ReindexResult } from "./store/reindex-store.js";
export type { RepairOptions, RepairReport, RepairStep } from "./store/repair-store.js";
export type { StoreProblem } from "./store/store-problems.js";
export type { StoreChunk, StoreReader } from "./store/store-reader.js";
export type { StoreWriter } from "./store/store-writer.js";
export { usualFormat } from "./store/usual-format.js";
export type { ChunkReceipt, StoreDamage, StoreReceipt, VerifyStoreOptions } from "./store/verify-store.js";
export {
  type AssembledLog,
  type AssembleLogsOptions,
  assembleLogs,
} from "./timestamps/assemble-log.js";
export type { CameraLog } from "./timestamps/camera-log.js";
export { type CameraSource, readCameraManifest, writeCameraManifest } from "./timestamps/camera-manifest.js";
export {
  type ExportTimestampsOptions,
  exportTimestamps,
  type TimestampFormat,
  timestampFormats,
} from "./timestamps/export-timestamps.js";
export { encodeFeather } from "./timestamps/feather.js";
export { findLogs, type LoggedCamera, type LoggedRecording } from "./timestamps/find-logs.js";
export { type FrameTimes, timesOfIndex, timesOfMicroseconds } from "./timestamps/frame-times.js";
export { type ReadLogOptions, readLogArchive } from "./timestamps/log-archive.js";
export { LogFolderWriter, writeLogArchive } from "./timestamps/log-writer.js";
export { peerStatistics } from "./timestamps/peer-statistics.js";
export {
  type ProcessedLog,
  type ProcessLogsOptions,
  processLogs,
  readCameraLog,
} from "./timestamps/process-logs.js";
export {
  type Job,
  type JobState,
  type JobStatus,
  jobId,
  ProcessingTracker,
  type TrackerStatus,
  trackerStatus,
} from "./timestamps/processing-tracker.js";
export { decodeFeather } from "./timestamps/read-feather.js";
export * from "./transforms/index.js";
export type { VideoColor, VideoReader, VideoReadOptions } from "./video/video-reader.js";
export type { VideoWriteOptions, VideoWriter } from "./video/video-writer.js";

/** What `create` can make. */
export type TargetKind = Exclude<SourceKind, "recording"> | "animation";

/** Every chunk format that stores can be written in and read from. */
export const builtInFormats: readonly ChunkFormat[] = [
  ...[npy, pngFormat, tif, bmpFormat, ppmFormat, pgmFormat, jpg],
  // Of those with the same extension, the first reads what other programs wrote under names of their own.
  ...[mjpegAvi, avc1Mp4, h264Mkv],
  ...[hevcMp4, hevcMkv, av1Mkv, h264LosslessMkv, ffv1Mkv],
  ...[raw, blosc, bpk],
];

/** Every camera driver; `synthetic` and `replay` need no hardware. */
export const builtInCameras: readonly CameraDriver[] = [
  device,
  replayDriver((path, options) => open(path, options)),
  synthetic,
];

/** Every format of laboratories and instruments; the first that knows a file by its content opens it. */
export const builtInReaders: readonly SourceReader[] = [
  ...[norpix, hiris, flir, fmf, ufmf, scanbox, cine, photron],
  ...[matStack],
];

/** Every format that is a folder of files; they are given no first bytes. */
export const builtInFolderReaders: readonly SourceReader[] = [miniscope];

/** Every still-picture format, for reading and writing folders of pictures. */
export const builtInPictures: readonly ImageCodec[] = [png, jpeg, tiff, bmp, pgm, ppm];

export interface OpenOptions extends VideoReadOptions {
  /**
   * The colour of the frames. For all but videos `native` and `auto` are the frames as they are stored.
   * @default "auto"
   */
  readonly as?: VideoColor;
  /** Frames a second of images, arrays and recordings that know no time. @default 25 */
  readonly fps?: number;
  /** What the axes of an array mean, slowest first: "thw", "hwt" ... @default found from its shape */
  readonly axes?: string;
  /** Which array of an `.npz` or `.mat`. @default the only one that can be pictures */
  readonly key?: string;
  /** Recordings of several channels that are no colours: which one, 0, 1 … @default all of them */
  readonly channel?: number;
  /** Byte order of recordings whose format does not say. @default "little" */
  readonly byteOrder?: "little" | "big";
  /** Stores with encoded pixels: BGR, or what was written. @default "decoded" */
  readonly pixels?: "decoded" | "stored";
  /**
   * A file that says when each frame was, for sources that know it less well themselves; see
   * `stampsOfFile`. A log archive of ataraxis (`101_log.npz`) and its Feather files are some, too.
   */
  readonly timestamps?: string | TimestampsFile;
  /** What the frames are seen through, in this order; see `bend`. */
  readonly transforms?: readonly BoundTransform[];
}

/**
 * Opens a store, a video, a folder or pattern of images, one image, an `.npy` or `.npz` array, a recording in one of
 * the formats of `builtInReaders`, or an address that FFmpeg can read. What it is is found out from its content; the name is only a hint.
 * @throws {NotFoundError} if there is nothing; and what `openStore`, `openVideo`, `openImages` and `openArray` throw.
 */
export async function open(path: string | URL, options: OpenOptions = {}): Promise<SeekableSource> {
  const { transforms = [], timestamps, ...rest } = options;
  const source = await openPlain(path, rest);
  try {
    if (timestamps === undefined) return bend(source, ...transforms);
    const stamped = await stampedBy(source, timestamps);
    return bend(stamped, ...transforms);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** A source with the times of a file: a log of ataraxis, a Feather file, or what `stampsOfFile` reads. */
async function stampedBy(
  source: SeekableSource,
  timestamps: string | TimestampsFile,
): Promise<SeekableSource> {
  const { path, allowMissing } =
    typeof timestamps === "string" ? { path: timestamps, allowMissing: undefined } : timestamps;
  const { loggedTimes } = await import("./timestamps/logged-times.js");
  const logged = await loggedTimes(path);
  if (logged === undefined) {
    const { withTimestamps } = await import("./images/timestamps-file.js");
    return withTimestamps(source, timestamps);
  }
  const { stampedSource } = await import("./core/stamped-source.js");
  const known = timesOfMicroseconds(logged);
  const times = Float64Array.from({ length: known.length }, (_, frame) => known.time(frame));
  return stampedSource(source, { times }, { path, ...(allowMissing !== undefined && { allowMissing }) });
}

async function openPlain(path: string | URL, options: OpenOptions): Promise<SeekableSource> {
  const { kind, reader } = await recognise(path);
  if (kind === "video") return openVideo(path, options);
  const local = localPath(path);
  const { as = "auto", fps, axes, key, channel, byteOrder, pixels } = options;
  const rate = fps === undefined ? {} : { fps };
  const shape = { ...rate, ...(axes !== undefined && { axes }), ...(key !== undefined && { key }) };
  const source = reader
    ? await reader.open(local, {
        ...shape,
        ...(channel !== undefined && { channel }),
        ...(byteOrder !== undefined && { byteOrder }),
      })
    : kind === "store"
      ? await openStore(local, { ...(pixels && { pixels }) })
      : kind === "images"
        ? await openImages(local, rate)
        : await openArray(local, shape);
  return as === "auto" || as === "native" ? source : inColor(source, as);
}

/**
 * What `open` would take the path for. Reads a few bytes at most.
 * @throws {NotFoundError} if there is nothing; {FileFormatError} if it is empty, or neither a file nor a folder.
 */
export async function sniff(path: string | URL): Promise<SourceKind> {
  return (await recognise(path)).kind;
}

function recognise(path: string | URL): Promise<Recognised> {
  return recogniseBy(path, {
    readers: builtInReaders,
    folderReaders: builtInFolderReaders,
    pictures: builtInPictures,
    matchesImages: async (folder) => (await import("./readers/image-folder.js")).matchesImages(folder),
  });
}

/** What only some targets take is of videos unless it says otherwise; see also `TiffStackOptions` and `AnimationOptions`. */
export interface CreateOptions
  extends Omit<VideoWriteOptions, "container">,
    Pick<TiffStackOptions, "compression" | "bigtiff">,
    Pick<AnimationOptions, "loop" | "pingPong" | "palette" | "dither"> {
  /** What every frame is. */
  readonly info: ImageInfo;
  /** What to make. @default found from the path; see `create` */
  readonly kind?: TargetKind;
  /** Stores: as imgstore names it, "png" or "avc1/mp4". @default "png" for 8 bits without alpha, else "npy" */
  readonly format?: string;
  /** Stores: what the samples of the frames mean, as imgstore names it: "cv_bayerbg"; see `createStore`. */
  readonly encoding?: string;
  /** Stores: frames a chunk. */
  readonly chunkSize?: number;
  /** Stores: kept in `metadata.yaml`. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

const videoExtensions: readonly string[] = [".mp4", ".mkv", ".mov", ".avi"];
const animationExtensions: readonly string[] = [".gif", ".apng", ".webp"];

/**
 * Creates what the path asks for: a name with a counter (`out/%06d.png`) or a picture's extension makes pictures,
 * `.tif` without a counter a stack of them, `.gif`, `.apng` and `.webp` an animation, `.npy` an array, `.mp4`, `.mkv`, `.mov` and `.avi` a video, and a name without extension a store.
 * @throws {ExistsError} if something is in the way and `overwrite` is not set.
 * @throws {UnsupportedError} if the extension is unknown, or the format cannot hold such frames.
 */
export async function create(path: string, options: CreateOptions): Promise<FrameSink> {
  const {
    info,
    kind = kindOfName(path, options),
    format,
    encoding,
    chunkSize,
    metadata,
    overwrite,
    quality,
  } = options;
  if (encoding !== undefined && kind !== "store")
    throw new UnsupportedError("target for an encoding", kind, ["store"]);
  const common = { ...(overwrite !== undefined && { overwrite }), ...(quality !== undefined && { quality }) };
  if (kind === "images")
    return isTiffStack(path) ? createTiffStack(path, options) : createImages(path, common);
  if (kind === "animation") return createAnimation(path, options);
  if (kind === "array") return createArray(path, { ...common, info });
  if (kind === "video") return createVideo(path, options);
  const storeFormat = format ?? defaultFormat(info);
  const { fps, ...encoder } = pickEncoderOptions(options);
  // Pictures have no rate; for a video it is a fact, not an option.
  const hasRate = findFormat(builtInFormats, storeFormat)?.encoderOptions.includes("fps");
  return createStore(path, {
    ...encoder,
    ...(fps !== undefined && hasRate && { fps }),
    ...common,
    info,
    format: storeFormat,
    ...(encoding !== undefined && { encoding }),
    ...(chunkSize !== undefined && { chunkSize }),
    ...(metadata !== undefined && { metadata }),
  });
}

/** A name without a counter is one file, which in TIFF holds any number of pictures. */
function isTiffStack(path: string): boolean {
  return tiff.extensions.includes(extname(path).slice(1).toLowerCase()) && !isImagePattern(path);
}

/** All frames in one TIFF file; see `images/tiff-stack-writer.ts`. */
export async function createTiffStack(path: string, options: TiffStackOptions): Promise<FrameSink> {
  return (await import("./images/tiff-stack-writer.js")).createTiffStack(path, options);
}

/** A GIF, APNG or animated WebP; see `images/animation.ts`. */
export async function createAnimation(path: string, options: AnimationOptions): Promise<FrameSink> {
  return (await import("./images/animation.js")).createAnimation(path, options);
}

/**
 * What `create` makes of that path.
 * @throws {UnsupportedError} if the extension is unknown.
 */
export function kindOfName(path: string, { format }: Pick<CreateOptions, "format">): TargetKind {
  const extension = extname(path).toLowerCase();
  if (format !== undefined) return "store";
  if (isImagePattern(path)) return "images";
  if (extension === ".npy") return "array";
  if (videoExtensions.includes(extension)) return "video";
  if (animationExtensions.includes(extension)) return "animation";
  const pictures = builtInPictures.flatMap((codec) => codec.extensions.map((name) => `.${name}`));
  if (pictures.includes(extension)) return "images";
  if (extension === "" || path.endsWith("/")) return "store";
  throw new UnsupportedError("extension to write", extension, [
    ...[...videoExtensions, ...animationExtensions, ".npy", ...pictures],
    "none for a store",
  ]);
}

/**
 * PNG where it is lossless for everyone: it is small. Python's imgstore cuts the pictures of its PNGs to 8 bits and
 * drops their alpha, so those go into npy, which holds everything.
 */
function defaultFormat(info: ImageInfo): string {
  const isPlain = info.dtype === "uint8" && info.channels !== 4;
  // A mosaic is stored as a gray picture.
  const stored: ImageInfo = info.color.startsWith("bayer-") ? { ...info, color: "gray" } : info;
  return isPlain && pngFormat.storedAs(stored) ? "png" : "npy";
}

/** A store of Python's imgstore or of Marey, in any built-in format; see `store/open-store.ts`. */
export function openStore(
  path: string,
  options: Omit<OpenStoreOptions, "formats"> = {},
): Promise<StoreReader> {
  return openStoreWith(path, { ...options, formats: builtInFormats });
}

export interface OpenStoresOptions extends SideBySideOptions {
  /**
   * A store that lists the stores of other cameras may name any folder, not only those beside and inside it. For stores
   * that you trust. @default false
   */
  readonly outside?: boolean;
}

/**
 * Several stores as one source: row for row the frames that belong together, side by side. Of one it is given, `select`
 * gives each camera alone and `aligned` the frames themselves; see `transforms/`.
 * @param stores their folders, in order or by name; they are called after their folders. Or one store that lists the
 *   stores of other cameras under `extra_cameras`, as a fork of imgstore writes it: it comes first, as "master".
 * @throws what `openStore` and `sideBySide` throw; {StoreFormatError} if a listed store lies elsewhere, see `outside`.
 */
export async function openStores(
  stores: string | readonly string[] | Readonly<Record<string, string>>,
  { outside = false, ...options }: OpenStoresOptions = {},
): Promise<SideBySide<StoreReader>> {
  if (typeof stores === "string") {
    const master = await openStore(stores);
    return besideEachOther([["master", master]], () => extraCameras(master, outside), options);
  }
  const paths = Array.isArray(stores)
    ? stores.map((path: string) => [basename(resolve(path)), path] as const)
    : Object.entries(stores as Readonly<Record<string, string>>);
  return besideEachOther([], async () => paths, options);
}

/** If one store cannot be opened, or they do not fit together, all are closed again. */
async function besideEachOther(
  opened: (readonly [name: string, store: StoreReader])[],
  findMore: () => Promise<readonly (readonly [name: string, path: string])[]>,
  options: SideBySideOptions,
): Promise<SideBySide<StoreReader>> {
  try {
    const more = await findMore();
    const results = await Promise.allSettled(more.map(([, path]) => openStore(path)));
    for (const [at, result] of results.entries()) {
      if (result.status === "fulfilled") opened.push([more[at]![0], result.value]);
    }
    for (const result of results) if (result.status === "rejected") throw result.reason;
    return sideBySide<StoreReader>(opened, options);
  } catch (error) {
    await Promise.allSettled(opened.map(([, store]) => store.close()));
    throw error;
  }
}

/** A store that Python's imgstore reads, in any built-in format; see `store/create-store.ts`. */
export function createStore(
  path: string,
  options: Omit<CreateStoreOptions, "formats">,
): Promise<StoreWriter> {
  return createStoreWith(path, { ...options, formats: builtInFormats });
}

/** The frames of a store that is being written, as they come; see `store/follow-store.ts`. */
export async function* followStore(
  path: string,
  options: Omit<FollowStoreOptions, "formats"> = {},
): AsyncGenerator<IndexedFrame> {
  const { followStore: follow } = await import("./store/follow-store.js");
  yield* follow(path, { ...options, formats: builtInFormats });
}

/** Compares a store with the digests that were written with it; see `store/verify-store.ts`. */
export async function verifyStore(store: StoreReader, options?: VerifyStoreOptions): Promise<StoreReceipt> {
  return (await import("./store/verify-store.js")).verifyStore(store, options);
}

/** Makes a store whole that a crash left half; see `store/repair-store.ts`. */
export async function repairStore(
  path: string,
  options: Omit<RepairOptions, "formats"> = {},
): Promise<RepairReport> {
  const { repairStore: repair } = await import("./store/repair-store.js");
  return repair(path, { ...options, formats: builtInFormats });
}

/** Makes a store of videos that are there, without encoding anything; see `store/assemble-store.ts`. */
export async function assembleStore(
  path: string,
  options: Omit<AssembleOptions, "formats" | "probe">,
): Promise<void> {
  const { assembleStore: assemble } = await import("./store/assemble-store.js");
  await assemble(path, { ...options, formats: builtInFormats, probe: probeVideo });
}

async function probeVideo(path: string): Promise<ProbedVideo> {
  await using video = await openVideo(path);
  const { index, info } = video;
  return { info, times: Float64Array.from({ length: index.length }, (_, rank) => index.time(rank)) };
}

/** Counts the frames of a store from one of them on; see `store/reindex-store.ts`. */
export async function reindexStore(
  path: string,
  options: Omit<ReindexOptions, "formats" | "files"> = {},
): Promise<ReindexResult> {
  const { reindexStore: reindex } = await import("./store/reindex-store.js");
  return reindex(path, { ...options, formats: builtInFormats });
}

/** Writes frame numbers and times into an SQLite, CSV or npz file; see `store/export-index.ts`. */
export async function exportIndex(
  source: SeekableSource,
  path: string,
  options?: ExportIndexOptions,
): Promise<void> {
  await (await import("./store/export-index.js")).exportIndex(source, path, options);
}

/** One frame of anything that `open` opens, and closed again at once. For many frames, open it. */
export async function readFrame(
  path: string | URL,
  address: FrameAddress,
  options?: OpenOptions,
): Promise<IndexedFrame> {
  await using source = await open(path, options);
  return await source.frame(address);
}

/** See `convert`: what is written, frame by frame or as packets, and how. */
export interface ConvertOptions
  extends ConvertOptionsOf<Omit<OpenOptions, "transforms" | "signal">, Omit<CreateOptions, "info">> {}

/**
 * Turns any source into a store, a video, pictures or an array. Frame numbers, times, user metadata and extra data go from
 * store to store; a row of extra data goes where its frame goes, and is left out with it.
 * @param output what `create` takes; its name says what it becomes.
 * @throws what `open`, `create` and reading throw; {TransformError}. Nothing half-written is left under a final name then.
 */
export async function convert(
  input: string,
  output: string,
  options: ConvertOptions = {},
): Promise<ConvertReceipt> {
  await using conversion = await planConversion(input, output, options);
  return await conversion.run();
}

/** As `convert`, up to where something would be written: what would be done, and `run`, which does it. To be closed. */
export async function planConversion(
  input: string,
  output: string,
  options: ConvertOptions = {},
): Promise<Conversion> {
  const { planConversion: plan } = await import("./convert/conversion.js");
  return plan(input, output, options as Parameters<typeof plan>[2], conversionHouse);
}

/** The recipe that stands beside a result. @throws {NotFoundError}, {FileFormatError} if it is none. */
export async function readRecipe(path: string): Promise<Recipe> {
  return (await import("./convert/recipe.js")).readRecipe(path);
}

/** The options that make `convert` do again what a recipe tells of; see `convert/redo-recipe.ts`. */
export async function recipeOptions(recipe: Recipe): Promise<ConvertOptions> {
  return (await (await import("./convert/redo-recipe.js")).recipeOptions(recipe)) as ConvertOptions;
}

/** What a conversion is given to work with. */
const conversionHouse: House = {
  version: async () => {
    const manifest = await readFile(new URL("../package.json", import.meta.url), "utf8");
    return (JSON.parse(manifest) as { version: string }).version;
  },
  open: (path, options) => open(path, options),
  create: (path, options) => create(path, options as CreateOptions),
  sniff,
  kindOfName,
  copiedRange: async (source, request) =>
    (await import("./video/copy-video.js")).copiedRange(await asVideo(source), request),
  copyVideo: async (source, to, request: CopyRequest) =>
    (await import("./video/copy-video.js")).copyVideo(await asVideo(source), to, request),
};

/** @throws {UnsupportedError} if it is something else. */
async function asVideo(source: SeekableSource): Promise<VideoReader> {
  const { VideoReader: Video } = await import("./video/video-reader.js");
  if (source instanceof Video) return source;
  throw new UnsupportedError("copy (only the packets of a video can be copied; convert it)", "this source");
}

/** FFmpeg is loaded when a video is opened, not before. */
export async function openVideo(path: string | URL, options?: VideoReadOptions): Promise<VideoReader> {
  return (await import("./video/open-video.js")).openVideo(path, options);
}

/** FFmpeg is loaded when a video is created, not before. */
export async function createVideo(path: string, options?: VideoWriteOptions): Promise<VideoWriter> {
  return (await import("./video/video-writer.js")).createVideo(path, options);
}

/** A folder, a pattern or a list of pictures, or a TIFF stack; see `readers/`. */
export async function openImages(
  path: string | readonly string[],
  options: OpenImagesOptions = {},
): Promise<SeekableSource> {
  if (typeof path === "string") {
    const { openTiffStack } = await import("./readers/tiff-stack.js");
    const stack = await openTiffStack(path, options);
    if (stack) return options.as === undefined || options.as === "auto" ? stack : inColor(stack, options.as);
  }
  return (await import("./readers/image-folder.js")).openImages(path, options);
}

/** Numbered pictures in any built-in format; see `images/image-folder-writer.ts`. */
export function createImages(
  pattern: string,
  options?: Omit<ImageFolderOptions, "codecs">,
): Promise<FrameSink> {
  return createImageFolder(pattern, { ...options, codecs: builtInPictures });
}

/** An `.npy` or `.npz`; see `readers/array-stack.ts`. */
export async function openArray(path: string, options?: OpenArrayOptions): Promise<SeekableSource> {
  return (await import("./readers/array-stack.js")).openArray(path, options);
}

export { createArray };
