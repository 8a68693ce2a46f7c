import type { Image } from "../core/image.js";
import { checkDrawable, copyOf } from "./drawing/blend.js";
import { type LabelOptions, labelOptions, prepareLabel } from "./drawing/label.js";
import { sinceStart } from "./drawing/since-start.js";
import { parseTemplate, templateOption, zoneOption } from "./drawing/text-template.js";
import { eachPicture } from "./picture-transform.js";
import { type PictureStamp, type PreparedPictures, transformKind } from "./transform-kind.js";

export interface TextOptions extends LabelOptions {
  /**
   * What is written, with fields for what changes from frame to frame:
   * - `{number}`, `{number:06d}` the camera's count; `{index}` the rank in the source, from 0
   * - `{time}`, `{time:.1f}` seconds, with three digits or as many as you say
   * - `{time:%Y-%m-%d %H:%M:%S.%3f}` Unix time as a date, in `zone`: strftime's `%Y %y %m %d %e %H %I %p %M %S %j %B %b %A %a
   *   %F %T %s %z %Z %%`, and `%f` microseconds (`%3f` milliseconds, cut)
   * - `{elapsed}`, `{elapsed:.1f}`, `{elapsed:%H:%M:%S}` time since the first frame of the source
   * - `{{` and `}}` braces, `\n` a new line
   */
  readonly text: string;
  /** The zone of dates: "UTC", "+02:00", or a name such as "Europe/Paris". @default "UTC" */
  readonly zone?: string;
}

/**
 * Writes text into the picture, in DejaVu Sans: Latin, Greek and Cyrillic letters, arrows, mathematics and signs; a box for
 * what the font has not. The same pixels on every machine. Letters are 8-bit coverage of exact areas, fitted to the pixels'
 * rows; integers are rounded to the nearest. Over transparent pixels the text brings its own opacity.
 * @throws {TransformError} for pictures that cannot be drawn on: planes, mosaics, other dtypes than uint8, uint16, float32.
 */
export const text = transformKind<TextOptions>(
  {
    name: "text",
    summary: "writes text, the frame's number, its time",
    options: {
      text: templateOption("what is written; \\n is a new line"),
      ...labelOptions,
      zone: zoneOption,
    },
    required: ["text"],
    main: "text",
  },
  (options) => {
    const template = parseTemplate(options.text, options.zone);
    const write = (info: Image | Omit<Image, "data">, start: () => number): PreparedPictures => {
      checkDrawable("text", info);
      const label = prepareLabel("text", options, info);
      const apply = (image: Image, stamp: PictureStamp): Image => {
        const out = copyOf(image);
        label(out, template.fill({ stamp, start: start() }));
        return out;
      };
      return { info, apply };
    };
    return template.needsStart
      ? sinceStart((span) => (info) => write(info, () => span.start))
      : eachPicture((info) => write(info, () => Number.NaN));
  },
);
