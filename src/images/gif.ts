import type { Frame } from "../core/frame.js";
import type { ImageInfo } from "../core/image.js";
import type { FrameSink } from "../core/stream.js";
import type { AnimationOptions } from "./animation-options.js";
import { type AnimationFormat, AnimationStream } from "./animation-stream.js";
import { FrameDelays } from "./frame-delays.js";
import { createFrameFile } from "./frame-file.js";
import { packLzw } from "./lzw-pack.js";
import { ColorCount, type Palette } from "./median-cut.js";
import { type Dither, PalettePixels } from "./palette-pixels.js";
import { PartFile } from "./part-file.js";
import { expectPictures } from "./picture-kinds.js";
import { bytesInOrder, hostIsLittle } from "./sample-order.js";

/** Longest side in pixels: GIF counts in 16 bits. */
const longestSide = 65_535;

/** GIF counts hundredths of a second. A single one is shown as ten by most players. */
const gifDelays = { ticks: 100, shortest: 2 };

/** A picture that is packed, with colours of its own or those of all. */
interface GifPicture {
  readonly palette: Palette | undefined;
  readonly bits: number;
  readonly packed: Uint8Array;
}

/**
 * GIF89a. Gray pictures keep their grays. Colours that are no more than 256 are kept, too; otherwise a palette is chosen
 * by median cut, for all frames or for each. For one palette for all, the frames wait in a file beside until the last.
 */
export async function createGif(path: string, options: AnimationOptions): Promise<FrameSink> {
  const { info, palette = "global", dither = "floyd-steinberg", loop = 0 } = options;
  const { width, height, channels } = info;
  const isPlain = info.color === "gray" || info.color === "bgr" || info.color === "rgb";
  const fits = info.dtype === "uint8" && isPlain && Math.max(width, height) <= longestSide;
  expectPictures("GIF frames", info, fits, `uint8 gray, bgr of up to ${longestSide} pixels a side`);
  if (channels === 1) return await createDirect(path, options, grays, ({ data }) => packPicture(data, 256));
  if (palette === "local") {
    return await createDirect(path, options, undefined, (image) => {
      const rgb = bytesInOrder(image, { color: "rgb", littleEndian: hostIsLittle });
      const count = new ColorCount();
      count.add(rgb);
      const { colors, isExact } = count.palette();
      const indices = new PalettePixels(colors, isExact).indices(rgb, width, dither);
      return packPicture(indices, colors.length / 3, colors);
    });
  }
  return await createGlobal(path, options, dither, loop);
}

const grays = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));

type Pack = (image: Frame["image"] & { readonly data: Uint8Array }) => GifPicture;

function createDirect(
  path: string,
  options: AnimationOptions,
  palette: Palette | undefined,
  pack: Pack,
): Promise<FrameSink> {
  const { info, overwrite, loop = 0 } = options;
  const stream = new AnimationStream(path, gifFormat(info, loop, palette), options);
  return createFrameFile<GifPicture>(path, overwrite, {
    ...{ what: "animation", info },
    pack: ({ image }) => pack(image as Parameters<Pack>[0]),
    put: (file, picture, { time }) => stream.put(file, picture, time),
    end: (file) => stream.end(file),
  });
}

/** Frames are put aside, and their colours counted; when all are there, they are packed. */
async function createGlobal(
  path: string,
  options: AnimationOptions,
  dither: Dither,
  loop: number,
): Promise<FrameSink> {
  const { info, overwrite } = options;
  const { width, height } = info;
  const frameBytes = width * height * 3;
  const times: number[] = [];
  const count = new ColorCount();
  // Times that cannot be shown are to be told at their frame, not at the end.
  const delays = new FrameDelays({
    path,
    ...gifDelays,
    ...(options.fps !== undefined && { fps: options.fps }),
  });
  let aside: PartFile | undefined;
  return await createFrameFile<Uint8Array>(path, overwrite, {
    ...{ what: "animation", info },
    pack: ({ image }) => bytesInOrder(image, { color: "rgb", littleEndian: hostIsLittle }),
    async put(_, rgb, { time }) {
      delays.next(time);
      aside ??= await PartFile.create(`${path}.frames`, true);
      times.push(time);
      count.add(rgb);
      await aside.append(rgb);
    },
    async end(file) {
      const { colors, isExact } = count.palette();
      const pixels = new PalettePixels(colors, isExact);
      const stream = new AnimationStream(path, gifFormat(info, loop, colors), options);
      for (const [rank, time] of times.entries()) {
        const rgb = await aside!.read(rank * frameBytes, frameBytes);
        await stream.put(file, packPicture(pixels.indices(rgb, width, dither), colors.length / 3), time);
      }
      await stream.end(file);
    },
    release: async () => aside?.discard(),
  });
}

