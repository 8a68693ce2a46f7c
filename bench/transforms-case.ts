/** A transform and what OpenCV or NumPy does instead, on pictures of 1280x720. */
export interface TransformCase {
  /** As the command line spells it. */
  readonly transform: string;
  /** Python; `a` is the picture, `np`, `cv2` and `table` (256 bytes) are there. */
  readonly peer: string;
  readonly colors: readonly ("gray" | "bgr" | "bayer-rg")[];
  /** @default "uint8" */
  readonly dtype?: "uint8" | "uint16" | "float32";
}
