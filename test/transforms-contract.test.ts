import { expect, test } from "vitest";
import {
  average,
  background,
  builtInTransforms,
  crop,
  difference,
  flip,
  projection,
  rate,
  reverse,
  speed,
  subsample,
} from "../src/index.js";
import { testTransform } from "./contracts/transform.js";

const tried = new Set<string>();
const contract: typeof testTransform = (kind, cases) => {
  tried.add((kind as { name: string }).name);
  testTransform(kind, cases);
};

contract(crop, [{ options: {} }, { options: { left: 3, top: 2, width: 20, bottom: 5 } }]);
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
contract(
  projection,
  (["min", "max", "mean", "deviation", "median"] as const).map((of) => ({ options: { of } })),
);

test("every transform keeps the contract", () => {
  expect(builtInTransforms.map(({ name }) => name).sort()).toEqual([...tried].sort());
});
