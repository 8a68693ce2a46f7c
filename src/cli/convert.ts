import type { Command } from "commander";
import type { CliCommand, Context } from "./context.js";
import { pairsOf } from "./convert-inputs.js";
import { addConvertOptions, type ConvertCommandOptions, convertOptions } from "./convert-options.js";
import { readPresets } from "./convert-preset.js";
import { convertAll, convertOne } from "./convert-run.js";
import { UsageError } from "./exit.js";

const help = `
OUT says what is written:
  name.mp4 .mkv .mov .avi    a video             out/%06d.png (tif, jpg, bmp, pgm, ppm)   numbered pictures
  name.npy .npz .zarr        an array            a name without extension                 a store
  name.seq                   a NorPix sequence
  name.tif                   a stack of pictures name.gif .apng .webp                     an animation
--to and --format overrule the name. Frame numbers, times, user metadata and extra data go from store to store. A row of
extra data goes where its frame goes: it is left out with it, and stands once beside a frame that is shown twice.

Several inputs, a folder of films or a pattern in quotes ("films/*.mp4"; a pattern of pictures is one film) are
converted one after the other. OUT then has {name} in it, which stands for the input's: out/{name}.mp4. An input that fails
does not stop the others (exit code 4). --resume leaves out what has been made already, in the same way of the same.

--quality means what the format makes of it: h264 and h265 0 (lossless for h264) to 51 (worst); av1 0 to 63;
mjpeg 1 (best) to 31; jpg 1 (worst) to 100. --quality, --gop, --preset, --fps, --pixel-format, --threads and --hardware go
for the video chunks of stores too. Start, stop and step take the addresses that "marey help frame" lists; they count what
the transforms give. --transform takes a module of yours, too (./mine.js; .ts where Node reads it): pictures come to its
function in any order and in several threads, so it must keep nothing from one to the next (--jobs 0 if it has to).

--preset FILE.yaml has options as they are called here, without dashes, and transform as a list; those on the
command line win.

Beside each result stands OUT.recipe.json: what it was made of (with digests), how, and by which version. --recipe does
it again, to the same or another OUT, with the same or another IN; what has changed since is refused without --force.

Video to video, with no transform of pictures: where the result has the pixel format of the input, the decoded planes are
encoded as they are, with what they say of range and colours (H.264, H.265; AV1 but for full range; FFV1 in mkv; JPEG, to
whose full range limited ones are brought). Nothing is lost on the way. --as bgr goes by way of BGR. A film that is to be turned always does.

--copy cuts a video (to mp4, mkv, mov) without encoding it anew: every frame stays what it is. It begins with the keyframe at
or before --start, and says so.

.npz and .zarr hold frames, and beside them frame_time (seconds) and frame_number of each; .seq holds times, to the microsecond.

Ctrl-C, SIGTERM and a terminal that is closed leave a store with the frames written so far, and nothing of a video or an
array. A third signal leaves at once; then "marey repair" makes the store whole.
Frames of an animation are shown until the time of the next, or --fps of them a second.
A video is evenly spaced unless --times is given. With --json one object: input, output, frames, drift (seconds that
a frame then stands off its own time at most; 0 if it is less than half a frame), seconds, framesPerSecond, rows (of
extra data: written, left), copied (start, stop), recipe (its path). Several inputs: an object a line, and one for all.

Examples:
  marey convert video.mp4 store --format png --start 00:01:00 --stop 00:02:00
  marey convert store clip.mp4 --codec h264 --quality 18 --gop 30
  marey convert "pictures/*.png" video.mkv --codec ffv1 --fps 200
  marey convert "films/*.avi" "out/{name}.mp4" --preset lab.yaml --resume
  marey convert store small.mp4 -t crop:left=80,width=320 -t subsample:2 --dry-run
  marey convert store day.zarr --chunk-size 16 --compression zstd
  marey convert long.mp4 part.mp4 --start 00:10:00 --stop 00:11:00 --copy
  marey convert --recipe part.mp4.recipe.json long.mp4 again.mp4`;

export const convert: CliCommand = {
  define(command, context, finish) {
    addConvertOptions(command)
      .argument(
        "[paths...]",
        "IN… OUT: stores, videos, image folders or patterns, arrays, URLs; and what to write",
      )
      .usage("[options] IN… OUT")
      .addHelpText("after", help)
      .action(async (paths: string[], options: ConvertCommandOptions) => {
        await readPresets(command, options.preset);
        finish(await run(paths, command, context));
      });
  },
};

async function run(paths: readonly string[], command: Command, context: Context): Promise<number> {
  const options = command.opts<ConvertCommandOptions>();
  if (typeof options.recipe === "string") return redo(options.recipe, paths, options, command, context);
  const { pairs, isBatch } = await pairsOf(paths);
  const making = await convertOptions(options, context);
  if (isBatch) return convertAll(pairs, making, options, context);
  return convertOne(pairs[0]!, making, options, context);
}

/** What a recipe says is not said a second time. */
const besideRecipe = ["recipe", "force", "json", "quiet", "overwrite", "dryRun", "jobs", "resume"];

async function redo(
  path: string,
  [given, ...outputs]: readonly string[],
  options: ConvertCommandOptions,
  command: Command,
  context: Context,
): Promise<number> {
  const other = command.options.find(
    (option) =>
      !besideRecipe.includes(option.attributeName()) &&
      command.getOptionValueSource(option.attributeName()) === "cli",
  );
  if (other)
    throw new UsageError(`${other.long}: the recipe says what is done; it goes with ${path} only by hand`);
  if (outputs.length > 1) throw new UsageError("a recipe makes one OUT of one IN");
  const { readRecipe, recipeOptions } = await import("../index.js");
  const { checkSameInputs } = await import("../convert/redo-recipe.js");
  const recipe = await readRecipe(path);
  const { overwrite, jobs, force } = options;
  const { isInterruption } = await import("./exit.js");
  const made = await recipeOptions(recipe);
  const making = {
    ...made,
    create: { ...made.create, ...(overwrite && { overwrite }) },
    ...(jobs !== undefined && { jobs }),
    ...{ signal: context.signal, keepsPart: isInterruption },
  };
  const pair = { input: given ?? recipe.input.path, output: outputs[0] ?? recipe.output.path };
  return convertOne(pair, making, options, context, async (conversion) => {
    const now = await conversion.recipe();
    if (!force) checkSameInputs(recipe, now);
    if (now.marey !== recipe.marey) {
      context.note(`marey: the recipe is of version ${recipe.marey}, this is ${now.marey}`, options);
    }
  });
}
