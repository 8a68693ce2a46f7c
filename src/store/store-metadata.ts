import { StoreFormatError, UnsupportedError } from "../core/errors.js";
import { type Color, type DType, type ImageInfo, isDType } from "../core/image.js";
import type { NpyArray } from "../core/npy.js";
import { formatYaml, parseYaml } from "../core/yaml.js";
import { isPlainExtension, type StoreLayout } from "./layout.js";

/** Another store that belongs to this one. */
export interface ExtraCamera {
  readonly name: string;
  /** As it is written: its folder or `metadata.yaml`, from this store's folder on. Not checked. */
  readonly path: string;
}

/** What `metadata.yaml` says. */
export interface StoreMetadata {
  readonly layout: StoreLayout;
  /** As spelled in the file: "npy", "avc1/mp4", "libx264". */
  readonly format: string;
  /** Of the video files, with its dot; empty for directory stores. */
  readonly extension: string;
  /** height, width[, channels]; odd sizes that old video stores declared by mistake are corrected. */
  readonly imgshape: readonly number[];
  /** NumPy's name of what was given to the writer; what is stored may differ. */
  readonly imgdtype: string;
  /** Frames a chunk, when the store was written. */
  readonly chunkSize: number;
  /** OpenCV's name of what the pixels mean (`cv_bayerbg`); undefined for plain gray and colour. */
  readonly encoding: string | undefined;
  /** What pictures were encoded with, where the writer tells: quality, gop, preset … */
  readonly encoder?: Readonly<Record<string, unknown>> | undefined;
  /** The class of the store, where it is none of imgstore's. */
  readonly storeClass?: string | undefined;
  /** When the store was made, to the millisecond; undefined in old stores. */
  readonly created: Date | undefined;
  /** IANA name of the zone it was made in, as it was written; whether there is such a zone is not checked here. */
  readonly timezone: string | undefined;
  /** 32 hexadecimal digits. */
  readonly uuid: string | undefined;
  /** Stores of cameras that recorded at the same time, as multi-camera stores list them. */
  readonly extraCameras: readonly ExtraCamera[];
  /** All that the user wrote beside it. */
  readonly user: Readonly<Record<string, unknown>>;
  /** What was wrong, but could be passed over. */
  readonly problems: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Stores of one raw file a chunk, which imgstore does not know: by this name it refuses them instead of misreading. */
export const rawStoreClass = "RawImgStore";

const layouts = new Map<unknown, StoreLayout>([
  ["DirectoryImgStore", "directory"],
  ["VideoImgStore", "video"],
  ["VideoImgStoreFFMPEG", "video"], // Motif
  [rawStoreClass, "video"],
]);

/** Formats whose writer, besides imgstore's own, declared odd sizes and stored even ones. */
const croppingFormat = /264|nvenc-/;
const ownVideoFormats = ["mjpeg", "mjpeg/avi", "avc1/mp4", "h264/mkv"];

/**
 * Reads the text of a `metadata.yaml`.
 * @param path for error messages.
 * @throws {StoreFormatError} if it is not one.
 * @throws {UnsupportedError} for classes and versions of stores that are not known.
 */
export function parseStoreMetadata(text: string, path: string): StoreMetadata {
  const found = parseYaml(text, path);
  // At the top, where names are texts, a number is taken for its spelling.
  const document = found instanceof Map ? Object.fromEntries(found) : found;
  const store = isMapping(document) ? document.__store : undefined;
  if (!isMapping(document) || !isMapping(store)) {
    throw new StoreFormatError(path, "has no mapping __store, so it describes no store");
  }
  if (store.version !== 2) throw new UnsupportedError("imgstore version", String(store.version), ["2"]);
  const layout = layouts.get(store.class);
  if (layout === undefined) {
    throw new UnsupportedError("store class", String(store.class), [...layouts.keys()].map(String));
  }
  const { __store: _, ...user } = document;
  const format = requireText(store, "format", path);
  const extension = layout === "video" ? videoExtension(store, format, path) : "";
  const problems: string[] = [];
  const created = parseCreated(store.created_utc);
  if (created === null) problems.push(`created_utc is no date: ${String(store.created_utc)}`);
  const extraCameras = parseExtraCameras(store.extra_cameras);
  if (extraCameras === undefined) problems.push("extra_cameras should be a list of paths; passed over");
  return {
    layout,
    format,
    extension,
    imgshape: evenShape(parseShape(store.imgshape, path), store.class, format),
    imgdtype: optionalText(store.imgdtype) ?? "uint8",
    chunkSize: parseChunkSize(store.chunksize, path),
    encoding: optionalText(store.encoding),
    encoder: isMapping(store.encoder) ? store.encoder : undefined,
    storeClass: store.class === rawStoreClass ? rawStoreClass : undefined,
    created: created ?? undefined,
    timezone: optionalText(store.timezone_local),
    uuid: optionalText(store.uuid),
    extraCameras: extraCameras ?? [],
    user,
    problems,
  };
}

function isMapping(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function requireText(fields: Fields, key: string, path: string): string {
  const value = fields[key];
  if (typeof value === "string") return value;
  throw new StoreFormatError(path, `__store.${key} should be text, is ${JSON.stringify(value) ?? "missing"}`);
}

/** Old stores wrote '' for none. */
function optionalText(value: unknown): string | undefined {
  return value === undefined || value === null || value === "" ? undefined : String(value);
}

function videoExtension(store: Fields, format: string, path: string): string {
  const extension = optionalText(store.extension) ?? (format === "mjpeg" ? ".avi" : ".mp4");
  if (isPlainExtension(extension)) return extension;
  throw new StoreFormatError(path, `__store.extension is no file name extension: ${extension}`);
}

const longestSide = 1 << 24;

function parseShape(shape: unknown, path: string): number[] {
  const isShape =
    Array.isArray(shape) &&
    (shape.length === 2 || shape.length === 3) &&
    shape.every((side) => Number.isInteger(side) && side > 0 && side <= longestSide);
  if (isShape) return shape;
  throw new StoreFormatError(path, `__store.imgshape should be [height, width], is ${JSON.stringify(shape)}`);
}

function evenShape(shape: readonly number[], storeClass: unknown, format: string): readonly number[] {
  const cropped =
    storeClass === "VideoImgStore" ? ownVideoFormats.includes(format) : croppingFormat.test(format);
  if (storeClass === "DirectoryImgStore" || !cropped) return shape;
  const [height, width, ...channels] = shape as [number, number, ...number[]];
  return [evenSize(height), evenSize(width), ...channels];
}

/** Video with half-size chroma has even sides only: the last row or column is not stored. */
export function evenSize(side: number): number {
  return side & -2;
}

function parseChunkSize(chunkSize: unknown, path: string): number {
  if (Number.isSafeInteger(chunkSize) && (chunkSize as number) > 0) return chunkSize as number;
  throw new StoreFormatError(path, `__store.chunksize should be a positive number, is ${String(chunkSize)}`);
}

/** A naive time is UTC. Null: there is something, but no date. */
function parseCreated(value: unknown): Date | undefined | null {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Date) return value;
  const text = String(value).trim().replace(" ", "T");
  const hasZone = /(?:Z|[-+]\d\d:?\d\d)$/.test(text);
  const date = new Date(text.includes("T") && !hasZone ? `${text}Z` : text);
  return Number.isNaN(date.getTime()) ? null : date;
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * The stores of other cameras, as the fork of imgstore for several cameras (github.com/shaliulab/imgstore) lists them: a
 * list of paths, or names with paths. Undefined: there is something else.
 */
function parseExtraCameras(value: unknown): ExtraCamera[] | undefined {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) && !isMapping(value)) return undefined;
  const entries: (readonly [string, unknown])[] = Array.isArray(value)
    ? value.map((path) => [folderName(String(path)), path])
    : Object.entries(value);
  const isText = ([, path]: readonly [string, unknown]): boolean => typeof path === "string" && path !== "";
  return entries.every(isText) ? entries.map(([name, path]) => ({ name, path: path as string })) : undefined;
}

