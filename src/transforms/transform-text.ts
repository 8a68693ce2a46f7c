import { UnsupportedError } from "../core/errors.js";
import type { AnyTransformKind, BoundTransform, TransformStep } from "./transform-kind.js";

// A transform as it is written on a command line:
//
//   clahe                                      its name alone
//   resize:0.5                                 its main option needs no name
//   crop:left=80,top=40,width=320,height=240   name=value, a comma between
//   text:{number}, {time:%H:%M:%S.%f},x=8      a comma that is followed by no "option=" belongs to the value;
//                                              so does "\," always

/**
 * Reads one transform.
 * @throws {UnsupportedError} if there is none of that name; {TypeError} or {RangeError} for its options.
 */
export function parseTransform(text: string, kinds: readonly AnyTransformKind[]): BoundTransform {
  const colon = text.indexOf(":");
  const name = (colon < 0 ? text : text.slice(0, colon)).trim();
  const kind = findTransform(name, kinds);
  const options = colon < 0 ? {} : parseOptions(text.slice(colon + 1), kind);
  return bindStep({ name, options }, kinds);
}

/** The transform of a step that was kept in a recipe. @throws as `parseTransform` does. */
export function bindStep(
  { name, options }: TransformStep,
  kinds: readonly AnyTransformKind[],
): BoundTransform {
  return (findTransform(name, kinds) as unknown as (options: object) => BoundTransform)(options);
}

function findTransform(name: string, kinds: readonly AnyTransformKind[]): AnyTransformKind {
  const kind = kinds.find((candidate) => candidate.name === name);
  if (kind !== undefined) return kind;
  throw new UnsupportedError(
    "transform",
    name,
    kinds.map((candidate) => candidate.name),
  );
}

/** Options as a command line spells them, not yet checked. @param kind what they are options of. */
export function parseOptions(
  text: string,
  kind: Pick<AnyTransformKind, "name" | "options" | "main">,
): Record<string, unknown> {
  const names = Object.keys(kind.options);
  const options: Record<string, unknown> = {};
  const begins = new RegExp(`^\\s*(${names.join("|")})\\s*(?:=|$)`);
  for (const [at, part] of splitOptions(text, names).entries()) {
    const key = begins.exec(part)?.[1];
    const equals = part.indexOf("=");
    if (key !== undefined && equals < 0) {
      // The bare name of a flag; of anything else the main option's value may well look like a name.
      options[key] = kind.options[key]!.parse("");
      continue;
    }
    const value = (key === undefined ? part : part.slice(equals + 1)).replaceAll("\\,", ",");
    const option = key ?? (at === 0 ? kind.main : undefined);
    if (option === undefined) {
      throw new TypeError(
        `${kind.name}: "${part.trim()}" is no option=value; its options are ${names.join(", ") || "none"}`,
      );
    }
    options[option] = kind.options[option]!.parse(value);
  }
  return options;
}

/** At commas that are followed by the name of an option; the first part may have none. */
function splitOptions(text: string, names: readonly string[]): string[] {
  if (text.trim() === "") return [];
  if (names.length === 0) return [text];
  return text.split(new RegExp(`(?<!\\\\),(?=\\s*(?:${names.join("|")})\\s*(?:=|,|$))`));
}

/** The transform as a command line spells it; what `parseTransform` reads. */
export function formatTransform({ name, options }: TransformStep): string {
  const spelled = Object.entries(options).map(([key, value]) => `${key}=${formatValue(value)}`);
  return spelled.length === 0 ? name : `${name}:${spelled.join(",")}`;
}

function formatValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(formatValue).join(",");
  return typeof value === "string" ? value.replaceAll(",", "\\,") : String(value);
}
