import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ColumnIndex } from "../core/column-index.js";
import { FileFormatError, UnsupportedError } from "../core/errors.js";
import { arrayOver, type Color, dtypeBytes, type ImageInfo } from "../core/image.js";
import { RankedSource } from "../core/ranked-source.js";
import type { SourceReader, SourceReaderOptions } from "../core/source-reader.js";
import { checkPictureSize } from "../images/picture-size.js";
import type { ZarrArray } from "./zarr/array.js";
import { axisRoles } from "./zarr/axes.js";
import { ZarrChunks } from "./zarr/chunks.js";
import { findArray } from "./zarr/find.js";
import { type AxisRole, ZarrFrames } from "./zarr/frames.js";
import { isObject } from "./zarr/json.js";
import { zarrStamps } from "./zarr/row.js";

/**
 * Stacks of pictures in Zarr, versions 2 and 3, in folders: an array, a group of arrays (`key` names one by its path), or
 * an image of OME-Zarr, of which the full size is taken. Chunks of any shape, C and Fortran order, behind Blosc, zlib,
 * gzip, Zstandard, LZ4, delta and shuffle, with check sums, in shards; where there is no chunk, the fill value.
 *
 * Axes are known by their names where all have usual ones (xarray's, Zarr 3's, OME's), else guessed from the shape; see
 * `guessAxes`, and `axes` to say it. Channels of OME-Zarr are no colours: they stay together, and `channel` takes one.
 * Where arrays `frame_time` (seconds) and `frame_number` lie beside it, with a value for each frame, they count.
 */
export const zarr: SourceReader = {
  name: "zarr",
  kind: "array",
  async matches(_, path) {
    const there = (name: string): Promise<boolean> =>
      stat(join(path, name)).then(
        (found) => found.isFile(),
        () => false,
      );
    return (await there("zarr.json")) || (await there(".zarray")) || (await there(".zgroup"));
  },
  open: openZarr,
};

async function openZarr(path: string, options: SourceReaderOptions): Promise<RankedSource> {
  const { array, key, multiscale } = await findArray(path, options.key);
  const roles = axisRoles(array, { axes: options.axes, names: multiscale?.names });
  const taken = channelRoles(array, roles, options.channel);
  const lengthOf = (role: AxisRole): number => (taken.includes(role) ? array.shape[taken.indexOf(role)]! : 1);
  const [frames, width, height, channels] = [lengthOf("t"), lengthOf("w"), lengthOf("h"), lengthOf("c")];
  if (frames > 0) checkPictureSize(array.folder, { width, height }, 0, 0);
  const chunks = new ZarrChunks(array);
  await checkLength(chunks, taken, frames);
  const { color, bits } = meaningOf(array, channels, multiscale !== undefined);
  const info: ImageInfo = {
    ...{ width, height, channels, dtype: array.dtype, color },
    ...(bits !== undefined && { bits }),
  };
  const fps = options.fps ?? multiscale?.rate ?? 25;
  if (!(fps > 0)) throw new RangeError(`fps must be above 0, got ${fps}`);
  const stamps = await zarrStamps(array, frames);
  const gathered = new ZarrFrames(chunks, taken);
  return new RankedSource({
    ...{ what: "Zarr array", path, info, index: stamps ?? ColumnIndex.regular(frames, fps) },
    ...(stamps ? {} : { duration: 1 / fps }),
    async read(rank) {
      const bytes = await gathered.frame(rank);
      return { ...info, data: arrayOver(array.dtype, bytes.buffer, bytes.byteOffset, bytes.byteLength) };
    },
    describe: () => ({
      ...{ kind: "array", format: "zarr", version: array.version, path, ...(key && { key }) },
      ...{ shape: array.shape, chunks: array.chunks, dtype: array.dtype },
      axes: taken.map((role) => (typeof role === "number" ? "-" : role)).join(""),
      codecs: array.codecs.map(({ name }) => name),
      ...(array.shards && { shards: array.shards.shape }),
      ...(stamps ? {} : { fps }),
    }),
    close: async () => {},
  });
}

/** One of several channels, if it is asked for. */
function channelRoles(
  array: ZarrArray,
  roles: readonly AxisRole[],
  channel: number | undefined,
): readonly AxisRole[] {
  const at = roles.indexOf("c");
  if (channel === undefined) return roles;
  const count = at < 0 ? 1 : array.shape[at]!;
  if (!(Number.isInteger(channel) && channel >= 0 && channel < count)) {
    throw new UnsupportedError(
      "channel",
      `${channel} in ${array.folder}`,
      Array.from({ length: Math.min(count, 16) }, (_, i) => `${i}`),
    );
  }
  return roles.map((role) => (role === "c" ? channel : role));
}

/** Frames that are believed without a look. */
const usualLength = 2 ** 20;

/** Nobody makes an index of millions of frames because a line of text says so. */
async function checkLength(chunks: ZarrChunks, roles: readonly AxisRole[], frames: number): Promise<void> {
  if (frames <= usualLength) return;
  const { folder } = chunks.array;
  const last = roles.map((role, axis) =>
    role === "t" ? Math.floor((frames - 1) / chunks.array.chunks[axis]!) : 0,
  );
  const isThere = frames <= 2 ** 31 && (await chunks.read(last)) !== undefined;
  if (!isThere)
    throw new FileFormatError(folder, `its metadata say ${frames} frames, and the last is not there`);
}

/** What channels mean, as Marey writes it into the attributes; else OpenCV's order, but not for OME's channels. */
function meaningOf(
  { attributes, dtype }: ZarrArray,
  channels: number,
  isOme: boolean,
): { readonly color: Color; readonly bits: number | undefined } {
  const { color, bits } = isObject(attributes.marey) ? attributes.marey : {};
  const most = dtypeBytes(dtype) * 8;
  return {
    color:
      typeof color === "string" && colorsOf(channels).includes(color as Color)
        ? (color as Color)
        : usual(channels, isOme),
    bits: Number.isInteger(bits) && Number(bits) > 0 && Number(bits) < most ? Number(bits) : undefined,
  };
}

function colorsOf(channels: number): readonly Color[] {
  if (channels === 1) return ["gray", "bayer-rg", "bayer-gr", "bayer-gb", "bayer-bg", "none"];
  return channels === 3 ? ["bgr", "rgb", "none"] : channels === 4 ? ["bgra", "rgba", "none"] : ["none"];
}

function usual(channels: number, isOme: boolean): Color {
  if (channels === 1) return "gray";
  if (isOme) return "none";
  return channels === 3 ? "bgr" : channels === 4 ? "bgra" : "none";
}
