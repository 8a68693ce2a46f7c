import { stat } from "node:fs/promises";
import { describeImage, type ImageInfo } from "../core/image.js";
import type { Conversion } from "../index.js";
import { formatTransform } from "../transforms/transform-text.js";
import { countOf, formatSeconds, table } from "./output.js";

/** What a conversion would do, for --dry-run; as JSON. */
export async function conversionFacts(conversion: Conversion) {
  const { input, inputKind, opened, steps, range, output, outputKind, create, drift, source } = conversion;
  const { metadata: _, kind: __, overwrite, ...options } = create;
  return {
    input: { path: input, kind: inputKind, frames: opened.index.length, picture: opened.info },
    steps: steps.map(({ step, info, frames }) => ({
      transform: formatTransform(step),
      frames,
      picture: info,
    })),
    frames: { ...range },
    ...(conversion.isCopy && { copied: await conversion.copied() }),
    output: {
      ...{ path: output, kind: outputKind, frames: range.count, picture: source.info, options },
      exists: (await stat(output).catch(() => undefined)) !== undefined,
      overwrite: overwrite === true,
    },
    drift,
  };
}

type Facts = Awaited<ReturnType<typeof conversionFacts>>;

/** The same for people. */
export function describeConversion({ input, steps, frames, copied, output, drift }: Facts): string {
  const of = (count: number, picture: ImageInfo): string =>
    `${countOf(count, "frame")} of ${describeImage(picture)}`;
  const { start, count, step } = frames;
  const last = start + (count - 1) * step;
  const every =
    step === 1
      ? ""
      : step === -1
        ? ", backwards"
        : `, every ${Math.abs(step)}${step < 0 ? " backwards" : ""}`;
  const options = Object.entries(output.options).map(([name, value]) => `${name} ${value}`);
  const remarks = [
    ...(output.exists
      ? [output.overwrite ? "is there, and would be replaced" : "exists already; --overwrite replaces it"]
      : []),
    ...(drift > 0
      ? [`frames would stand up to ${formatSeconds(drift)} off their own time; --times keeps it`]
      : []),
  ];
  const chosen = count === 0 ? "none" : `${start} to ${last}${every}: ${countOf(count, "frame")}`;
  const rows: [string, string | undefined][] = [
    ["reads", `${input.kind}, ${of(input.frames, input.picture)}`],
    ...steps.map((each): [string, string] => [each.transform, of(each.frames, each.picture)]),
    ["frames", chosen],
    ["copies", copied && `packets of frames ${copied.start} to ${copied.stop - 1}`],
    ["writes", `${output.kind}${options.map((option) => `, ${option}`).join("")}`],
    ...remarks.map((remark): [string, string] => ["remark", remark]),
  ];
  return `${input.path} -> ${output.path}\n${table(rows.map(([name, value]) => [`  ${name}`, value]))}`;
}
