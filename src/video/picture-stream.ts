import { UnsupportedError } from "../core/errors.js";
import { describeImage, type Image, type ImageInfo } from "../core/image.js";
import { encoderOptions, rateAsFraction } from "./encoding.js";
import { Encoder } from "./ffmpeg/encoder.js";

export interface PictureStreamOptions {
  /** `mjpeg`: each picture is a JPEG file. `h264`: Annex B, with SPS and PPS before every keyframe. */
  readonly codec: "mjpeg" | "h264";
  /** Pictures a second, about. */
  readonly rate: number;
  /** As `createVideo` has it: 1 … 31 of mjpeg, 0 … 51 of h264. @default 5; 27 */
  readonly quality?: number;
}

/** A picture as bytes. */
export interface CodedPicture {
  readonly bytes: Uint8Array;
  /** It needs no picture before it. */
  readonly isKey: boolean;
}

/** Seconds from keyframe to keyframe of H.264, where nobody asks for one. */
const keyEvery = 4;
/** Bits a second of H.264 for each pixel of the picture, at most. */
const mostBits = 3;

/**
 * Pictures as bytes for people who look on, each as soon as it is there: FFmpeg's MJPEG, which takes a quarter of the time
 * that libvips takes for a small JPEG, or x264 made for speed. One at a time; nothing is kept back.
 */
export class PictureStream {
  readonly #encoder: Encoder;
  readonly #info: ImageInfo;
  #count = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(encoder: Encoder, info: ImageInfo) {
    this.#encoder = encoder;
    this.#info = info;
  }

  /**
   * @param info uint8, gray or bgr; of even width and height for h264.
   * @throws {UnsupportedError} if it cannot hold such pictures; {RangeError} if `rate` is not above 0.
   */
  static async open(info: ImageInfo, options: PictureStreamOptions): Promise<PictureStream> {
    const { codec, rate, quality = codec === "mjpeg" ? 5 : 27 } = options;
    const { width, height } = info;
    const isEven = width % 2 === 0 && height % 2 === 0;
    const isPlain = info.dtype === "uint8" && (info.color === "gray" || info.color === "bgr");
    if (!isPlain || (codec === "h264" && !isEven)) {
      throw new UnsupportedError(`${codec} stream`, describeImage(info), [
        "uint8 gray, bgr; h264: even sizes",
      ]);
    }
    const { num, den } = rateAsFraction(rate);
    const encoder = await Encoder.open({
      ...{ width, height, rate: { num, den }, timeBase: { num: den, den: num }, threads: 1 },
      encoder: codec === "h264" ? "libx264" : "mjpeg",
      pixelFormat: codec === "h264" ? "yuv420p" : "yuvj420p",
      isFullRange: true,
      hasGlobalHeader: false,
      options: codec === "h264" ? h264Options(info, rate, quality) : mjpegOptions(quality),
    });
    return new PictureStream(encoder, info);
  }

  /** Whether pictures of that kind go into it. */
  fits({ width, height, color }: ImageInfo): boolean {
    return width === this.#info.width && height === this.#info.height && color === this.#info.color;
  }

  /**
   * @param isKey the picture is to be a keyframe.
   * @throws {Error} in FFmpeg's words, if it cannot be encoded.
   */
  encode(image: Image, isKey = false): Promise<CodedPicture> {
    return this.#inTurn(async () => {
      if (this.#isClosed) throw new Error("the stream is closed");
      let coded: CodedPicture | undefined;
      const take = (packet: { readonly data: Buffer | null; readonly isKeyframe: boolean }): void => {
        if (packet.data) coded = { bytes: new Uint8Array(packet.data), isKey: packet.isKeyframe };
      };
      await this.#encoder.encode(image, this.#count++, take, isKey);
      if (coded === undefined) throw new Error("the encoder gave nothing for a picture");
      return coded;
    });
  }

  /** Waits for the picture at work. May be called twice. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      await this.#encoder.finish(() => {}).catch(() => {});
      this.#encoder.close();
    });
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => {});
    return result;
  }
}

function mjpegOptions(quality: number): [string, string][] {
  // Optimised Huffman tables need each picture twice.
  return [...encoderOptions("mjpeg", "mjpeg", { quality, isLive: true }), ["huffman", "default"]];
}

function h264Options({ width, height }: ImageInfo, rate: number, quality: number): [string, string][] {
  const gop = Math.max(1, Math.round(rate * keyEvery));
  const bits = Math.max(100_000, width * height * mostBits);
  return [
    ...encoderOptions("h264", "libx264", { preset: "ultrafast", gop, quality, isLive: true }),
    ...([
      ["profile", "baseline"],
      ["forced-idr", "1"],
      ["maxrate", String(bits)],
      ["bufsize", String(bits)],
    ] as [string, string][]),
  ];
}
