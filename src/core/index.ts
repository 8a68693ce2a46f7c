// The browser-safe part of Marey: data, streams, index, errors. No I/O.
export * from "./coded-frame.js";
export * from "./color.js";
export * from "./column-index.js";
export * from "./errors.js";
export * from "./frame.js";
export * from "./frame-address.js";
export * from "./frame-index.js";
export * from "./image.js";
export * from "./npy.js";
export * from "./npz.js";
export * from "./pipe.js";
export * from "./stamp-statistics.js";
export * from "./stream.js";
export * from "./write-ahead.js";
