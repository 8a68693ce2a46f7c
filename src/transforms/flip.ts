import { TransformError } from "../core/errors.js";
import { blankImage, describeImage, type Image, type ImageInfo } from "../core/image.js";
import { choice } from "./option-kind.js";
import { pictureTransform } from "./picture-transform.js";

export interface FlipOptions {
  /** `horizontal` puts the left to the right, `vertical` the top to the bottom. @default "horizontal" */
  readonly axis?: "horizontal" | "vertical" | "both";
}

/** Mirrors the picture: NumPy's `fliplr`, `flipud`, or both. */
export const flip = pictureTransform<FlipOptions>(
  {
    name: "flip",
    summary: "mirrors the picture",
    options: {
      axis: choice("left to right, top to bottom, or both", ["horizontal", "vertical", "both"], {
        usual: "horizontal",
      }),
    },
    main: "axis",
  },
  ({ axis = "horizontal" }, info) => {
    if (info.color === "native" || info.color.startsWith("bayer-"))
      throw new TransformError("flip", `cannot be done to ${describeImage(info)}`);
    return { info, apply: (image) => mirrored(image, info, axis !== "vertical", axis !== "horizontal") };
  },
);

function mirrored(image: Image, info: ImageInfo, across: boolean, down: boolean): Image {
  const out = blankImage(info);
  const { width, height } = image;
  const pixel = image.data.length / (width * height);
  const [from, to] = [image.data, out.data];
  for (let y = 0; y < height; y++) {
    const source = (down ? height - 1 - y : y) * width * pixel;
    const target = y * width * pixel;
    if (!across) {
      to.set(from.subarray(source, source + width * pixel) as never, target);
      continue;
    }
    for (let x = 0; x < width; x++) {
      const [at, other] = [target + x * pixel, source + (width - 1 - x) * pixel];
      for (let c = 0; c < pixel; c++) to[at + c] = from[other + c]!;
    }
  }
  return out;
}
