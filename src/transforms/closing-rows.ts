import { RowPictures } from "./row-pictures.js";

/** Aligned sources as one whose closing closes them. */
export class ClosingRows extends RowPictures {
  override async close(): Promise<void> {
    await super.close();
    await this.aligned.close();
  }
}
