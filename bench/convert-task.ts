// One conversion in a process of its own.
// usage: convert-task.js IN OUT "TRANSFORM;TRANSFORM" {JOBS|auto}
import { builtInTransforms, convert, parseTransform } from "../src/index.js";

const [input, output, chain, jobs] = process.argv.slice(2) as [string, string, string, string];
const transforms =
  chain === "" ? [] : chain.split(";").map((text) => parseTransform(text, builtInTransforms));
await convert(input, output, {
  transforms,
  recipe: false,
  create: output.endsWith(".avi") ? {} : { preset: "veryfast", quality: 18, gop: 12, bFrames: 0 },
  ...(jobs !== "auto" && { jobs: Number(jobs) }),
});
