import { join } from "node:path";
import { describeImage, type ImageInfo } from "../core/image.js";
import type { ChunkFormat, EncoderOptions } from "./chunk-format.js";
import { readmeName } from "./layout.js";
import { type StoreFiles, writeInPlace } from "./store-files.js";

/** What the README of a store tells. */
export interface ReadmeFacts {
  readonly format: Pick<ChunkFormat, "name" | "layout" | "extension" | "storeClass" | "lossless">;
  readonly stored: ImageInfo;
  /** imgstore's name of what the pixels mean; undefined for plain gray and colour. */
  readonly encoding: string | undefined;
  readonly chunkSize: number;
  readonly encoder: EncoderOptions;
  /** Its frames are packets as a camera made them. */
  readonly isCopied: boolean;
  /** Undefined while they are being written. */
  readonly frames: number | undefined;
  /** Frames a second by their times; undefined if that says nothing. */
  readonly rate: number | undefined;
}

const firstLine = "This folder is a store of video frames, written by Marey.";

/** For whoever finds the folder in ten years: what it is, and how to open it. */
export function readmeText(facts: ReadmeFacts): string {
  const { format, stored, encoding, chunkSize, isCopied, frames, rate } = facts;
  // A chunk begins with a keyframe, and those are the camera's.
  const about = isCopied ? "about" : "up to";
  const count = frames === undefined ? "being written" : frames.toLocaleString("en");
  const times = rate === undefined ? "" : `, ${Number(rate.toFixed(3))} a second by their times`;
  const blocks = [
    firstLine,
    [
      `Frames   ${count}, ${describeImage(stored)}${times}`,
      `Format   ${format.name}, ${about} ${chunkSize.toLocaleString("en")} frames a chunk`,
      ...(isCopied ? ["         as the camera compressed them: nothing was decoded or lost on the way"] : []),
      ...(encoding === undefined ? [] : pixelLines(encoding, format.lossless)),
      "Stamps   number and time of every frame: frame_number and frame_time in the .npz of each chunk",
    ].join("\n"),
    ...waysIn(facts).map(([title, lines]) => `${title}:\n\n${lines.map((line) => `    ${line}`).join("\n")}`),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function pixelLines(encoding: string, isLossless: boolean): string[] {
  return [
    `Pixels   ${encoding}, as OpenCV names it; Marey and imgstore turn them into BGR as they read`,
    ...(isLossless
      ? []
      : ["         written with loss: neighbouring pixels have run into each other, and so have colours"]),
  ];
}

type Way = readonly [title: string, lines: readonly string[]];

function waysIn(facts: ReadmeFacts): Way[] {
  const marey: Way = ["Marey (npm install marey)", ["marey info .", "marey convert . film.mp4"]];
  if (facts.format.storeClass !== undefined) return [numpyPacked(facts.format), marey];
  const imgstore: Way = [
    "Python (pip install imgstore)",
    [
      "import imgstore",
      'store = imgstore.new_for_filename("metadata.yaml")',
      "image, (number, time) = store.get_next_image()",
    ],
  ];
  return [imgstore, facts.format.name === "npy" ? numpyArray : ffmpeg(facts), marey];
}

const numpyArray: Way = ["NumPy", ["import numpy as np", 'frame = np.load("000000/000000.npy")']];

/** The frame of rank 0 of the first chunk, in NumPy alone where that does. */
function numpyPacked({ name, extension }: ReadmeFacts["format"]): Way {
  const file = `000000${extension}`;
  const start = ["import numpy as np", 'index, k = np.load("000000.npz"), 0'];
  const shape = 'tuple(index["imgshape"])';
  const at = 'int(index["picture_offset"][k])';
  if (name === "raw") {
    const frame = `frame = np.memmap("${file}", str(index["imgdtype"]), "r", ${at}, ${shape})`;
    return ["NumPy", [...start, frame]];
  }
  return [
    "NumPy (pip install blosc)",
    [
      "import blosc",
      ...start,
      `at, size = ${at}, int(index["picture_size"][k])`,
      `data = blosc.decompress(open("${file}", "rb").read()[at:at + size])`,
      `frame = np.frombuffer(data, str(index["imgdtype"])).reshape(${shape})`,
    ],
  ];
}

function ffmpeg({ format, encoder, rate }: ReadmeFacts): Way {
  if (format.layout === "directory") {
    const pace = rate === undefined ? "" : `-framerate ${Number(rate.toFixed(3))} `;
    return ["FFmpeg", [`ffplay ${pace}000000/%06d${format.extension}`]];
  }
  const { fps = 25 } = encoder;
  const file = `000000${format.extension}`;
  const own = `ffplay ${file}`;
  if (rate === undefined || rate === fps) return ["FFmpeg", [own]];
  return [
    `FFmpeg; the file says ${fps} frames a second, the second line plays as it was`,
    [own, `ffplay -vf setpts=PTS*${fps}/${Number(rate.toFixed(3))} ${file}`],
  ];
}

/** Puts it into the store, unless there is another file of that name. */
export async function writeReadme(files: StoreFiles, folder: string, facts: ReadmeFacts): Promise<void> {
  try {
    const path = join(folder, readmeName);
    if ((await files.size(path)) !== undefined && !(await isOurReadme(files, folder))) return;
    await writeInPlace(files, path, [new TextEncoder().encode(readmeText(facts))]);
  } catch {
    // A store without it is whole; whatever keeps it from being written will be told by the first frame.
  }
}

/** Whether the README in the folder is one that a store brought along, and not its owner's notes. */
export async function isOurReadme(files: StoreFiles, folder: string): Promise<boolean> {
  const start = await files.readRange(join(folder, readmeName), 0, firstLine.length);
  return new TextDecoder().decode(start) === firstLine;
}
