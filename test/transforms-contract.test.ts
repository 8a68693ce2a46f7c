import { expect, test } from "vitest";
import {
  box,
  builtInTransforms,
  clahe,
  crop,
  flatField,
  flip,
  gaussian,
  median,
  sharpen,
} from "../src/index.js";
import { testTransform } from "./contracts/transform.js";

const tried = new Set<string>();
const contract: typeof testTransform = (kind, cases) => {
  tried.add((kind as { name: string }).name);
  testTransform(kind, cases);
};

contract(crop, [{ options: {} }, { options: { left: 3, top: 2, width: 20, bottom: 5 } }]);
contract(flatField, [{ options: {} }, { options: { sigma: 12 } }]);
contract(flip, [{ options: {} }, { options: { axis: "vertical" } }, { options: { axis: "both" } }]);

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
