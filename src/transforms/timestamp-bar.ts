import { TransformError } from "../core/errors.js";
import type { Image, ImageInfo } from "../core/image.js";
import { type ColorValue, color } from "./color-option.js";
import { blendRectangle, checkDrawable, copyOf, paintOf } from "./drawing/blend.js";
import { prepareLabel } from "./drawing/label.js";
import { pixelsOf, type Size, sizeOption } from "./drawing/place.js";
import { type SourceSpan, sinceStart } from "./drawing/since-start.js";
import { measureText } from "./drawing/text-mask.js";
import { parseTemplate, templateOption, zoneOption } from "./drawing/text-template.js";
import { choice, real } from "./option-kind.js";
import { type PreparedPictures, transformKind } from "./transform-kind.js";

export interface TimestampBarOptions {
  /** What stands in the bar; see `text`. @default "{elapsed:%H:%M:%S.%3f}" */
  readonly text?: string;
  /** The zone of dates in `text`. @default "UTC" */
  readonly zone?: string;
  /** @default "bottom" */
  readonly at?: "top" | "bottom";
  /** Of the text: pixels an em, or a share of the picture's height such as "5%". @default "3%" */
  readonly size?: Size;
  /** Of the part that has passed. @default "#0072b2" */
  readonly color?: ColorValue;
  /** Of the part that is to come. @default "black" */
  readonly background?: ColorValue;
  /** Of the text. @default "white" */
  readonly textColor?: ColorValue;
  /** 0 – 1, of the bar; the text is opaque. @default 0.6 */
  readonly opacity?: number;
  /** Seconds that the full bar stands for. @default from the first frame of the source to the last */
  readonly duration?: number;
}

/**
 * Draws a bar over the picture's lower or upper border that fills up as the source's time goes by, with the time in it.
 * @throws {TransformError} for a stream, which does not know its end, without a `duration`; and as `text` does.
 */
export const timestampBar = transformKind<TimestampBarOptions>(
  {
    name: "timestamp-bar",
    summary: "draws a bar that fills up as time goes by, with the time in it",
    options: {
      text: templateOption("what stands in it", { usual: "{elapsed:%H:%M:%S.%3f}" }),
      zone: zoneOption,
      at: choice("where it is", ["top", "bottom"], { usual: "bottom" }),
      size: sizeOption("height of the font", "3%"),
      color: color("of the part that has passed", { usual: "#0072b2" }),
      background: color("of the part that is to come", { usual: "black" }),
      textColor: color("of the text", { usual: "white" }),
      opacity: real("of the bar; the text is opaque", { least: 0, most: 1, looks: "0-1", usual: "0.6" }),
      duration: real("seconds that the full bar stands for", {
        ...{ above: 0, looks: "seconds", usual: "all of the source" },
      }),
    },
    main: "text",
  },
  (options) => sinceStart((span) => (info) => prepareBar(options, span, info)),
);

function prepareBar(options: TimestampBarOptions, span: SourceSpan, info: ImageInfo): PreparedPictures {
  checkDrawable("timestamp-bar", info);
  const { at = "bottom", opacity = 0.6, duration } = options;
  const length = duration ?? span.stop - span.start;
  if (Number.isNaN(length) && duration === undefined && Number.isNaN(span.stop)) {
    throw new TransformError("timestamp-bar", "a source whose end is not known needs a duration");
  }
  const template = parseTemplate(options.text ?? "{elapsed:%H:%M:%S.%3f}", options.zone);
  const size = pixelsOf(options.size ?? "3%", info);
  const height = measureText("", { size }).height + 2;
  const top = at === "top" ? 0 : info.height - height;
  const passed = paintOf("timestamp-bar", options.color ?? "#0072b2", info, opacity);
  const rest = paintOf("timestamp-bar", options.background ?? "black", info, opacity);
  const label = prepareLabel(
    "timestamp-bar",
    { at: "left", x: Math.round(size / 2), y: top + height / 2, size, color: options.textColor ?? "white" },
    info,
  );
  return {
    info,
    apply(image, stamp): Image {
      const out = copyOf(image);
      // A single frame, or frames of one time, are all there is: the bar is full.
      const share = length > 0 ? (stamp.time - span.start) / length : 1;
      const filled = Math.round(info.width * Math.min(1, Math.max(0, share || 0)));
      blendRectangle(out, 0, top, filled, height, passed);
      blendRectangle(out, filled, top, info.width - filled, height, rest);
      label(out, template.fill({ stamp, start: span.start }));
      return out;
    },
  };
}
