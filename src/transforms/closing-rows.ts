import type { SeekableSource } from "../core/stream.js";
import { RowPictures } from "./row-pictures.js";

/** Aligned sources as one whose closing closes them. */
export class ClosingRows<S extends SeekableSource = SeekableSource> extends RowPictures<S> {
  override async close(): Promise<void> {
    await super.close();
    await this.aligned.close();
  }
}
