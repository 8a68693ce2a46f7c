import type { CodedInfo } from "../../core/coded-frame.js";
import { codedInfoOf } from "../ffmpeg/coded-picture.js";
import { describeAccessUnit, lengthBytes, tidyParameterSets } from "../nal-units.js";
import type { Assembled } from "./access-units.js";

/** A frame that can be handed on. */
export interface LiveFrame {
  readonly data: Uint8Array;
  /** Seconds on the stream's clock; NaN where it has none. */
  readonly pts: number;
  /** Seconds on the monotonic clock when it was here. */
  readonly arrived: number;
  readonly isKey: boolean;
  readonly isDamaged: boolean;
}

/** Bytes that may come before a frame's own: headers with a stamp of their own. */
const LONGEST_HEADERS = 2 ** 16;

/**
 * Knows at each keyframe with what it is decoded, and looks at it where that has changed. Frames before the first
 * keyframe that can be decoded are of no use, and not given.
 */
export class CodedStream {
  #coded: CodedInfo | undefined;
  /** What `#coded` was learned from. */
  #seen = "";
  /** Units without a picture, which go with the next one. */
  #headers: Uint8Array = new Uint8Array(0);
  readonly #onCoded: (coded: CodedInfo) => void;
  readonly #onFrame: (frame: LiveFrame) => void;

  /**
   * @param onCoded called before the first frame, and before each keyframe that is decoded with something else.
   * @param onFrame called for each frame.
   */
  constructor(onCoded: (coded: CodedInfo) => void, onFrame: (frame: LiveFrame) => void) {
    this.#onCoded = onCoded;
    this.#onFrame = onFrame;
  }

  /** Whether a keyframe has come that could be decoded. */
  get isKnown(): boolean {
    return this.#coded !== undefined;
  }

  async add(unit: Assembled): Promise<void> {
    const facts = this.#look(unit);
    if (facts === undefined) return;
    const { data, isKey, extradata, sign } = facts;
    if (isKey && sign !== this.#seen && !unit.isDamaged) {
      const coded = await codedInfoOf(unit.codec, extradata, data);
      if (coded !== undefined) {
        this.#coded = coded;
        this.#seen = sign;
        this.#onCoded(coded);
      }
    }
    if (this.#coded === undefined) return;
    // A keyframe that could not be looked at, though its headers are others, cannot be decoded by anyone.
    const isDamaged = unit.isDamaged || (isKey && sign !== this.#seen);
    this.#onFrame({ data, pts: unit.pts, arrived: unit.arrived, isKey, isDamaged });
  }

  #look(unit: Assembled) {
    const { codec } = unit;
    if (codec === "mjpeg") return { ...unit, sign: jpegShape(unit.data) };
    if (codec === "av1") return { ...unit, sign: `${Buffer.from(unit.extradata).toString("latin1")} ` };
    const prefix = lengthBytes(codec, unit.extradata);
    const data = this.#headers.length > 0 ? Buffer.concat([this.#headers, unit.data]) : unit.data;
    const { hasPicture, isKey, parameterSets } = describeAccessUnit(codec, data, prefix);
    if (!hasPicture) {
      this.#headers = data.length <= LONGEST_HEADERS ? data : new Uint8Array(0);
      return undefined;
    }
    this.#headers = new Uint8Array(0);
    const extradata =
      prefix !== undefined ? unit.extradata : this.#parameterSets(codec, unit.extradata, parameterSets);
    // Without parameter sets nothing can be decoded.
    return {
      data,
      isKey: isKey && extradata.length > 0,
      extradata,
      sign: Buffer.from(extradata).toString("latin1"),
    };
  }

  /** Those in the frame are newer than those of the frame before, and these than what the session was described with. */
  #parameterSets(codec: "h264" | "hevc", described: Uint8Array, inFrame: Uint8Array): Uint8Array {
    if (inFrame.length > 0) return inFrame;
    return this.#coded?.extradata ?? tidyParameterSets(codec, described);
  }
}

/** What of a JPEG its decoder is set up by: the bytes of its frame header (ITU-T T.81 §B.2.2). */
function jpegShape(data: Uint8Array): string {
  for (let at = 2; at + 4 <= data.length && data[at] === 0xff; ) {
    const marker = data[at + 1]!;
    const size = (data[at + 2]! << 8) | data[at + 3]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return Buffer.from(data.subarray(at, at + 2 + size)).toString("latin1");
    at += 2 + size;
  }
  return "";
}
