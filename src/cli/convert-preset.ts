import { readFile, stat } from "node:fs/promises";
import type { Command, Option } from "commander";
import { formatTransform } from "../transforms/transform-text.js";
import { UsageError } from "./exit.js";

/** Longest file that is read, in bytes. */
const longest = 2 ** 20;

/** What belongs to one call and not to a way of converting. */
const ofOneCall = new Set(["json", "quiet", "recipe", "force", "resume", "dryRun"]);

export function isPresetFile(text: string): boolean {
  return /\.(ya?ml|json)$/i.test(text);
}

/**
 * Takes over the options of preset files, as if they stood on the command line; what does stand there wins, and a later file
 * over an earlier one. In the files options are called as they are there, without dashes, and `transform` may be a list:
 *
 *     codec: h264
 *     start: 00:01:00
 *     transform: ["crop:left=80,top=40", flip, { subsample: { every: 2 } }]
 *
 * All that remains in --preset is x264's own.
 * @throws {UsageError} if a file cannot be read, has an option that there is none of, or a wrong value.
 */
export async function readPresets(command: Command, presets: readonly string[]): Promise<void> {
  command.setOptionValueWithSource(
    "preset",
    presets.filter((text) => !isPresetFile(text)),
    command.getOptionValueSource("preset"),
  );
  const isOnCommandLine = (name: string): boolean =>
    name === "preset"
      ? presets.some((text) => !isPresetFile(text))
      : command.getOptionValueSource(name) === "cli";
  for (const path of presets.filter(isPresetFile)) {
    for (const [option, value] of await readPreset(command, path)) {
      const name = option.attributeName();
      if (!isOnCommandLine(name)) command.setOptionValueWithSource(name, value, "preset");
    }
  }
}

async function readPreset(command: Command, path: string): Promise<[Option, unknown][]> {
  const content = await load(path);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new UsageError(`${path}: no options in it; a line would be "codec: h264"`);
  }
  const known = new Map(
    command.options
      .filter((option) => option.long && !option.negate && !ofOneCall.has(option.attributeName()))
      .map((option) => [option.long!.slice(2), option]),
  );
  return Object.entries(content).map(([key, value]) => {
    const option = known.get(key);
    if (!option) {
      throw new UsageError(
        `${path}: there is no option "${key}"; known: ${[...known.keys()].sort().join(", ")}`,
      );
    }
    try {
      return [option, readValue(option, value)];
    } catch (error) {
      throw new UsageError(`${path}: ${key}: ${(error as Error).message}`, { cause: error });
    }
  });
}

/** Every scalar is a text, as on the command line: in YAML's own eyes 1:30 would be the number 90. */
async function load(path: string): Promise<unknown> {
  const { FAILSAFE_SCHEMA, load: parse } = await import("js-yaml");
  try {
    const { size } = await stat(path);
    if (size > longest) throw new Error(`has ${size} bytes; at most ${longest} are read`);
    return parse(await readFile(path, "utf8"), { schema: FAILSAFE_SCHEMA });
  } catch (cause) {
    const [reason] = (cause as Error).message.split("\n");
    throw new UsageError(`${path} cannot be read as a preset: ${reason}`, { cause });
  }
}

function readValue(option: Option, value: unknown): unknown {
  const name = option.attributeName();
  if (name === "transform") return (Array.isArray(value) ? value : [value]).map(transformText);
  if (typeof value !== "string") throw new TypeError("must be one value");
  const isFlag = !option.required && !option.optional;
  if (value === "true" && !option.required) return true;
  if (value === "false" && !option.required) return undefined;
  if (isFlag) throw new TypeError(`must be true or false, got "${value}"`);
  if (option.argChoices && !option.argChoices.includes(value)) {
    throw new RangeError(`"${value}" is none of ${option.argChoices.join(", ")}`);
  }
  if (name === "preset" && isPresetFile(value)) throw new RangeError("a preset file names no other");
  return option.parseArg
    ? option.parseArg(value, name === "preset" ? ([] as never) : (undefined as never))
    : value;
}

function transformText(item: unknown): string {
  if (typeof item === "string") return item;
  const steps = typeof item === "object" && item !== null ? Object.entries(item) : [];
  const [name, options] = steps[0] ?? [];
  if (steps.length !== 1 || name === undefined || (options !== "" && typeof options !== "object")) {
    throw new TypeError('a transform is a text such as "crop:left=80", or a name with its options');
  }
  return formatTransform({ name, options: options === "" ? {} : (options as Record<string, unknown>) });
}
