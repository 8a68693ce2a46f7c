import { blankImage, type Image, type ImageInfo } from "../../core/image.js";
import { isFloat, sampleRange } from "../sample-range.js";
import { halveWithVectors } from "./halve-with-vectors.js";
import { halveBytes } from "./pack-bytes.js";
import { rowStore, type Samples } from "./store-row.js";
import { layOut, workbench } from "./wasm.js";

/**
 * Shrinks: every new pixel is the mean of what lies under it, pixels that lie there in part counted in part: OpenCV's
 * `INTER_AREA`.
 */
export function areaResizer(info: ImageInfo, out: ImageInfo): (image: Image) => Image {
  if (info.width === 2 * out.width && info.height === 2 * out.height) {
    const halve = info.dtype === "uint8" ? halveWithVectors(out) : undefined;
    if (halve === undefined) return (image) => halved(image, out);
    return (image) => ({ ...out, data: halve(image.data as Uint8Array) });
  }
  return shrinkWithVectors(info, out) ?? areaResizerPlain(info, out);
}

function shrinkWithVectors(info: ImageInfo, out: ImageInfo): ((image: Image) => Image) | undefined {
  if (info.dtype !== "uint8" || sampleRange(info).white !== 255) return undefined;
  const across = spans(info.width, out.width);
  const down = spans(info.height, out.height);
  const { channels } = info;
  const [line, count] = [info.width * channels, out.width * channels];
  const gathered = channels === 1 ? evenly(across) : { ...across, most: 0 };
  const tables = {
    ...{ firstRow: down.first, rowStarts: down.starts, rowWeights: down.weights },
    ...{ first: gathered.first, starts: across.starts, weights: gathered.weights },
  };
  const layout = layOut({
    ...{ src: line * info.height, dst: count * out.height, sums: 4 * line + 64, means: 4 * count },
    ...{ firstRow: down.first.byteLength, rowStarts: down.starts.byteLength },
    ...{ rowWeights: down.weights.byteLength, first: gathered.first.byteLength },
    ...{ starts: across.starts.byteLength, weights: gathered.weights.byteLength },
  });
  if (!workbench(layout)) return undefined;
  return (image) => {
    const { kernels, put, take } = workbench(layout)!;
    put(layout.src, image.data as Uint8Array);
    for (const [name, table] of Object.entries(tables)) put(layout[name as keyof typeof tables], table);
    const { src, dst, firstRow, rowStarts, rowWeights, first, starts, weights, sums, means } = layout;
    kernels.shrinkBytes(
      ...[src, dst, line, out.width, out.height, channels],
      ...[firstRow, rowStarts, rowWeights, first, starts, weights, sums, means, gathered.most],
    );
    return { ...out, data: take(dst, count * out.height) };
  };
}

/** The same without vectors, in single precision as they have it: what the kernel must give. */
export function areaResizerPlain(info: ImageInfo, out: ImageInfo): (image: Image) => Image {
  const across = spans(info.width, out.width);
  const down = spans(info.height, out.height);
  const line = info.width * info.channels;
  const count = out.width * out.channels;
  const store = rowStore(isFloat(info.dtype), sampleRange(info).white);
  return (image) => {
    const made = blankImage(out);
    const from = image.data as Samples;
    const sums = new Float32Array(line);
    const row = new Float32Array(count);
    for (let y = 0; y < out.height; y++) {
      const begin = down.starts[y]!;
      for (let k = begin; k < down.starts[y + 1]!; k++) {
        addRow(from, down.first[y]! + k - begin, down.weights[k]!, k === begin, sums);
      }
      gather(sums, across, info.channels, row);
      store(row, made.data as Samples, y * count, count);
    }
    return made;
  };
}

/** Which pixels lie under each new one: from `first` on, with the weights from `starts[place]` to `starts[place + 1]`. */
interface Spans {
  readonly first: Int32Array;
  readonly starts: Int32Array;
  readonly weights: Float32Array;
}

