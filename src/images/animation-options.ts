import type { ImageInfo } from "../core/image.js";
import type { AnimationTiming } from "./animation-stream.js";
import type { Dither } from "./palette-pixels.js";

export interface AnimationOptions extends AnimationTiming {
  /** What every frame is: 8 bits a sample, or 16 in APNG. */
  readonly info: ImageInfo;
  /** How often it plays; 0 for ever. @default 0 */
  readonly loop?: number;
  /** GIF: 256 colours for all frames, or for each. Gray frames keep their grays, whatever is said. @default "global" */
  readonly palette?: "global" | "local";
  /** GIF: how colours are made up of those of the palette. @default "floyd-steinberg" */
  readonly dither?: Dither;
  /** WebP: 1 (smallest) … 100. @default without loss */
  readonly quality?: number;
  /** Replace an existing file. @default false */
  readonly overwrite?: boolean;
}
