import { describe, expect, test } from "vitest";
import { ClosedError, TransformError } from "../src/core/errors.js";
import type { Image } from "../src/core/image.js";
import type { SeekableSource } from "../src/core/stream.js";
import { blendImages, blendModes, grayscale, mergeSources, overlay, swap } from "../src/index.js";
import { listSource } from "./contracts/transform.js";
import { bent, picture } from "./fixtures/bent-picture.js";
import { distance, judge } from "./peers/judge.js";

// Written from the formulas of GIMP 2.8's manual, in its units of 0 to 255, not from ours.
const judged = judge(`
def formula(mode, i, m):
    soft = i / 255 * (i + 2 * m / 255 * (255 - i))
    return np.clip({
        "normal": lambda: m,
        "soft-light": lambda: ((255 - i) * m * i / 255 + i * (255 - (255 - m) * (255 - i) / 255)) / 255,
        "lighten-only": lambda: np.maximum(i, m),
        "screen": lambda: 255 - (255 - m) * (255 - i) / 255,
        "dodge": lambda: 256 * i / ((255 - m) + 1),
        "addition": lambda: i + m,
        "darken-only": lambda: np.minimum(i, m),
        "multiply": lambda: m * i / 255,
        "hard-light": lambda: np.where(m > 127.5, 255 - (255 - i) * (255 - 2 * (m - 127.5)) / 255, 2 * i * m / 255),
        "difference": lambda: np.abs(i - m),
        "subtract": lambda: i - m,
        "grain-extract": lambda: i - m + 127.5,
        "grain-merge": lambda: i + m - 127.5,
        "divide": lambda: 256 * i / (m + 1),
        "overlay": lambda: soft,
    }[mode](), 0, 255)

def blend(base, over, mode, opacity, white=255):
    i, m = base.astype(np.float64) * 255 / white, over.astype(np.float64) * 255 / white
    below = i[..., 3:] / 255 if i.shape[-1] == 4 else 1.0
    above = m[..., 3:] / 255 if m.shape[-1] == 4 else 1.0
    alpha = (above if mode == "normal" else np.minimum(below, above)) * opacity
    union = below + (1 - below) * alpha
    ratio = np.divide(alpha, union, out=np.zeros(np.broadcast(alpha, union).shape), where=np.asarray(union) != 0)
    out = formula(mode, i[..., :3], m[..., :3]) * ratio + i[..., :3] * (1 - ratio)
    if i.shape[-1] == 4:
        out = np.concatenate([out, (union * 255) if mode == "normal" else i[..., 3:]], axis=-1)
    out = out * white / 255
    return out.astype(base.dtype) if base.dtype.kind == "f" else np.floor(out + 0.5 + 1e-6).astype(base.dtype)
`);

const size = { width: 101, height: 67 };
describe("blendImages", () => {
  for (const [color, dtype, opacity] of [
    ["bgr", "uint8", 1],
    ["bgr", "uint8", 0.35],
    ["bgra", "uint8", 0.8],
    ["rgb", "uint16", 0.5],
    ["bgra", "float32", 0.6],
  ] as const) {
    const [base, over] = [7, 8].map((seed) => picture({ ...size, color, dtype }, seed)) as [Image, Image];
    const white = { uint8: 255, uint16: 65_535, float32: 1 }[dtype];
    const largest = { uint8: 0, uint16: 0, float32: 1e-6 }[dtype];
    for (const mode of blendModes) {
      const expected = judged([base, over], `blend(a, b, "${mode}", ${opacity}, ${white})`);
      test(`${mode} of ${color} ${dtype} at ${opacity} is what the formulas of GIMP 2.8 give`, () => {
        const { max, mean } = distance(blendImages(base, over, mode, opacity), expected());
        expect(max).toBeLessThanOrEqual(largest);
        expect(mean).toBeLessThanOrEqual(dtype === "float32" ? 1e-7 : 0);
      });
    }
  }

  const base = picture({ ...size, color: "bgr", dtype: "uint8" }, 1);
  const over = picture({ ...size, color: "bgr", dtype: "uint8" }, 2);

  test("nothing of a picture at opacity 0, nothing below a normal one at 1", () => {
    for (const mode of blendModes) expect(blendImages(base, over, mode, 0)).toEqual(base);
    expect(blendImages(base, over)).toEqual(over);
  });

  test("the order of the channels above makes no difference, with alpha or without", () => {
    expect(blendImages(base, bent(swap(), over), "screen", 0.5)).toEqual(
      blendImages(base, over, "screen", 0.5),
    );
    const clear = picture({ ...size, color: "bgra", dtype: "uint8" }, 2);
    expect(blendImages(base, bent(swap(), clear), "dodge")).toEqual(blendImages(base, clear, "dodge"));
    const gray = bent(grayscale(), over);
    expect(blendImages(base, gray, "multiply")).toEqual(blendImages(base, bent(swap(), gray), "multiply"));
  });

  test("a transparent spot above leaves gray below as it is, an opaque one covers it", () => {
    const gray: Image = {
      width: 2,
      height: 1,
      channels: 1,
      dtype: "uint8",
      color: "gray",
      data: Uint8Array.of(10, 20),
    };
    const data = Uint8Array.of(255, 255, 255, 0, 255, 255, 255, 255);
    expect([
      ...(blendImages(gray, { ...gray, channels: 4, color: "rgba", data }).data as Uint8Array),
    ]).toEqual([10, 255]);
  });

  test("what does not fit is refused", () => {
    expect(() => blendImages(base, { ...over, width: 67, height: 101 })).toThrow(TransformError);
    expect(() => blendImages(base, picture({ ...size, color: "bgr", dtype: "uint16" }))).toThrow(
      /does not fit/,
    );
    expect(() => blendImages(base, over, "burn" as never)).toThrow(/must be one of normal/);
    expect(() => blendImages(base, over, "normal", 1.5)).toThrow(RangeError);
  });
});

