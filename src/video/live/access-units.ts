import type { CodedCodec } from "../../core/coded-frame.js";
import type { StreamPiece } from "../ffmpeg/network-demuxer.js";

/** A whole frame, put together. */
export interface Assembled {
  readonly codec: CodedCodec;
  readonly data: Uint8Array;
  /** Seconds on the stream's clock; NaN where it has none. */
  readonly pts: number;
  readonly isKey: boolean;
  readonly isDamaged: boolean;
  /** When its last piece was here: seconds on the monotonic clock. */
  readonly arrived: number;
  readonly extradata: Uint8Array;
}

/** Bytes of a frame beyond which a stream is out of its senses. */
const LONGEST = 2 ** 26;

/**
 * Puts frames together of the pieces in which RTP and MPEG-TS bring them. All pieces of a frame have its stamp, or none
 * (RFC 6184 §5.1, RFC 7798 §4.1): it is whole when a piece with another one comes.
 */
export class AccessUnits {
  #pieces: StreamPiece[] = [];
  #bytes = 0;
  #isDamaged = false;

  /** @returns the frames that are whole now, in their order: none, one or two. */
  add(piece: StreamPiece): Assembled[] {
    const whole: Assembled[] = [];
    const pts = this.#pieces[0]?.pts ?? Number.NaN;
    if (piece.isWhole || (!Number.isNaN(piece.pts) && piece.pts !== pts)) whole.push(...this.finish());
    this.#isDamaged ||= piece.isDamaged;
    if (this.#bytes + piece.data.length > LONGEST) this.#isDamaged = true;
    else {
      this.#pieces.push(piece);
      this.#bytes += piece.data.length;
    }
    if (piece.isWhole) whole.push(...this.finish());
    return whole;
  }

  /** Bytes are missing somewhere in the frame that is being put together. */
  damage(): void {
    this.#isDamaged = true;
  }

  /** The frame so far, as a whole one: the stream has ended, or another frame begins. */
  finish(): Assembled[] {
    const [first] = this.#pieces;
    const last = this.#pieces.at(-1);
    if (first === undefined || last === undefined) return [];
    const data = this.#pieces.length === 1 ? first.data : Buffer.concat(this.#pieces.map(({ data }) => data));
    const isKey = this.#pieces.some(({ isKey }) => isKey);
    const { codec, pts } = first;
    const { arrived, extradata } = last;
    const frame = { codec, data, pts, isKey, isDamaged: this.#isDamaged, arrived, extradata };
    this.#pieces = [];
    this.#bytes = 0;
    this.#isDamaged = false;
    return [frame];
  }
}
