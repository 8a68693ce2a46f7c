import { expect, test } from "vitest";
import {
  affine,
  autoContrast,
  average,
  background,
  binarize,
  box,
  brightnessContrast,
  builtInTransforms,
  channel,
  circle,
  clahe,
  colormap,
  crop,
  curve,
  demosaic,
  difference,
  equalize,
  flatField,
  flip,
  gamma,
  gaussian,
  grayscale,
  invert,
  line,
  lut,
  marker,
  median,
  merge,
  mix,
  pad,
  polygon,
  projection,
  rate,
  rectangle,
  rescale,
  resize,
  reverse,
  rotate,
  scaleBar,
  sharpen,
  speed,
  stabilize,
  subsample,
  swap,
  text,
  timestampBar,
  transpose,
} from "../src/index.js";
import { testTransform } from "./contracts/transform.js";

const tried = new Set<string>();
const contract: typeof testTransform = (kind, cases) => {
  tried.add((kind as { name: string }).name);
  testTransform(kind, cases);
};
const floats = ["gray float32"];
const colors = ["bgr uint8", "rgb uint8", "bgra uint8", "bgr uint16"];

contract(affine, [{ options: {} }, { options: { dx: 2.5, angle: -30, scale: 1.5, background: "#f80" } }]);
contract(autoContrast, [
  { options: {} },
  { options: { low: 5, high: 80 } },
  { options: { clip: 25 }, refuses: floats },
]);
contract(binarize, [{ options: {}, refuses: floats }, { options: { threshold: 100 } }]);
contract(brightnessContrast, [
  { options: {} },
  { options: { brightness: 20, contrast: 1.5, about: "middle" } },
]);
contract(channel, [
  { options: { channel: 0 } },
  { options: { channel: "red" }, refuses: ["gray uint8", "gray uint16", ...floats] },
]);
contract(colormap, [
  { options: {}, refuses: colors },
  { options: { colors: ["black", "#ff0000"], reverse: true, low: 5, above: "lime" }, refuses: colors },
]);
contract(crop, [{ options: {} }, { options: { left: 3, top: 2, width: 20, bottom: 5 } }]);
contract(curve, [{ options: {} }, { options: { slope: 6, inflexion: 0.3 } }]);
contract(demosaic, [{ options: { pattern: "rg" }, refuses: [...colors, ...floats] }]);
contract(equalize, [{ options: {}, refuses: floats }]);
contract(flatField, [{ options: {} }, { options: { sigma: 12 } }]);
contract(flip, [{ options: {} }, { options: { axis: "vertical" } }, { options: { axis: "both" } }]);
contract(subsample, [
  { options: { every: 3 } },
  { options: { fps: 5 } },
  { options: { numbers: [102, 100] } },
]);
contract(speed, [{ options: { factor: 2.5 } }]);
contract(rate, [{ options: { fps: 25 } }, { options: { fps: 4 } }]);
contract(reverse, [{}]);
contract(stabilize, [{}, { options: { reference: 1, most: 5, background: "white" } }]);
contract(average, [
  { options: { frames: 1 } },
  { options: { frames: 3 } },
  { options: { frames: 4, around: "centre" } },
]);
contract(difference, [{}, { options: { lag: 2, mode: "signed" } }]);
contract(background, [{}, { options: { of: "mean", show: "signed", frames: 2, start: 1, stop: 3 } }]);
contract(
  projection,
  (["min", "max", "mean", "deviation", "median"] as const).map((of) => ({ options: { of } })),
);
contract(gamma, [{ options: { gamma: 2.2 } }]);
contract(grayscale, [
  { options: {} },
  { options: { weights: "mean" } },
  { options: { weights: [0, 0.5, 0.5] } },
]);
contract(invert, [{ options: {} }]);
contract(lut, [
  { options: { points: [0, 255, 128, 10, 255, 0] } },
  {
    options: { values: Array.from({ length: 256 }, (_, value) => 255 - value / 2) },
    refuses: ["gray uint16", "bgr uint16", ...floats],
  },
]);
contract(merge, [{ options: { red: 0, blue: 0 } }, { options: { green: 0, alpha: 0 } }]);
contract(mix, [
  { options: { matrix: [0, 1, 0, 0, 0, 1, 0.5, 0, 0.5] } },
  { options: { matrix: [1, 0, 0, 5, 0, 1, 0, -5, 0, 0, 1, 0] } },
]);
contract(pad, [
  { options: {} },
  { options: { all: 3, left: 0, color: "white" } },
  { options: { all: 50, top: 2, mode: "reflect" } },
]);
contract(rescale, [
  { options: {} },
  { options: { low: 1, high: 99, nan: 128 } },
  { options: { min: 5, range: "dtype" } },
]);
contract(resize, [
  { options: { factor: 0.5 } },
  { options: { factor: 1.7, method: "lanczos" } },
  { options: { width: 50, height: 20, fit: "contain", background: [1, 2, 3] } },
  { options: { width: 30, method: "linear" } },
  { options: { height: 90, method: "nearest" } },
]);
contract(rotate, [
  { options: { angle: 90 } },
  { options: { angle: 12.5 } },
  { options: { angle: 90, expand: false } },
]);
contract(swap, [{ options: {} }, { options: { to: "rgba" } }]);
contract(transpose, [{ options: {} }]);
contract(text, [
  { options: { text: "{number}, {time:%H:%M:%S.%f} {elapsed:.2f}\n{index:03d}", size: 9, shadow: "black" } },
  { options: { text: "x=1,y=2, \\n µ", x: 3, y: 2, box: "#00000080", size: "40%", align: "right" } },
]);
contract(rectangle, [{ options: { left: 3.5, top: 2, width: 20, height: 12, color: "yellow" } }]);
contract(circle, [{ options: { x: 10, y: 8, radius: 6, filled: true, opacity: 0.4 } }]);
contract(line, [{ options: { points: [-5, 3, 20, 12, 50.5, 3], thickness: 1.5, color: [0, 200, 100] } }]);
contract(polygon, [{ options: { points: [2, 2, 30, 4, 12, 18] } }]);
contract(marker, [{ options: { points: [5, 5, 20, 12], shape: "x", size: 9 } }]);
contract(scaleBar, [{ options: { pixel: 0.65 } }, { options: { pixel: 2, length: 20, unit: "nm", box: 0 } }]);
contract(timestampBar, [{ options: {} }, { options: { at: "top", text: "{number}", duration: 2 } }]);

contract(box, [{ options: {} }, { options: { radius: 9 } }]);
contract(clahe, [
  { options: {}, refuses: ["gray float32"] },
  { options: { clip: 0, tiles: [3, 5] }, refuses: ["gray float32"] },
]);
contract(gaussian, [{ options: {} }, { options: { sigma: 2.5 } }, { options: { radius: 2 } }]);
contract(median, [
  { options: {} },
  { options: { size: 5 } },
  { options: { size: 9 }, refuses: ["gray uint16", "bgr uint16", "gray float32"] },
]);
contract(sharpen, [{ options: {} }, { options: { amount: 2, sigma: 0.8, threshold: 3.5 } }]);

test("every transform keeps the contract", () => {
  expect(builtInTransforms.map(({ name }) => name).sort()).toEqual([...tried].sort());
});