/** "lowres" of "../lowres/metadata.yaml". */
function folderName(path: string): string {
  const folder = path.replace(/[/\\]*(?:metadata\.yaml)?$/, "");
  return /[^/\\]*$/.exec(folder)![0];
}

/** The shape in the words of imgstore. */
export function shapeOfInfo({ height, width, channels, color }: ImageInfo): number[] {
  return color === "gray" ? [height, width] : [height, width, channels];
}

/** What stored pixels of so many channels are; of any other number they have no colour. */
export const colorOfChannels: { readonly [channels: number]: Color } = { 1: "gray", 3: "bgr", 4: "bgra" };

/** The shape in the words of this library: two axes are gray, three channels BGR, four BGRA, others have no colour. */
export function infoOfShape(imgshape: readonly number[], imgdtype: string): ImageInfo {
  const [height, width, channels = 1] = imgshape as [number, number, number?];
  const dtype: DType = isDType(imgdtype) ? imgdtype : "uint8";
  return { width, height, channels, dtype, color: colorOfChannels[channels] ?? "none" };
}

/** What a new store says of itself. */
export type NewStoreMetadata = Omit<StoreMetadata, "problems" | "extraCameras">;

/** What `metadata.yaml` says under `__store`. */
function storeFields(metadata: NewStoreMetadata): Record<string, unknown> {
  const { layout, created, timezone, uuid } = metadata;
  return {
    ...(layout === "video" && { extension: metadata.extension }),
    imgshape: metadata.imgshape,
    imgdtype: metadata.imgdtype,
    chunksize: metadata.chunkSize,
    format: metadata.format,
    class: metadata.storeClass ?? (layout === "directory" ? "DirectoryImgStore" : "VideoImgStore"),
    version: 2,
    encoding: metadata.encoding ?? null,
    // Python writes a naive time, and reads one with an offset too; old versions of it read only the former.
    ...(created && { created_utc: created.toISOString().replace("Z", "000") }),
    ...(timezone !== undefined && { timezone_local: timezone }),
    ...(uuid !== undefined && { uuid }),
  };
}

/** The text of the `metadata.yaml` of a new store, as Python's imgstore would write it. */
export function formatStoreMetadata(metadata: NewStoreMetadata): string {
  const { encoder = {}, user } = metadata;
  const fields = { ...storeFields(metadata), ...(Object.keys(encoder).length > 0 && { encoder }) };
  return formatYaml({ ...user, __store: fields });
}

/** What the index of every chunk repeats of it, as imgstore does. */
export function storeFacts(metadata: NewStoreMetadata): Record<string, NpyArray | string> {
  const facts: Record<string, NpyArray | string> = {};
  for (const [name, value] of Object.entries(storeFields(metadata))) {
    if (typeof value === "string") facts[name] = value;
    else if (value !== null) facts[name] = integers(value as number | readonly number[]);
  }
  return facts;
}

function integers(value: number | readonly number[]): NpyArray {
  const values = typeof value === "number" ? [value] : value;
  const shape = typeof value === "number" ? [] : [value.length];
  return { dtype: "int64", shape, data: BigInt64Array.from(values, BigInt) };
}
