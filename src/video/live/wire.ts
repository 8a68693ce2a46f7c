import type { CodedInfo } from "../../core/coded-frame.js";
import type { LiveFrame } from "./coded-stream.js";

// What the process that reads a stream says to the one that wants it, one message after another. All values are
// little-endian.
//
//   length of the rest (u32), kind (u8), content
//     opened  JSON: { container }
//     coded   JSON: `CodedInfo`, its extradata in base64
//     frame   arrived, pts (f64 each), frames left out before it (u32), flags (u8), data
//     waiting JSON: {}: frames come, but none that can be begun with
//     missed  JSON: { packets }: RTP packets that never came
//     failed  JSON: { reason }; nothing comes after it
//     ended   JSON: {}; likewise

export type WireMessage =
  | { readonly kind: "opened"; readonly container: string }
  | { readonly kind: "coded"; readonly coded: CodedInfo }
  | { readonly kind: "frame"; readonly frame: LiveFrame; readonly leftOut: number }
  | { readonly kind: "waiting" }
  | { readonly kind: "missed"; readonly packets: number }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "ended" };

const kinds = ["opened", "coded", "frame", "waiting", "missed", "failed", "ended"] as const;
const KEY = 1;
const DAMAGED = 2;
const frameHead = 21;

/** Longest message: a frame of 64 MiB. */
const LONGEST = 2 ** 26 + 2 ** 16;

export function encodeMessage(message: WireMessage): Uint8Array {
  const content =
    message.kind === "frame" ? encodeFrame(message) : Buffer.from(JSON.stringify(plain(message)));
  const head = Buffer.alloc(5);
  head.writeUInt32LE(content.length + 1);
  head[4] = kinds.indexOf(message.kind);
  return Buffer.concat([head, content]);
}

function plain({ kind: _, ...content }: Exclude<WireMessage, { kind: "frame" }>): unknown {
  if (!("coded" in content)) return content;
  const { extradata, ...rest } = content.coded;
  return { coded: { ...rest, extradata: Buffer.from(extradata).toString("base64") } };
}

function encodeFrame({ frame, leftOut }: WireMessage & { kind: "frame" }): Buffer {
  const bytes = Buffer.allocUnsafeSlow(frameHead + frame.data.length);
  bytes.writeDoubleLE(frame.arrived, 0);
  bytes.writeDoubleLE(frame.pts, 8);
  bytes.writeUInt32LE(leftOut, 16);
  bytes[20] = (frame.isKey ? KEY : 0) | (frame.isDamaged ? DAMAGED : 0);
  bytes.set(frame.data, frameHead);
  return bytes;
}

/** Takes bytes as they come, and gives the messages in them. */
export class MessageReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @throws {Error} if they are no messages. */
  *add(chunk: Buffer): Generator<WireMessage> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (;;) {
      if (this.#bytes < 4) return;
      if (this.#chunks[0]!.length < 4) this.#join();
      const length = this.#chunks[0]!.readUInt32LE();
      if (length === 0 || length > LONGEST) throw new Error(`a message of ${length} bytes`);
      if (this.#bytes < 4 + length) return;
      this.#join();
      const all = this.#chunks[0]!;
      // A copy, so that a frame does not hold all that came with it.
      const message = Buffer.allocUnsafeSlow(length);
      all.copy(message, 0, 4, 4 + length);
      this.#chunks = [all.subarray(4 + length)];
      this.#bytes -= 4 + length;
      yield decodeMessage(message);
    }
  }

  #join(): void {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
  }
}

function decodeMessage(bytes: Buffer): WireMessage {
  const kind = kinds[bytes[0]!];
  const content = bytes.subarray(1);
  if (kind === undefined) throw new Error(`a message of kind ${bytes[0]}`);
  if (kind === "frame") {
    const [arrived, pts] = [content.readDoubleLE(0), content.readDoubleLE(8)];
    const flags = content[20]!;
    const [isKey, isDamaged] = [(flags & KEY) !== 0, (flags & DAMAGED) !== 0];
    const frame = { arrived, pts, isKey, isDamaged, data: content.subarray(frameHead) };
    return { kind, frame, leftOut: content.readUInt32LE(16) };
  }
  const facts = JSON.parse(content.toString());
  if (kind !== "coded") return { kind, ...facts };
  const extradata = new Uint8Array(Buffer.from(facts.coded.extradata, "base64"));
  return { kind, coded: { ...facts.coded, extradata } };
}
