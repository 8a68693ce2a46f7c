import type { CodedFrame } from "../core/coded-frame.js";
import type { Frame } from "../core/frame.js";
import { LiveDecoder } from "../video/live/live-decoder.js";

/** Pictures of frames that are kept as they were compressed, for people: keyframes, as long as somebody looks. */
export class KeyframePictures {
  readonly #show: (frame: Frame) => void;
  readonly #decoder = new LiveDecoder<CodedFrame>({ as: "auto", threads: 1 });
  #work: Promise<void> | undefined;

  constructor(show: (frame: Frame) => void) {
    this.#show = show;
  }

  /** Never waits: what comes while another is decoded is not shown, nor what cannot be decoded. */
  look(frame: CodedFrame): void {
    if (!frame.isKey || this.#work !== undefined) return;
    this.#work = this.#decode(frame)
      .catch(() => {})
      .finally(() => {
        this.#work = undefined;
      });
  }

  async close(): Promise<void> {
    await this.#work;
    await this.#decoder.close();
  }

  async #decode(frame: CodedFrame): Promise<void> {
    const pictures = [...(await this.#decoder.decode(frame)), ...(await this.#decoder.finish())];
    for (const { from, image } of pictures) this.#show({ number: from.number, time: from.time, image });
  }
}
