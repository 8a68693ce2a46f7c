import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { frameHash } from "../src/cli/frame-hash.js";
import type { Image } from "../src/core/image.js";

const program = `
import ctypes, hashlib, sys
data = sys.stdin.buffer.read()
library = ctypes.CDLL("libxxhash.so.0")
library.XXH3_64bits.restype = ctypes.c_uint64
library.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
print(hashlib.md5(data).hexdigest(), hashlib.sha256(data).hexdigest(), "%016x" % library.XXH3_64bits(data, len(data)))`;

test.each([1, 7, 100, 400])(
  "hashes of a picture %s wide are those of the reference libraries",
  async (width) => {
    const data = Uint16Array.from({ length: width * 3 }, (_, i) => (i * 40503) & 0xffff);
    const image: Image = { width, height: 3, channels: 1, dtype: "uint16", color: "gray", data };
    const input = new Uint8Array(data.buffer);
    const expected = execFileSync("/usr/bin/python3", ["-c", program], { input, encoding: "utf8" });
    const found: string[] = [];
    for (const name of ["md5", "sha256", "xxh3"] as const) found.push((await frameHash(name))(image));
    expect(found).toEqual(expected.trim().split(" "));
  },
);
