import type { OptionKind } from "../option-kind.js";
import type { PictureStamp } from "../transform-kind.js";
import { compileSpan, compileTime, unknownTime } from "./strftime.js";
import { countWriter, type FieldWriters, padZeros, parseFields } from "./text-fields.js";

/** What a template is filled with. */
export interface TemplateFacts {
  readonly stamp: PictureStamp;
  /** Time of the first frame, in seconds. */
  readonly start: number;
}

export interface TextTemplate {
  /** True if it asks for the time since the first frame. */
  readonly needsStart: boolean;
  fill(facts: TemplateFacts): string;
}

const fields = ["number", "index", "time", "elapsed"] as const;
type Field = (typeof fields)[number];

/**
 * Reads a text with fields:
 *
 *     {number} {number:06d}          the camera's count; filled with zeros to six digits
 *     {index} {index:6d}             the rank in the source, from 0; filled with spaces
 *     {time} {time:.3f}              seconds, with three digits
 *     {time:%Y-%m-%d %H:%M:%S.%3f}   Unix time as a date; see `compileTime`
 *     {elapsed} {elapsed:.1f} {elapsed:%H:%M:%S}   since the first frame; see `compileSpan`
 *     {{ }}                          braces
 *     \n                             a new line, as the two characters or the one
 *
 * @throws {RangeError} for unknown fields and formats, and for zones that there are not.
 */
export function parseTemplate(text: string, zone = "UTC"): TextTemplate {
  let needsStart = false;
  const writeField: FieldWriters<TemplateFacts, Field> = (field, format) => {
    if (field === "number" || field === "index") {
      const write = countWriter(field, format);
      return ({ stamp }) => write(stamp[field]);
    }
    if (field === "elapsed") needsStart = true;
    const write = timeWriter(field, format ?? ".3f", zone);
    return ({ stamp, start }) => write(field === "time" ? stamp.time : stamp.time - start);
  };
  const fill = parseFields(text.replaceAll("\\n", "\n"), fields, writeField);
  return { needsStart, fill };
}

function timeWriter(field: Field, format: string, zone: string): (seconds: number) => string {
  const [, zero, width, digits] = /^(0?)(\d{0,3})\.(\d\d?)f$/.exec(format) ?? [];
  if (digits !== undefined) {
    return (seconds) => {
      if (!Number.isFinite(seconds)) return unknownTime;
      const text = seconds.toFixed(Number(digits));
      return zero ? padZeros(text, Number(width)) : text.padStart(Number(width));
    };
  }
  if (!format.includes("%")) {
    throw new RangeError(`{${field}:${format}} is no format such as .3f or %H:%M:%S`);
  }
  return field === "time" ? compileTime(format, zone) : compileSpan(format);
}

/** A text with fields, as an option. */
export function templateOption(
  summary: string,
  { usual }: { readonly usual?: string } = {},
): OptionKind<string> {
  return {
    summary,
    looks: "text with {number}, {time:%H:%M:%S} …",
    ...(usual !== undefined && { usual }),
    check(value) {
      if (typeof value !== "string") throw new RangeError("must be text");
      try {
        parseTemplate(value);
      } catch (error) {
        throw new RangeError(`must be a text whose fields are known: ${(error as Error).message}`);
      }
      return value;
    },
    parse: (given) => given,
  };
}

/** A zone of time, as an option. */
export const zoneOption: OptionKind<string> = {
  summary: "the zone of dates: UTC, +02:00 or a name such as Europe/Paris",
  looks: "zone",
  usual: "UTC",
  check(value) {
    try {
      if (typeof value === "string") compileTime("%z", value)(0);
      if (typeof value === "string") return value;
    } catch {
      // No such zone; told below.
    }
    throw new RangeError('must be a zone such as "UTC", "+02:00" or "Europe/Paris"');
  },
  parse: (given) => given,
};
