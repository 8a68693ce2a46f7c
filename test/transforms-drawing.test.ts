import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeNpy } from "../src/core/npy.js";
import { fillOutline } from "../src/transforms/drawing/coverage.js";
import { polygonOutline } from "../src/transforms/drawing/outline.js";
import { compileTime } from "../src/transforms/drawing/strftime.js";
import { strokeOutline } from "../src/transforms/drawing/stroke.js";
import { textMask } from "../src/transforms/drawing/text-mask.js";
import { python } from "./peers/python.js";

const folder = mkdtempSync(join(tmpdir(), "marey-drawing-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What Pillow, OpenCV and Python are asked, in one run. */
const asked: Record<string, unknown>[] = [];

function ask(question: Record<string, unknown>): number {
  return asked.push(question) - 1;
}

const judge = `
import sys, os, json, numpy as np, cv2
from datetime import datetime, timezone, timedelta
from zoneinfo import ZoneInfo
from PIL import Image, ImageDraw, ImageFont
os.chdir(sys.argv[1])
answers = []
fine = 16
for i, q in enumerate(json.load(open("asked.json"))):
    if q["what"] == "text":
        font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", q["size"], layout_engine=ImageFont.LAYOUT_RAQM)
        image = Image.new("L", (q["width"], q["height"]))
        ImageDraw.Draw(image).text((10, 10), q["text"], 255, font=font, features=["-liga"])
        np.save(f"{i}.npy", np.asarray(image))
        answers.append([font.getlength(q["text"], features=["-liga"]), *font.getmetrics()])
        continue
    if q["what"] == "fine":
        big = Image.new("L", (q["width"] * fine, q["height"] * fine))
        draw = ImageDraw.Draw(big)
        # Pillow fills pixels up to and with its corners, so half a fine pixel is taken off.
        draw.polygon([(x * fine - .5, y * fine - .5) for x, y in zip(q["points"][::2], q["points"][1::2])], fill=255)
        np.save(f"{i}.npy", np.asarray(big, np.float64).reshape(q["height"], fine, q["width"], fine).mean((1, 3)).round().astype(np.uint8))
    if q["what"] == "line":
        image = np.zeros((q["height"] * fine, q["width"] * fine), np.uint8)
        points = np.round((np.array(q["points"], float).reshape(-1, 2) * fine - .5) * 256).astype(np.int32)
        cv2.polylines(image, [points], False, 255, q["thickness"] * fine, cv2.LINE_8, 8)
        np.save(f"{i}.npy", image.astype(np.float64).reshape(q["height"], fine, q["width"], fine).mean((1, 3)).round().astype(np.uint8))
    if q["what"] == "fill":
        image = np.zeros((q["height"], q["width"]), np.uint8)
        points = np.round((np.array(q["points"], float).reshape(-1, 2) - .5) * 256).astype(np.int32)
        cv2.fillPoly(image, [points], 255, cv2.LINE_AA, 8)
        np.save(f"{i}.npy", image)
    if q["what"] == "time":
        zone = timezone.utc if q["zone"] == "UTC" else ZoneInfo(q["zone"])
        answers.append([datetime.fromtimestamp(t, zone).strftime(q["format"]) for t in q["times"]])
        continue
    answers.append(None)
json.dump(answers, open("answers.json", "w"))
`;

let answers: (readonly (string | number)[] | null)[] = [];
beforeAll(() => {
  writeFileSync(join(folder, "asked.json"), JSON.stringify(asked));
  python(judge, [folder]);
  answers = JSON.parse(readFileSync(join(folder, "answers.json"), "utf8"));
});

function drawnByJudge(place: number): Uint8Array {
  return decodeNpy(new Uint8Array(readFileSync(join(folder, `${place}.npy`)))).data as Uint8Array;
}

type Canvas = { readonly width: number; readonly height: number; readonly data: Uint8Array };

/** A mask on a black canvas. */
function onCanvas(
  mask: { left: number; top: number; width: number; height: number; data: Uint8Array },
  [width, height]: readonly [number, number],
  dx = 0,
  dy = 0,
): Canvas {
  const data = new Uint8Array(width * height);
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) {
      const [column, row] = [mask.left + dx + x, mask.top + dy + y];
      if (column >= 0 && row >= 0 && column < width && row < height) {
        data[row * width + column] = mask.data[y * mask.width + x]!;
      }
    }
  }
  return { width, height, data };
}

/** Where there is ink: left, top, right, bottom. */
function inkBox(data: Uint8Array, width: number): number[] {
  let [left, top, right, bottom] = [1e9, 1e9, -1, -1];
  for (let i = 0; i < data.length; i++) {
    if (data[i]! < 32) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return [left, top, right, bottom];
}

const sum = (data: Uint8Array): number => data.reduce((total, value) => total + value, 0);

function difference(a: Uint8Array, b: Uint8Array): { readonly mean: number; readonly max: number } {
  let [total, max] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const off = Math.abs(a[i]! - b[i]!);
    total += off;
    max = Math.max(max, off);
  }
  return { mean: total / a.length, max };
}

