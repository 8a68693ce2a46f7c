// Source, transform, sink: every second frame, turned upside down, into a video and into pictures.
//   node bend-a-stream.js
import {
  createImages,
  createVideo,
  type FrameSource,
  type Image,
  pipeThrough,
  pipeTo,
  syntheticCamera,
  type Transform,
} from "marey";

const everySecond: Transform = (source) => ({
  info: source.info,
  async *[Symbol.asyncIterator]() {
    let count = 0;
    for await (const frame of source) if (count++ % 2 === 0) yield frame;
  },
});

const upsideDown: Transform = (source) => ({
  info: source.info,
  async *[Symbol.asyncIterator]() {
    for await (const frame of source) yield { ...frame, image: flip(frame.image) };
  },
});

function flip(image: Image): Image {
  const data = image.data.slice();
  const row = image.width * image.channels;
  for (let y = 0; y < image.height; y++) {
    data.set(image.data.subarray(y * row, (y + 1) * row) as never, (image.height - 1 - y) * row);
  }
  return { ...image, data };
}

const bent = (): FrameSource =>
  pipeThrough(syntheticCamera({ frames: 50, pace: "free" }), everySecond, upsideDown);

await using video = await createVideo("bent.mp4", { fps: 12.5, overwrite: true });
console.log(`bent.mp4: ${await pipeTo(bent(), video)} frames`);

await using pictures = await createImages("bent/%04d.png", { overwrite: true });
console.log(`bent/: ${await pipeTo(bent(), pictures)} pictures`);
