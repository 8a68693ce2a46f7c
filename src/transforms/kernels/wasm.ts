import { wasmBytes } from "./wasm-bytes.js";

/** What assembly/index.ts exports; the arguments are addresses and numbers, as they are told there. */
type KernelName =
  | "applyCells"
  | "applyShorts"
  | "blurBytes"
  | "blurShorts"
  | "boxBytes"
  | "bytesFrom"
  | "countBytes"
  | "countShorts"
  | "countTiles"
  | "demosaicBytes"
  | "extremesOfFloats"
  | "extremesOfShorts"
  | "flipBits"
  | "halveBytes"
  | "lineOfBytes"
  | "lookUpPairs"
  | "lumaOfPixels"
  | "medianByCounts"
  | "medianBytes3"
  | "medianBytes5"
  | "medianShorts3"
  | "medianShorts5"
  | "mixPixels"
  | "moveChannels"
  | "packCells"
  | "paintLevels"
  | "resizeLinear"
  | "resizeNearest"
  | "resizeTaps"
  | "scaleFloats"
  | "scaleShorts"
  | "sharpenBytes"
  | "shiftPixels"
  | "shrinkBytes"
  | "spreadShorts"
  | "spreadTiles"
  | "turnPixels"
  | "warpBytes"
  | "weighPixels";

export type Kernels = { readonly [K in KernelName]: (...args: number[]) => void };

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface Instance {
  readonly kernels: Kernels;
  readonly memory: Memory;
}

/** Of the standard that browsers and Node have in common, what is used here; its types are in neither's alone. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

const page = 65536;
/** Buffers begin after the first page, which is the module's own. */
const base = page;
/** Vectors may run over the end of a buffer by up to this many bytes. */
const slack = 64;
/** Pictures that need more memory than that, in bytes, are left to plain JavaScript; memory never shrinks again. */
const largest = 2 ** 30;

let instance: Instance | false | undefined;

/** One for each thread, made when it is first asked for; false where there is no WebAssembly with vectors. */
function load(): Instance | false {
  const api = (globalThis as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly;
  if (api === undefined) return false;
  const bytes = Uint8Array.from(atob(wasmBytes), (letter) => letter.charCodeAt(0));
  try {
    const { exports } = new api.Instance(new api.Module(bytes));
    return { kernels: exports as Kernels, memory: (exports as { readonly memory: Memory }).memory };
  } catch {
    return false;
  }
}

/** Where each buffer lies in the memory of the kernels. */
export type Layout<Name extends string> = { readonly [N in Name]: number } & { readonly end: number };

/** Lays buffers of so many bytes one after another, each at a multiple of 64. */
export function layOut<Name extends string>(sizes: { readonly [N in Name]: number }): Layout<Name> {
  let end = base;
  const places = {} as Record<string, number>;
  for (const [name, bytes] of Object.entries<number>(sizes)) {
    places[name] = end;
    end += Math.ceil((bytes + slack) / 64) * 64;
  }
  return { ...places, end } as unknown as Layout<Name>;
}

/** The kernels, and the memory that they work on. Both are shared by all: what lies there is gone at the next turn. */
export interface Workbench {
  readonly kernels: Kernels;
  /** Copies samples to an address. */
  put(
    address: number,
    samples: Uint8Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Int16Array,
  ): void;
  /** A copy of the bytes at an address. */
  take(address: number, bytes: number): Uint8Array;
  /** The memory itself; not to be kept. */
  readonly buffer: ArrayBuffer;
}

/** @returns undefined where pictures have to be left to plain JavaScript: no vectors here, or too much memory needed. */
export function workbench({ end }: { readonly end: number }): Workbench | undefined {
  if (end > largest) return undefined;
  instance ??= load();
  if (instance === false) return undefined;
  const { kernels, memory } = instance;
  if (end > memory.buffer.byteLength) memory.grow(Math.ceil((end - memory.buffer.byteLength) / page));
  const { buffer } = memory;
  return {
    kernels,
    buffer,
    put: (address, samples) =>
      new Uint8Array(buffer).set(
        new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
        address,
      ),
    // A copy of an array is not cleared before it is filled; a part of a buffer is.
    take: (address, bytes) => new Uint8Array(new Uint8Array(buffer, address, bytes)),
  };
}