const texts = [
  "Frame 081204  12:13:14.345",
  "Größe 5 µm ± 0.1 °C",
  "Σ ΔF/F = Ωλ, Привет, ЖЩЮ",
  "AVATAR To. We, fi ffl",
  "← ↑ → ↓ ≤ ≥ ≈ ∞ √ ∫ × ÷ €",
];
describe("text is Pillow's with the same font", () => {
  for (const size of [11, 14, 20, 33, 64]) {
    for (const text of texts) {
      const [width, height] = [Math.ceil(size * text.length) + 20, size * 2 + 20];
      const place = ask({ what: "text", text, size, width, height });
      test(`${size} px: ${text}`, () => {
        const mask = textMask(text, { size });
        const ours = onCanvas(mask, [width, height], 10, 10);
        const theirs = drawnByJudge(place);
        const [length, ascent, descent] = answers[place] as number[];
        expect(Math.abs(mask.boxWidth - length!)).toBeLessThanOrEqual(1);
        expect(Math.abs(mask.boxHeight - ascent! - descent!)).toBeLessThanOrEqual(1);
        const [a, b] = [inkBox(ours.data, width), inkBox(theirs, width)];
        for (const [i, side] of a.entries()) expect(Math.abs(side - b[i]!)).toBeLessThanOrEqual(1);
        expect(difference(ours.data, theirs).mean).toBeLessThan(3);
        expect(Math.abs(sum(ours.data) / sum(theirs) - 1)).toBeLessThan(0.12);
      });
    }
  }
});

const size = [90, 70] as const;
const star = Array.from({ length: 10 }, (_, i) => {
  const [angle, radius] = [(i * Math.PI) / 5 + 0.1, i % 2 === 0 ? 32.3 : 13.1];
  return [44.7 + radius * Math.sin(angle), 35.2 - radius * Math.cos(angle)];
}).flat();
const shapes: Record<string, number[]> = {
  star,
  "a thin triangle": [3.2, 4.1, 86.7, 20.4, 5.9, 8.8],
  "a box between pixels": [10.25, 12.5, 60.75, 12.5, 60.75, 50.125, 10.25, 50.125],
  "what reaches beyond the picture on all sides": [-30, 30, 45, -40, 130, 33, 40, 120],
  "the other way round": [60.3, 60.1, 80.2, 20.6, 20.4, 10.2],
};
describe("filled outlines", () => {
  for (const [name, points] of Object.entries(shapes)) {
    const [width, height] = size;
    const fine = ask({ what: "fine", points, width, height });
    const opencv = ask({ what: "fill", points, width, height });
    test(`${name}: the area of each pixel, as a picture 16 times as fine has it`, () => {
      const ours = onCanvas(fillOutline(polygonOutline(points)), size);
      const { mean, max } = difference(ours.data, drawnByJudge(fine));
      expect(max).toBeLessThanOrEqual(24);
      expect(mean).toBeLessThan(0.4);
      expect(difference(ours.data, drawnByJudge(opencv)).mean).toBeLessThan(7);
    });
  }
});

describe("lines", () => {
  for (const thickness of [1, 2, 3, 7]) {
    const points = [5.5, 8.5, 70.5, 20.5, 30.5, 60.5, 84.5, 55.5];
    const place = ask({ what: "line", points, thickness, width: size[0], height: size[1] });
    test(`${thickness} px: what OpenCV draws 16 times as fine, with round corners and ends`, () => {
      const ours = onCanvas(fillOutline(strokeOutline(points, { width: thickness, cap: "round" })), size);
      const theirs = drawnByJudge(place);
      const { mean, max } = difference(ours.data, theirs);
      expect(mean).toBeLessThan(0.6);
      expect(max).toBeLessThan(40);
      expect(Math.abs(sum(ours.data) / sum(theirs) - 1)).toBeLessThan(0.06);
    });
  }

  test("a line of many short pieces is the line of one", () => {
    const points = Array.from({ length: 201 }, (_, i) => [5 + i * 0.4, 10 + i * 0.13]).flat();
    const pieces = onCanvas(fillOutline(strokeOutline(points, { width: 1.7 })), size);
    const ends = [...points.slice(0, 2), ...points.slice(-2)];
    const whole = onCanvas(fillOutline(strokeOutline(ends, { width: 1.7 })), size);
    expect(difference(pieces.data, whole.data).max).toBeLessThanOrEqual(2);
  });

  test("NaN breaks a line; a single point is a dot", () => {
    const points = [5, 5, 20, 5, Number.NaN, Number.NaN, 40, 5, Number.NaN, 0, 60, 5, 80, 5];
    const { data } = onCanvas(fillOutline(strokeOutline(points, { width: 2 })), size);
    const at = (x: number): number => data[4 * size[0] + x]!;
    expect([10, 19, 25, 39, 40, 45, 59, 60, 70].map(at)).toEqual([255, 255, 0, 255, 255, 0, 0, 255, 255]);
  });
});

const moments = [
  0, 1.5, 1_700_000_000.04, 1_700_000_012.999_999_5, 1_711_846_799.9, 1_711_846_800, 1_729_990_799.25,
  1_729_990_800, -86_400.5, 951_782_400, 1_709_164_800, 4_102_444_799, 1_735_689_599.123_456,
];
const formats = ["%Y-%m-%d %H:%M:%S.%f", "%y %j %I %p %B %b %A %a %%", "%d. %m. %Y %z"];
describe("dates are Python's", () => {
  for (const zone of ["UTC", "Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham"]) {
    for (const format of formats) {
      const place = ask({ what: "time", zone, format, times: moments });
      test(`${zone}: ${format}`, () => {
        expect(moments.map(compileTime(format, zone))).toEqual(answers[place]);
      });
    }
  }
});
