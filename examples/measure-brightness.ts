// One pass over every frame: its mean brightness as a table that any program reads.
//   node measure-brightness.js [store, video, pictures or array] > brightness.csv
import { open, syntheticCamera, toColor } from "marey";

const path = process.argv[2];
const camera = syntheticCamera({ width: 320, height: 240, frames: 25, pace: "free", color: "bgr" });
await using source = path === undefined ? camera : await open(path);

console.log("number,time,mean");
for await (const { number, time, image } of source) {
  const { data } = toColor(image, "gray");
  let sum = 0;
  for (const sample of data) sum += Number(sample);
  console.log(`${number},${time},${(sum / data.length).toFixed(3)}`);
}