/** Tells whether it was closed. */
function watched(source: SeekableSource): SeekableSource & { closed: boolean } {
  const told = { ...source, closed: false };
  return Object.assign(told, {
    close: async () => {
      told.closed = true;
    },
  });
}

describe("several sources", () => {
  const pictures = (color: "bgr" | "gray", from: number): Image[] =>
    [0, 1, 2, 3].map((i) => picture({ ...size, color, dtype: "uint8" }, from + i));

  test("overlay blends the frames of one instant, any of them and all in turn, and closes both", async () => {
    const [below, above] = [pictures("bgr", 10), pictures("gray", 20)];
    const [base, over] = [watched(listSource(below)), watched(listSource(above))];
    const both = overlay(base, over, { mode: "multiply", opacity: 0.5 });
    const expected = below.map((image, i) => blendImages(image, above[i]!, "multiply", 0.5));
    const seen: Image[] = [];
    for await (const { image } of both.frames()) seen.push(image);
    expect(seen).toEqual(expected);
    expect((await both.frame({ number: 102 })).image).toEqual(expected[2]);
    await both.close();
    expect([base.closed, over.closed]).toEqual([true, true]);
    await expect(both.frame({ index: 0 })).rejects.toThrow(ClosedError);
  });

  test("where nothing lies above, the picture below is to be seen", async () => {
    const [below, above] = [pictures("bgr", 10), pictures("bgr", 20).slice(0, 2)];
    await using both = overlay(listSource(below), listSource(above), { policy: "black" });
    expect(both.index.length).toBe(4);
    expect((await both.frame({ index: 3 })).image).toEqual(below[3]);
    expect((await both.frame({ index: 1 })).image).toEqual(above[1]);
  });

  test("sources that do not fit over each other are refused, and stay open", () => {
    const base = watched(listSource(pictures("bgr", 1)));
    const over = watched(listSource([picture({ ...size, width: 5, color: "bgr", dtype: "uint8" })]));
    expect(() => overlay(base, over)).toThrow(TransformError);
    expect([base.closed, over.closed]).toEqual([false, false]);
  });

  test("gray sources become the colours of one", async () => {
    const [red, blue] = [pictures("gray", 30), pictures("gray", 40)];
    await using colored = mergeSources({ red: listSource(red), blue: listSource(blue) });
    expect(colored.info).toEqual({ ...size, channels: 3, dtype: "uint8", color: "bgr" });
    for await (const { index, image } of colored.frames()) {
      const data = image.data as Uint8Array;
      expect(data.filter((_, i) => i % 3 === 0)).toEqual(blue[index]!.data);
      expect(data.filter((_, i) => i % 3 === 2)).toEqual(red[index]!.data);
      expect(data.filter((_, i) => i % 3 === 1).every((sample) => sample === 0)).toBe(true);
    }
  });
});
