import { UnsupportedError } from "../core/errors.js";
import type { AnyTransformKind } from "../transforms/transform-kind.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit } from "./exit.js";
import { table } from "./output.js";

const help = `
A transform is written NAME, NAME:VALUE for its main option, or NAME:OPTION=VALUE,OPTION=VALUE; a comma that is followed by
no "OPTION=" belongs to the value. A path (./mine.js) is a module of yours whose default export is a function from picture
to picture.

With --json one array: name, summary, main, and of each option name, summary, looks, usual, required.

Examples:
  marey transforms
  marey transforms crop
  marey convert video.mp4 half.mp4 -t crop:left=80,width=320 -t flip:vertical
  marey frame store 100 -o flipped.png -t flip`;

export const transforms: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(command)
      .argument("[name]", "one of them, with its options (default: all)")
      .addHelpText("after", help)
      .action(async (name: string | undefined, options: CommonOptions) => {
        await list(name, options, context);
        finish(exit.ok);
      });
  },
};

async function list(name: string | undefined, { json }: CommonOptions, { out }: Context): Promise<void> {
  const { builtInTransforms } = await import("../index.js");
  const found = builtInTransforms.filter((kind) => name === undefined || kind.name === name);
  if (name !== undefined && found.length === 0) {
    throw new UnsupportedError(
      "transform",
      name,
      builtInTransforms.map((kind) => kind.name),
    );
  }
  if (json) await out.json(found.map(facts));
  else if (name === undefined) await out.line(table(found.map((kind) => [kind.name, kind.summary])));
  else await out.line(describe(found[0]!));
}

function facts({ name, summary, main, options, required }: AnyTransformKind): Record<string, unknown> {
  const described = Object.entries(options).map(([option, { summary, looks, usual }]) => ({
    ...{ name: option, summary, looks, required: required.includes(option) },
    ...(usual !== undefined && { usual }),
  }));
  return { name, summary, ...(main && { main }), options: described };
}

function describe(kind: AnyTransformKind): string {
  const { name, summary, main, options, required } = kind;
  const rows = Object.entries(options).map(([option, { summary, looks, usual }]): [string, string] => {
    const remark = required.includes(option)
      ? " (needed)"
      : usual === undefined
        ? ""
        : ` (default: ${usual})`;
    return [`${option}=${looks}`, `${summary}${remark}`];
  });
  const short = main === undefined ? "" : `\n\n"${name}:VALUE" gives ${main}.`;
  return `${name}: ${summary}${rows.length > 0 ? `\n\n${table(rows)}` : ""}${short}`;
}
