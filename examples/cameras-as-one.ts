// Several cameras as one: which frames belong together, the frames themselves, and a film of all side by side.
//   node cameras-as-one.js [a multi-camera store, or two stores and more]
import { createStore, createVideo, openStores, pipeTo, syntheticCamera } from "marey";

const given = process.argv.slice(2);
const paths = given.length > 0 ? given : [await record("top", 100), await record("side", 50)];

// Each frame of the first camera with the last one of the others that was there by then.
await using cameras = await openStores(paths.length === 1 ? paths[0]! : paths, {
  by: "time",
  direction: "past",
  policy: "hold",
});
console.log(`${cameras.index.length} rows of ${cameras.names.join(" and ")}`);

for await (const { number, frames } of cameras.aligned.rows({ stop: 3 })) {
  console.log(`${number}: ${frames.map((frame) => frame?.number ?? "none").join(", ")}`);
}
const { image } = await cameras.select(cameras.names.length - 1).frame({ index: 2 });
console.log(`the last camera alone, in row 2: ${image.width}x${image.height} ${image.color}`);

await using film = await createVideo("cameras.mp4", { fps: 100, overwrite: true });
console.log(`cameras.mp4: ${await pipeTo(cameras, film)} frames`);

async function record(name: string, rate: number): Promise<string> {
  const color = rate > 50 ? "gray" : "bgr";
  const camera = syntheticCamera({
    width: 160,
    height: 2 * rate,
    rate,
    color,
    frames: rate,
    pace: "free",
    firstTime: 0,
  });
  await using store = await createStore(name, { info: camera.info, format: "npy", overwrite: true });
  await pipeTo(camera, store);
  return name;
}
