import { expect, test } from "vitest";
import {
  affine,
  autoContrast,
  average,
  background,
  binarize,
  brightnessContrast,
  builtInTransforms,
  channel,
  colormap,
  crop,
  curve,
  demosaic,
  difference,
  equalize,
  flip,
  gamma,
  grayscale,
  invert,
  lut,
  merge,
  mix,
  pad,
  projection,
  rate,
  rescale,
  resize,
  reverse,
  rotate,
  speed,
  subsample,
  swap,
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
contract(flip, [{ options: {} }, { options: { axis: "vertical" } }, { options: { axis: "both" } }]);
contract(subsample, [
  { options: { every: 3 } },
  { options: { fps: 5 } },
  { options: { numbers: [102, 100] } },
]);
contract(speed, [{ options: { factor: 2.5 } }]);
contract(rate, [{ options: { fps: 25 } }, { options: { fps: 4 } }]);
contract(reverse, [{}]);
contract(average, [
  { options: { frames: 1 } },
  { options: { frames: 3 } },
  { options: { frames: 4, around: "centre" } },
]);
contract(difference, [{}, { options: { lag: 2, mode: "signed" } }]);
contract(background, [{}, { options: { of: "mean", show: "signed", frames: 2, start: 1, stop: 3 } }]);
contract((["min", "max", "mean", "deviation", "median"] as const).map((of) => ({ options: { of } })));
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

test("every transform keeps the contract", () => {
  expect(builtInTransforms.map(({ name }) => name).sort()).toEqual([...tried].sort());
});
