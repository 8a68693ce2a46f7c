import { stat } from "node:fs/promises";
import { ColumnIndex } from "../core/column-index.js";
import { FileFormatError, UnsupportedError } from "../core/errors.js";
import type { Image, ImageInfo } from "../core/image.js";
import { RankedSource } from "../core/ranked-source.js";
import type { SourceReader, SourceReaderOptions } from "../core/source-reader.js";
import { FilePieces } from "../images/file-pieces.js";
import { readMat5 } from "../images/mat5.js";
import { type MatValue, readMatValue } from "../images/mat5-values.js";
import { checkPictureSize } from "../images/picture-size.js";
import { hostIsLittle, swapBytes } from "../images/sample-order.js";

/**
 * Neurolabware's Scanbox recordings: bare samples in a `.sbx`, what they are in the `.mat` beside it (variable `info`).
 * Either may be opened. Samples are stored upside down and given as 65535 minus that. Two channels come interleaved, as
 * `none`: they are no colours; `channel` gives one of them, as gray.
 *
 * Times follow the scanner's resonant frequency, where it is given: a line of the picture each period, or two where it
 * scans both ways.
 *
 * Layout: Scanbox's `sbxread.m` and jcouto's sbxreader.
 */
export const scanbox: SourceReader = {
  name: "scanbox",
  kind: "recording",
  async matches(_, path) {
    const pair = pairOf(path);
    if (pair === undefined) return false;
    const found = await Promise.all([pair.sbx, pair.mat].map((each) => stat(each).catch(() => undefined)));
    if (!found.every((each) => each?.isFile())) return false;
    return (await readInfo(pair.mat).catch(() => undefined)) !== undefined;
  },
  open: openScanbox,
};

interface Pair {
  readonly sbx: string;
  readonly mat: string;
}

function pairOf(path: string): Pair | undefined {
  const stem = path.replace(/\.(sbx|mat)$/i, "");
  if (stem === path) return undefined;
  return /\.sbx$/i.test(path) ? { sbx: path, mat: `${stem}.mat` } : { sbx: `${stem}.sbx`, mat: path };
}

async function openScanbox(path: string, options: SourceReaderOptions): Promise<RankedSource> {
  const pair = pairOf(path);
  if (pair === undefined) throw new FileFormatError(path, "neither an .sbx nor its .mat");
  const fields = await readInfo(pair.mat);
  if (fields === undefined)
    throw new FileFormatError(pair.mat, "there is no struct info in it, with a size (sz)");
  const { height, width, channels } = shapeOf(fields, pair.mat);
  const { channel } = options;
  if (channel !== undefined && !(Number.isInteger(channel) && channel >= 0 && channel < channels)) {
    throw new UnsupportedError(
      "channel",
      `${channel} in ${path}`,
      Array.from({ length: channels }, (_, i) => `${i}`),
    );
  }
  const taken = channel === undefined ? channels : 1;
  const info: ImageInfo = {
    ...{ width, height, channels: taken, dtype: "uint16" },
    color: taken === 1 ? "gray" : "none",
  };
  return await FilePieces.with(pair.sbx, async (file) => {
    const frameBytes = width * height * channels * 2;
    const count = Math.floor(file.size / frameBytes);
    if (count === 0) throw new FileFormatError(pair.sbx, "there is no whole frame in it");
    const rest = file.size - count * frameBytes;
    const stated = rateOf(fields, height);
    const fps = stated ?? options.fps ?? 25;
    if (!(fps > 0)) throw new RangeError(`fps must be above 0, got ${fps}`);
    return new RankedSource({
      ...{ what: "Scanbox recording", path, info, index: ColumnIndex.regular(count, fps), duration: 1 / fps },
      problems:
        rest > 0 ? [{ path: pair.sbx, message: `cut short: its last ${rest} bytes are no whole frame` }] : [],
      read: async (rank) =>
        upright(await file.read(rank * frameBytes, frameBytes), info, channels, channel ?? 0),
      describe: () => ({
        ...{ kind: "recording", format: "scanbox", path, channels, fps },
        ...(channel !== undefined && { channel }),
        ...(stated === undefined && { rate: "not known from the file" }),
        info: plain({ kind: "struct", fields }),
      }),
      close: () => file.close(),
    });
  });
}

type Fields = { readonly [name: string]: MatValue };

/** The fields of `info`; undefined if there is no such struct. */
async function readInfo(path: string): Promise<Fields | undefined> {
  const file = await FilePieces.open(path);
  try {
    const mat = await readMat5(file);
    const variable = mat.variables.find(({ name }) => name === "info");
    const value = variable && (await readMatValue(file, mat, variable));
    return value?.kind === "struct" && numberIn(value.fields, "sz") !== undefined ? value.fields : undefined;
  } finally {
    await file.close();
  }
}

function numbersIn(fields: Fields, name: string): readonly number[] {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return value?.kind === "numbers" ? value.values : [];
}

function numberIn(fields: Fields, name: string): number | undefined {
  return numbersIn(fields, name)[0];
}

/** `channels` is 1 for both, 2 and 3 for one of them; newer files count them in `chan.nchan`. */
function shapeOf(fields: Fields, path: string) {
  const [height = 0, width = 0] = numbersIn(fields, "sz");
  if (!Number.isInteger(height) || !Number.isInteger(width)) {
    throw new FileFormatError(path, `pictures of ${height} rows and ${width} columns`);
  }
  checkPictureSize(path, { width, height }, 0, 0);
  const chan = Object.hasOwn(fields, "chan") ? fields.chan : undefined;
  const counted = chan?.kind === "struct" ? numberIn(chan.fields, "nchan") : undefined;
  const channels = counted ?? (numberIn(fields, "channels") === 1 ? 2 : 1);
  if (!Number.isInteger(channels) || channels < 1 || channels > 4) {
    throw new UnsupportedError("number of channels", `${channels} in ${path}`, ["1", "2", "3", "4"]);
  }
  return { height, width, channels };
}

/** Frames a second, where the scanner's frequency is given. Scan mode 0 uses both ways of the mirror. */
function rateOf(fields: Fields, lines: number): number | undefined {
  const frequency = numberIn(fields, "resfreq");
  if (frequency === undefined || !(frequency > 0)) return undefined;
  const rate = (frequency * (numberIn(fields, "scanmode") === 0 ? 2 : 1)) / lines;
  return Number.isFinite(rate) ? rate : undefined;
}

function upright(bytes: Uint8Array<ArrayBuffer>, info: ImageInfo, channels: number, channel: number): Image {
  if (!hostIsLittle) swapBytes(bytes, 2);
  const stored = new Uint16Array(bytes.buffer);
  if (info.channels === channels) {
    for (let i = 0; i < stored.length; i++) stored[i] = 65_535 - stored[i]!;
    return { ...info, data: stored };
  }
  const data = new Uint16Array(info.width * info.height);
  for (let i = 0, at = channel; i < data.length; i++, at += channels) data[i] = 65_535 - stored[at]!;
  return { ...info, data };
}

/** Settings as plain JSON. */
function plain(value: MatValue): unknown {
  if (value.kind === "text") return value.text;
  if (value.kind === "numbers") {
    const finite = value.values.map((each) => (Number.isFinite(each) ? each : null));
    return finite.length === 1 ? finite[0] : finite.slice(0, 100);
  }
  if (value.kind === "other") return null;
  return Object.fromEntries(Object.entries(value.fields).map(([name, field]) => [name, plain(field)]));
}
