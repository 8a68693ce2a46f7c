import type { CodedCodec, CodedInfo } from "../../core/coded-frame.js";
import { CodedPacket, codedParameters } from "./coded-packets.js";
import { Converter } from "./converter.js";
import { Decoder } from "./decoder.js";

/**
 * Decodes a keyframe to see what it is.
 * @param extradata the codec's headers.
 * @returns undefined if it cannot be decoded.
 */
export async function codedInfoOf(
  codec: CodedCodec,
  extradata: Uint8Array,
  data: Uint8Array,
): Promise<CodedInfo | undefined> {
  const asked: CodedInfo = { codec, width: 0, height: 0, pixelFormat: "", extradata };
  const parameters = codedParameters(asked);
  const packet = new CodedPacket();
  try {
    const decoder = Decoder.open(parameters, 1, false);
    try {
      if (!(await decoder.send(packet.fill(data, 0, true), 0, false))) return undefined;
      await decoder.drain();
      const native = await decoder.receiveLate();
      if (native === undefined) return undefined;
      try {
        const { width, height } = native.frame;
        const pixelFormat = new Converter({ as: "native", rotation: 0 }).pixelFormatOf(native);
        return native.isDamaged ? undefined : { ...asked, width, height, pixelFormat };
      } finally {
        native.release();
      }
    } finally {
      await decoder.close();
    }
  } catch {
    // Headers that no decoder opens with: as if they had not come.
    return undefined;
  } finally {
    packet.free();
    parameters.codecpar.free();
  }
}
