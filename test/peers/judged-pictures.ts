import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnyTypedArray, Image } from "../../src/core/image.js";
import { decodeNpy, encodeNpy } from "../../src/core/npy.js";
import { python } from "./python.js";

/** Pictures, each with a Python expression of what is to become of it: `img` is the picture, `cv2` and `np` are there. */
export interface JudgedPictures {
  /** Puts a picture on the list; gives its place there. */
  add(image: Image, expression: string): number;
  /** Has Python work through the list, all in one run. */
  judge(): void;
  /** What Python made of the picture at that place. */
  result(place: number): AnyTypedArray;
  remove(): void;
}

const imports = "import sys, os, json, numpy as np, cv2\n";
const program = `
os.chdir(sys.argv[1])
for i, expression in enumerate(json.load(open("expressions.json"))):
    img = np.load(f"{i}.npy")
    np.save(f"{i}.npy", np.ascontiguousarray(eval(expression)))
`;

/** @param prelude Python that expressions may use: functions and the like. */
export function judgedPictures(prelude = ""): JudgedPictures {
  const folder = mkdtempSync(join(tmpdir(), "marey-judged-"));
  const expressions: string[] = [];
  return {
    add({ width, height, channels, dtype, data }, expression) {
      const shape = [height, width, ...(channels > 1 ? [channels] : [])];
      writeFileSync(join(folder, `${expressions.length}.npy`), encodeNpy({ dtype, shape, data }));
      return expressions.push(expression) - 1;
    },
    judge() {
      writeFileSync(join(folder, "expressions.json"), JSON.stringify(expressions));
      python(imports + prelude + program, [folder]);
    },
    result: (place) => decodeNpy(new Uint8Array(readFileSync(join(folder, `${place}.npy`)))).data,
    remove: () => rmSync(folder, { recursive: true }),
  };
}
