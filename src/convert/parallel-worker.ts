import { parentPort, workerData } from "node:worker_threads";
import type { Image, ImageInfo } from "../core/image.js";
import type { PictureStamp } from "../transforms/transform-kind.js";
import { bindPortable, type PortableStep, pictureChain } from "./parallel-chain.js";

// The other side of `parallel-pool.ts`.

export interface WorkerSetup {
  readonly steps: readonly PortableStep[];
  readonly info: ImageInfo;
}

export interface PictureJob {
  readonly id: number;
  readonly image: Image;
  readonly stamp: PictureStamp;
}

/** `image` is absent where the chain threw: the main thread does it again, and finds the error itself. */
export interface PictureAnswer {
  readonly id: number;
  readonly image?: Image;
}

const { steps, info } = workerData as WorkerSetup;
const chain = pictureChain(await bindPortable(steps), info);
// A function of the user's may give the same picture twice: what was sent away would be gone the second time.
const mayKeep = steps.some(({ module }) => module !== undefined);

function work({ id, image, stamp }: PictureJob): PictureAnswer {
  try {
    const made = chain.bend(image, stamp);
    const isOwn = made.data.buffer === image.data.buffer || !mayKeep;
    return { id, image: isOwn ? made : { ...made, data: made.data.slice() } };
  } catch {
    return { id };
  }
}

parentPort?.on("message", (job: PictureJob) => {
  const answer = work(job);
  parentPort?.postMessage(answer, answer.image ? [answer.image.data.buffer as ArrayBuffer] : []);
});
