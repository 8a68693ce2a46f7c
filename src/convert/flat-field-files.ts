import { resolve } from "node:path";
import { TransformError, UnsupportedError } from "../core/errors.js";
import { describeImage, type Image } from "../core/image.js";
import type { SeekableSource } from "../core/stream.js";
import { flatFieldBy } from "../transforms/flat-field.js";
import type { BoundTransform, TransformStep } from "../transforms/transform-kind.js";

/** A transform that was made with files. It stays on the main thread. */
export interface FileTransform extends BoundTransform {
  /** Absolute paths. */
  readonly files: readonly string[];
}

export function isFileTransform(transform: BoundTransform): transform is FileTransform {
  return "files" in transform;
}

/** Whether a step is to be made with files. */
export function namesFiles({ name, options }: TransformStep): boolean {
  return name === "flat-field" && (options.by !== undefined || options.dark !== undefined);
}

type Open = (path: string) => Promise<SeekableSource>;

/**
 * `flatFieldBy` with pictures from files; of several frames their mean is taken.
 * @throws {TransformError} if there is no file of the light, or they are no pictures; what `open` and reading throw.
 */
export async function flatFieldOfFiles(
  options: TransformStep["options"],
  open: Open,
): Promise<FileTransform> {
  const { by, dark, sigma } = options as {
    readonly by?: string;
    readonly dark?: string;
    readonly sigma?: number;
  };
  if (by === undefined) throw new TransformError("flat-field", "dark goes with by, a picture of the light");
  if (sigma !== undefined) throw new TransformError("flat-field", "by is instead of sigma");
  const files = [by, ...(dark === undefined ? [] : [dark])].map((path) => resolve(path));
  const pictures: Image[] = [];
  for (const path of files) pictures.push(await meanPicture(path, open));
  const made = flatFieldBy(pictures[0]!, pictures[1]);
  const named = { by: files[0]!, ...(files[1] !== undefined && { dark: files[1] }) };
  return Object.assign((source: Parameters<BoundTransform>[0]) => made(source), made, {
    ...{ files, step: { name: "flat-field", options: named } },
  });
}

/** Of all frames, as float64; gray stays gray. */
async function meanPicture(path: string, open: Open): Promise<Image> {
  await using source = await open(path);
  const { info } = source;
  if (info.color === "native" || info.dtype.startsWith("complex") || info.dtype === "float16") {
    throw new UnsupportedError("picture of the light", `${describeImage(info)} in ${path}`);
  }
  const sums = new Float64Array(info.width * info.height * info.channels);
  let frames = 0;
  for await (const { image } of source.frames()) {
    if (image.data.length !== sums.length) {
      throw new TransformError(
        "flat-field",
        `${path}: ${describeImage(image)} behind ${describeImage(info)}`,
      );
    }
    for (let i = 0; i < sums.length; i++) sums[i]! += Number(image.data[i]);
    frames++;
  }
  if (frames === 0) throw new TransformError("flat-field", `${path}: there is no picture in it`);
  for (let i = 0; i < sums.length; i++) sums[i]! /= frames;
  const { bits: _, ...kind } = info;
  return { ...kind, dtype: "float64", data: sums };
}
