import { blankImage, type Image, type ImageInfo } from "../../core/image.js";
import { isFloat, sampleRange } from "../sample-range.js";
import { halveBytes } from "./pack-bytes.js";
import { rowStore, type Samples } from "./store-row.js";

/**
 * Shrinks: every new pixel is the mean of what lies under it, pixels that lie there in part counted in part: OpenCV's
 * `INTER_AREA`.
 */
export function areaResizer(info: ImageInfo, out: ImageInfo): (image: Image) => Image {
  if (info.width === 2 * out.width && info.height === 2 * out.height) return (image) => halved(image, out);
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

function addRow(from: Samples, row: number, weight: number, isFirst: boolean, sums: Float32Array): void {
  const start = row * sums.length;
  if (isFirst) for (let i = 0; i < sums.length; i++) sums[i] = from[start + i]! * weight;
  else for (let i = 0; i < sums.length; i++) sums[i]! += from[start + i]! * weight;
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
        sum += sums[at]! * weights[k]!;
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
      a += sums[at]! * weight;
      b += sums[at + 1]! * weight;
      c += sums[at + 2]! * weight;
    }
    row[x * 3] = a;
    row[x * 3 + 1] = b;
    row[x * 3 + 2] = c;
  }
}

/** Half as wide and half as high: the mean of four, halves up. */
function halved(image: Image, info: ImageInfo): Image {
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
