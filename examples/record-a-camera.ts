// Record two cameras into a store each, until their time is over or Ctrl-C is pressed.
//   node record-a-camera.js [folder]
import { createStore, record, syntheticCamera } from "marey";

const folder = process.argv[2] ?? "recording";
const control = new AbortController();
process.once("SIGINT", () => control.abort());

await using top = syntheticCamera({ width: 320, height: 256, rate: 100 });
await using side = syntheticCamera({ width: 640, height: 480, rate: 50, color: "bgr" });

await using topStore = await createStore(`${folder}/top`, { info: top.info, format: "png" });
await using sideStore = await createStore(`${folder}/side`, { info: side.info, format: "avc1/mp4" });

const { tracks } = await record(
  [
    { name: "top", source: top, sink: topStore },
    { name: "side", source: side, sink: sideStore },
  ],
  { seconds: 1, signal: control.signal },
);
for (const { name, written, dropped, missing } of tracks) {
  console.log(`${name}: ${written} frames, ${dropped} dropped, ${missing} lost by the camera`);
}