function spans(from: number, to: number): Spans {
  const scale = from / to;
  const first = new Int32Array(to);
  const starts = new Int32Array(to + 1);
  const weights: number[] = [];
  for (let place = 0; place < to; place++) {
    const [left, right] = [(place * from) / to, ((place + 1) * from) / to];
    first[place] = Math.floor(left);
    const last = Math.min(from, Math.ceil(right - 1e-9));
    for (let pixel = first[place]!; pixel < last; pixel++) {
      weights.push((Math.min(right, pixel + 1) - Math.max(left, pixel)) / scale);
    }
    starts[place + 1] = weights.length;
  }
  return { first, starts, weights: Float32Array.from(weights) };
}

/** As many weights for each place, a multiple of 4, and as many places; those that do not count are zeros. */
function evenly({ first, starts, weights }: Spans): Pick<Spans, "first" | "weights"> & { most: number } {
  const counts = first.map((_, place) => starts[place + 1]! - starts[place]!);
  const most = Math.ceil(counts.reduce((a, b) => Math.max(a, b), 0) / 4) * 4;
  const places = Math.ceil(first.length / 4) * 4;
  const even = { first: new Int32Array(places), weights: new Float32Array(places * most), most };
  even.first.set(first);
  for (const place of first.keys()) {
    even.weights.set(weights.subarray(starts[place], starts[place + 1]), place * most);
  }
  return even;
}

function addRow(from: Samples, row: number, weight: number, isFirst: boolean, sums: Float32Array): void {
  const start = row * sums.length;
  if (isFirst) for (let i = 0; i < sums.length; i++) sums[i] = from[start + i]! * weight;
  else for (let i = 0; i < sums.length; i++) sums[i]! += Math.fround(from[start + i]! * weight);
}

function gather(sums: Float32Array, { first, starts, weights }: Spans, channels: number, row: Float32Array) {
  if (channels === 3) {
    gatherTriples(sums, first, starts, weights, row);
    return;
  }
  for (let x = 0; x < first.length; x++) {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let k = starts[x]!, at = first[x]! * channels + c; k < starts[x + 1]!; k++, at += channels) {
        sum = Math.fround(sum + Math.fround(sums[at]! * weights[k]!));
      }
      row[x * channels + c] = sum;
    }
  }
}

function gatherTriples(
  sums: Float32Array,
  first: Int32Array,
  starts: Int32Array,
  weights: Float32Array,
  row: Float32Array,
): void {
  for (let x = 0; x < first.length; x++) {
    let [a, b, c] = [0, 0, 0];
    for (let k = starts[x]!, at = first[x]! * 3; k < starts[x + 1]!; k++, at += 3) {
      const weight = weights[k]!;
      a = Math.fround(a + Math.fround(sums[at]! * weight));
      b = Math.fround(b + Math.fround(sums[at + 1]! * weight));
      c = Math.fround(c + Math.fround(sums[at + 2]! * weight));
    }
    row[x * 3] = a;
    row[x * 3 + 1] = b;
    row[x * 3 + 2] = c;
  }
}

/** Half as wide and half as high: the mean of four, halves up. */
export function halved(image: Image, info: ImageInfo): Image {
  const out = blankImage(info);
  const from = image.data as Samples;
  const to = out.data as Samples;
  const { channels } = info;
  if (from instanceof Uint8Array && channels === 1) {
    halveBytes(from, image.width, to as Uint8Array);
    return out;
  }
  const line = image.width * channels;
  const isWhole = !isFloat(info.dtype);
  for (let y = 0, k = 0; y < info.height; y++) {
    for (let x = 0, at = 2 * y * line; x < info.width; x++, at += channels) {
      if (isWhole && channels === 3) {
        const below = at + line;
        to[k] = (from[at]! + from[at + 3]! + from[below]! + from[below + 3]! + 2) >> 2;
        to[k + 1] = (from[at + 1]! + from[at + 4]! + from[below + 1]! + from[below + 4]! + 2) >> 2;
        to[k + 2] = (from[at + 2]! + from[at + 5]! + from[below + 2]! + from[below + 5]! + 2) >> 2;
        at += 3;
        k += 3;
        continue;
      }
      for (let c = 0; c < channels; c++, at++, k++) {
        const sum = from[at]! + from[at + channels]! + from[at + line]! + from[at + line + channels]!;
        to[k] = isWhole ? (sum + 2) >> 2 : sum / 4;
      }
    }
  }
  return out;
}
