import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { ColumnIndex } from "../core/column-index.js";
import { FileFormatError, NotFoundError, UnsupportedError } from "../core/errors.js";
import { arrayOver, type Image, type ImageInfo } from "../core/image.js";
import { RankedSource } from "../core/ranked-source.js";
import type { SourceReader, SourceReaderOptions } from "../core/source-reader.js";
import { FilePieces } from "../images/file-pieces.js";
import { checkPictureSize } from "../images/picture-size.js";
import { hostIsLittle, swapBytes } from "../images/sample-order.js";

/**
 * HIRIS sequences of R&D Vision (`.seq`, a text file) with their `.bin` files of bare gray frames, in the order of
 * their names. There are no time stamps: times follow the rate that the text states. Samples of 16 bits are taken for
 * little-endian unless `byteOrder` says otherwise.
 *
 * Layout: as pImage's `hiris.py` reads it.
 */
export const hiris: SourceReader = {
  name: "hiris",
  kind: "recording",
  matches: (head) =>
    /^(\ufeff|\s)*\[Sequence Settings\]/.test(new TextDecoder("latin1").decode(head.subarray(0, 128))),
  open: openHiris,
};

/** Longest text that is read, in bytes. */
const longestText = 2 ** 20;

async function openHiris(path: string, options: SourceReaderOptions): Promise<RankedSource> {
  const { size } = await stat(path);
  if (size > longestText)
    throw new FileFormatError(path, `${size} bytes of text; at most ${longestText} are read`);
  const settings = settingsOf(await readFile(path, "latin1"));
  const { info, sampleBytes } = pictureOf(settings, path);
  const problems: { path: string; message: string }[] = [];
  const frameBytes = info.width * info.height * sampleBytes;
  const bins = await findBins(path);
  const stated = Number(settings.get("Number of files"));
  if (Number.isInteger(stated) && stated !== bins.length) {
    problems.push({ path, message: `it tells of ${stated} .bin files, ${bins.length} are there` });
  }
  const opened: Bin[] = [];
  const close = async (): Promise<void> => void (await Promise.all(opened.map(({ file }) => file.close())));
  try {
    let first = 0;
    for (const bin of bins) {
      const file = await FilePieces.open(bin);
      const frames = Math.floor(file.size / frameBytes);
      opened.push({ file, first });
      first += frames;
      const rest = file.size - frames * frameBytes;
      if (rest > 0) problems.push({ path: bin, message: `its last ${rest} bytes are no whole frame` });
    }
    if (first === 0) throw new FileFormatError(path, "there is no whole frame in its .bin files");
    const fps = rateOf(settings) ?? options.fps ?? 25;
    if (!(fps > 0)) throw new RangeError(`fps must be above 0, got ${fps}`);
    const swap = sampleBytes > 1 && ((options.byteOrder ?? "little") === "little") !== hostIsLittle;
    return new RankedSource({
      ...{
        what: "HIRIS sequence",
        path,
        info,
        index: ColumnIndex.regular(first, fps),
        problems,
        duration: 1 / fps,
      },
      read: (rank) => readFrame(opened, rank, info, frameBytes, swap),
      describe: () => ({
        ...{ kind: "recording", format: "hiris", path, files: bins.map((bin) => basename(bin)), fps },
        settings: Object.fromEntries(settings),
      }),
      close,
    });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Bin {
  readonly file: FilePieces;
  /** Rank of its first frame. */
  readonly first: number;
}

async function readFrame(
  bins: readonly Bin[],
  rank: number,
  info: ImageInfo,
  bytes: number,
  swap: boolean,
): Promise<Image> {
  const { file, first } = bins.findLast((bin) => bin.first <= rank)!;
  const samples = await file.read((rank - first) * bytes, bytes);
  if (swap) swapBytes(samples, 2);
  return { ...info, data: arrayOver(info.dtype, samples.buffer, 0, bytes) };
}

/** Lines `key=value`; keys keep their case. */
function settingsOf(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const at = line.search(/[=:]/);
    if (at > 0 && !/^\s*[[#;]/.test(line)) settings.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  return settings;
}

function pictureOf(
  settings: ReadonlyMap<string, string>,
  path: string,
): { info: ImageInfo; sampleBytes: 1 | 2 } {
  const number = (key: string): number => {
    const text = settings.get(key);
    if (text !== undefined && /^\d+$/.test(text)) return Number(text);
    throw new FileFormatError(
      path,
      text === undefined ? `there is no ${key}` : `${key} is no number: ${text}`,
    );
  };
  const [width, height] = [number("Width"), number("Height")];
  checkPictureSize(path, { width, height }, 0, 0);
  const sampleBytes = number("BytesPerPixel");
  if (sampleBytes !== 1 && sampleBytes !== 2) {
    throw new UnsupportedError("HIRIS pixel", `${sampleBytes} bytes in ${path}`, ["1 or 2 bytes of gray"]);
  }
  const bits = settings.has("BitsPerPixel") ? number("BitsPerPixel") : sampleBytes * 8;
  const dtype = sampleBytes === 1 ? "uint8" : "uint16";
  const used = sampleBytes === 2 && bits > 8 && bits < 16 ? { bits } : {};
  return { info: { width, height, channels: 1, dtype, color: "gray", ...used }, sampleBytes };
}

function rateOf(settings: ReadonlyMap<string, string>): number | undefined {
  const rate = Number(settings.get("FramePerSecond")?.replace(",", "."));
  return rate > 0 && Number.isFinite(rate) ? rate : undefined;
}

/**
 * The `.bin` files beside it whose names begin as its own does. Those that begin as another sequence's longer name does
 * are that one's.
 */
async function findBins(path: string): Promise<string[]> {
  const folder = dirname(path);
  const stem = basename(path, extname(path));
  const names = await readdir(folder);
  const others = names
    .filter((name) => /\.seq$/i.test(name))
    .map((name) => basename(name, extname(name)))
    .filter((other) => other.length > stem.length && other.startsWith(stem));
  const bins = names
    .filter((name) => name.startsWith(stem) && name.endsWith(".bin"))
    .filter((name) => !others.some((other) => name.startsWith(other)))
    .sort();
  if (bins.length === 0)
    throw new NotFoundError(join(folder, `${stem}*.bin`), "the frames of the sequence are not there");
  return bins.map((name) => join(folder, name));
}
