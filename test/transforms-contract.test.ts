import { expect, test } from "vitest";
import {
  builtInTransforms,
  circle,
  crop,
  flip,
  line,
  marker,
  polygon,
  rectangle,
  scaleBar,
  text,
  timestampBar,
} from "../src/index.js";
import { testTransform } from "./contracts/transform.js";

const tried = new Set<string>();
const contract: typeof testTransform = (kind, cases) => {
  tried.add((kind as { name: string }).name);
  testTransform(kind, cases);
};

contract(crop, [{ options: {} }, { options: { left: 3, top: 2, width: 20, bottom: 5 } }]);
contract(flip, [{ options: {} }, { options: { axis: "vertical" } }, { options: { axis: "both" } }]);
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

test("every transform keeps the contract", () => {
  expect(builtInTransforms.map(({ name }) => name).sort()).toEqual([...tried].sort());
});