/** Bits of an index; GIF has at least 2. */
function bitsOf(colors: number): number {
  return Math.max(2, Math.ceil(Math.log2(colors)));
}

function packPicture(indices: Uint8Array, colors: number, palette?: Palette): GifPicture {
  const bits = bitsOf(colors);
  return { palette, bits, packed: packLzw(indices, { bits, mostFirst: false }) };
}

function gifFormat(info: ImageInfo, loop: number, palette: Palette | undefined): AnimationFormat<GifPicture> {
  const { width, height } = info;
  const again = (written: Uint8Array, delay: number): Uint8Array => {
    const bytes = Buffer.from(written);
    bytes.writeUInt16LE(Math.min(delay, 65_535), 4);
    return bytes;
  };
  return {
    delays: gifDelays,
    head() {
      const screen = Buffer.alloc(13);
      screen.write("GIF89a", "latin1");
      screen.writeUInt16LE(width, 6);
      screen.writeUInt16LE(height, 8);
      if (palette) screen[10] = 0x80 | 0x70 | (bitsOf(palette.length / 3) - 1);
      return Buffer.concat([
        screen,
        palette ? paletteBytes(palette) : new Uint8Array(0),
        loopExtension(loop),
      ]);
    },
    frame(picture, delay) {
      const control = Buffer.from([0x21, 0xf9, 4, 0x04, 0, 0, 0, 0]);
      const place = Buffer.alloc(10);
      place[0] = 0x2c;
      place.writeUInt16LE(width, 5);
      place.writeUInt16LE(height, 7);
      if (picture.palette) place[9] = 0x80 | (bitsOf(picture.palette.length / 3) - 1);
      const own = picture.palette ? paletteBytes(picture.palette) : new Uint8Array(0);
      return again(
        Buffer.concat([control, place, own, Uint8Array.of(picture.bits), blocks(picture.packed)]),
        delay,
      );
    },
    again,
    end: (file) => file.append(Uint8Array.of(0x3b)),
  };
}

/** Filled up to a power of two. */
function paletteBytes(palette: Palette): Uint8Array {
  const bytes = new Uint8Array(3 << bitsOf(palette.length / 3));
  bytes.set(palette);
  return bytes;
}

/** Netscape's: how often it is repeated, 0 for ever; without it, it plays once. */
function loopExtension(loop: number): Uint8Array {
  if (loop === 1) return new Uint8Array(0);
  const repeats = loop === 0 ? 0 : loop - 1;
  const name = Buffer.from("NETSCAPE2.0", "latin1");
  return Buffer.concat([
    Uint8Array.of(0x21, 0xff, 11),
    name,
    Uint8Array.of(3, 1, repeats & 255, repeats >> 8, 0),
  ]);
}

/** Data lie in blocks of up to 255 bytes, each behind its length; an empty one ends them. */
function blocks(bytes: Uint8Array): Uint8Array {
  const full = Math.ceil(bytes.length / 255);
  const out = new Uint8Array(bytes.length + full + 1);
  for (let i = 0; i < full; i++) {
    const part = bytes.subarray(i * 255, (i + 1) * 255);
    out[i * 256] = part.length;
    out.set(part, i * 256 + 1);
  }
  return out;
}
