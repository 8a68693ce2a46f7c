import type { CommandEntry } from "./context.js";

/** Every command. */
export const commands: readonly CommandEntry[] = [
  {
    name: "info",
    summary: "say what a store, video, image folder or array is",
    load: async () => (await import("./info.js")).info,
  },
  {
    name: "frame",
    summary: "write one frame, or a few, as pictures",
    load: async () => (await import("./frame.js")).frame,
  },
  {
    name: "frames",
    summary: "list every frame, with a hash of its pixels if you like",
    load: async () => (await import("./frames.js")).frames,
  },
  {
    name: "convert",
    summary: "turn any source into a store, a video, pictures or an array",
    load: async () => (await import("./convert.js")).convert,
  },
  {
    name: "clip",
    summary: "cut some frames out of any source; of a video without encoding it anew, if you like",
    load: async () => (await import("./clip.js")).clip,
  },
  {
    name: "transforms",
    summary: "list what pictures can be bent with, on the way from any source to anything",
    load: async () => (await import("./transforms.js")).transforms,
  },
  {
    name: "align",
    summary: "pair the frames of several cameras, by number or time, and show them side by side",
    load: async () => (await import("./align.js")).align,
  },
  {
    name: "mosaic",
    summary: "several films, stores and pictures in one picture, by time, in a grid or side by side",
    load: async () => (await import("./mosaic.js")).mosaic,
  },
  {
    name: "overlay",
    summary: "lay one source over another, blended, by time, number or index",
    load: async () => (await import("./overlay.js")).overlay,
  },
  {
    name: "merge",
    summary: "make one film in false colours of several gray ones",
    load: async () => (await import("./merge.js")).merge,
  },
  {
    name: "contact-sheet",
    summary: "frames from all over a source on one sheet",
    load: async () => (await import("./contact-sheet.js")).contactSheet,
  },
  {
    name: "plot",
    summary: "draw signals as a video that goes with another, or as one picture",
    load: async () => (await import("./plot.js")).plot,
  },
  {
    name: "verify",
    summary: "say whether a source is whole, by its digests or by reading all of it",
    load: async () => (await import("./verify.js")).verify,
  },
  {
    name: "repair",
    summary: "make a store whole that a crash left half",
    load: async () => (await import("./repair.js")).repair,
  },
  {
    name: "extra",
    summary: "print the extra data of a store, or write it as CSV or Arrow",
    load: async () => (await import("./extra.js")).extra,
  },
  {
    name: "index",
    summary: "print frame numbers and times, or write them as CSV, npz or SQLite",
    load: async () => (await import("./export-index.js")).index,
  },
  {
    name: "timecodes",
    summary: "print when each frame is shown, as mkvmerge takes it",
    load: async () => (await import("./timecodes.js")).timecodes,
  },
  {
    name: "timestamps",
    summary: "write when each frame was: CSV, Feather, Parquet, npz, npy, or ataraxis' log; read its logs",
    load: async () => (await import("./timestamps.js")).timestamps,
  },
  {
    name: "stats",
    summary: "say how evenly frames came, and which were lost; of several cameras, how they overlap",
    load: async () => (await import("./stats.js")).stats,
  },
  {
    name: "assemble",
    summary: "make a store of videos, each a chunk as it is",
    load: async () => (await import("./assemble.js")).assemble,
  },
  {
    name: "reindex",
    summary: "count the frames of a store from one of them on",
    load: async () => (await import("./reindex.js")).reindex,
  },
  {
    name: "cameras",
    summary: "list the cameras that are there, what they can do and be set to",
    load: async () => (await import("./cameras.js")).cameras,
  },
  {
    name: "record",
    summary: "record cameras into stores, each in a process of its own",
    load: async () => (await import("./record.js")).record,
  },
  {
    name: "doctor",
    summary: "try which formats, codecs and encoders work here, and how fast",
    load: async () => (await import("./doctor.js")).doctor,
  },
  {
    name: "demo",
    summary: "record, read back and check two synthetic cameras, or a video of yours",
    load: async () => (await import("./demo.js")).demo,
  },
  {
    name: "completion",
    summary: "print the completion script of a shell",
    load: async () => (await import("./completion.js")).completion,
  },
];
