import {
  type AVChromaLocation,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_BT470BG,
  AVCOL_SPC_SMPTE170M,
  AVCOL_SPC_UNSPECIFIED,
  type AVColorPrimaries,
  type AVColorRange,
  type AVColorSpace,
  type AVColorTransferCharacteristic,
  type AVPixelFormat,
} from "node-av/constants";
import { avGetPixFmtName, type Frame } from "node-av/lib";
import type { Image, ImageInfo } from "../../core/image.js";
import type { NativeFrame } from "./decoder.js";

/** What a picture says of its planes, by FFmpeg's numbers. */
export interface PictureTags {
  /** FFmpeg's name. */
  readonly pixelFormat: string;
  readonly range: AVColorRange;
  readonly matrix: AVColorSpace;
  readonly primaries: AVColorPrimaries;
  readonly transfer: AVColorTransferCharacteristic;
  readonly chromaLocation: AVChromaLocation;
  /** Width of a pixel to its height; 0/1 where that is not known. */
  readonly aspect: { readonly num: number; readonly den: number };
}

export function tagsOf(frame: Frame): PictureTags {
  const { num, den } = frame.sampleAspectRatio;
  return {
    pixelFormat: avGetPixFmtName(frame.format as AVPixelFormat) ?? "unknown",
    range: frame.colorRange,
    matrix: frame.colorSpace,
    primaries: frame.colorPrimaries,
    transfer: frame.colorTrc,
    chromaLocation: frame.chromaLocation,
    aspect: { num, den: den || 1 },
  };
}

/** The samples use the full range 0 … 255, not 16 … 235. */
export function isFullRange({ pixelFormat, range }: PictureTags): boolean {
  return range === AVCOL_RANGE_JPEG || pixelFormat.startsWith("yuvj");
}

/** The same planes at full range. */
export function fullRange(tags: PictureTags): PictureTags {
  return { ...tags, range: AVCOL_RANGE_JPEG };
}

/** The matrix is BT.601, or is taken for it because nothing is said. */
export function isBt601({ matrix }: PictureTags): boolean {
  return matrix === AVCOL_SPC_UNSPECIFIED || matrix === AVCOL_SPC_BT470BG || matrix === AVCOL_SPC_SMPTE170M;
}

const lent = new WeakMap<Image, LentPicture>();

/** The decoded picture behind an image, if it was lent and is still there. */
export function lentPicture(image: Image): LentPicture | undefined {
  return lent.get(image);
}

/**
 * A decoded picture that goes to an encoder as it is, and looks like an image of its planes to everybody else. They are
 * packed only if somebody looks at them, or if nobody has encoded the picture by the time it is given back: whoever kept the
 * image still has all of it.
 */
export class LentPicture {
  readonly image: Image;
  readonly tags: PictureTags;
  readonly #frame: Frame;
  readonly #pack: () => Image["data"];
  #data: Image["data"] | undefined;
  #isEncoded = false;
  #isBack = false;

  /**
   * @param native is looked at only now; the lent picture has its memory, too.
   * @param pack packs the planes of a picture; see `Converter`.
   */
  constructor(native: NativeFrame, info: ImageInfo, pack: (frame: Frame) => Image["data"]) {
    const frame = native.frame.clone();
    if (!frame) throw new Error("no memory for another reference to a picture");
    this.#frame = frame;
    this.#pack = () => pack(frame);
    this.tags = tagsOf(frame);
    const read = (): Image["data"] => this.#read();
    this.image = {
      ...info,
      get data() {
        return read();
      },
    };
    lent.set(this.image, this);
  }

  /** The picture itself, for as long as it is lent. It is read, never written to. */
  get frame(): Frame {
    if (this.#isBack) throw new Error("a picture was encoded after it had been given back");
    this.#isEncoded = true;
    return this.#frame;
  }

  /** Lets go of the decoder's memory. May be called twice. */
  giveBack(): void {
    if (this.#isBack) return;
    if (!this.#isEncoded) this.#read();
    this.#isBack = true;
    lent.delete(this.image);
    this.#frame.free();
  }

  #read(): Image["data"] {
    if (!this.#data) {
      if (this.#isBack) throw new Error("a picture was looked at after it had been encoded and given back");
      this.#data = this.#pack();
    }
    return this.#data;
  }
}
