import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Image } from "../src/core/image.js";
import { bytesOf, createStore, openVideo } from "../src/index.js";
import { codecs, encoderOptions, type VideoCodec } from "../src/video/encoding.js";
import { Encoder, hasEncoder } from "../src/video/ffmpeg/encoder.js";
import { hardwareOptions, inputFormat } from "../src/video/hardware-encoding.js";
import { python } from "./peers/python.js";

const folder = mkdtempSync(join(tmpdir(), "marey-hardware-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const presets = [
  "ultrafast",
  "superfast",
  "veryfast",
  "faster",
  "fast",
  "medium",
  "slow",
  "slower",
  "veryslow",
];

function settings(encoder: string, pixelFormat: string, options: readonly (readonly [string, string])[]) {
  return {
    ...{ encoder, width: 320, height: 240, pixelFormat, isFullRange: true, threads: 1, options },
    ...{ timeBase: { num: 1, den: 25 }, rate: { num: 25, den: 1 }, hasGlobalHeader: true },
  };
}

/** Gray of every value, and noise. */
function picture(step: number): Image {
  const data = Uint8Array.from({ length: 320 * 240 }, (_, i) =>
    i < 160 * 240 ? (i + step) % 256 : Math.imul(i * 31 + step + 1, 2654435761) >>> 24,
  );
  return { width: 320, height: 240, channels: 1, dtype: "uint8", color: "gray", data };
}

test("every hardware encoder that is built in knows every option it is given; without the hardware it only fails to open", async () => {
  const names = Object.entries(codecs).flatMap(([codec, { hardware }]) =>
    hardware.filter(hasEncoder).map((name) => [codec as VideoCodec, name] as const),
  );
  expect(names.length).toBeGreaterThan(3);
  for (const [codec, name] of names) {
    for (const preset of presets) {
      for (const isLive of [true, false]) {
        const options = encoderOptions(codec, name, { preset, quality: 20, isLive });
        const opened = await Encoder.open(settings(name, inputFormat(name, "yuv420p"), options)).catch(
          (error: Error) => error.message,
        );
        if (typeof opened !== "string") opened.close();
        else expect([name, preset, opened]).toEqual([name, preset, expect.stringMatching(/\(open encoder /)]);
      }
    }
  }
});

test("presets of NVENC are p1 to p7, from veryfast to veryslow as ataraxis pairs them, at a constant quantiser", () => {
  const found = presets.map((preset) =>
    Object.fromEntries(hardwareOptions("hevc_nvenc", { preset, qp: 15 })),
  );
  expect(found.map(({ preset }) => preset)).toEqual(["p1", "p1", "p1", "p2", "p3", "p4", "p5", "p6", "p7"]);
  for (const each of found) expect(each).toMatchObject({ rc: "constqp", qp: "15" });
});

test("the layout that QSV takes holds the same picture: coded without it, not a byte is another", async () => {
  const coded: Buffer[][] = [];
  for (const pixelFormat of ["yuv420p", inputFormat("h264_qsv", "yuv420p")]) {
    const encoder = await Encoder.open(
      settings("libx264", pixelFormat, encoderOptions("h264", "libx264", { qp: 12, isLive: true })),
    );
    const packets: Buffer[] = [];
    for (let i = 0; i < 4; i++)
      await encoder.encode(picture(i), i, ({ data }) => packets.push(Buffer.from(data!)));
    await encoder.finish(({ data }) => packets.push(Buffer.from(data!)));
    encoder.close();
    coded.push(packets);
  }
  expect(inputFormat("h264_qsv", "yuv420p")).toBe("nv12");
  expect(coded[0]).toHaveLength(4);
  expect(coded[1]).toEqual(coded[0]);
});

// H.265 has no quantiser without loss: there quality 0 is that, and qp 0 is as near as it comes. Of H.265 in 4:4:4 OpenCV
// does not see that the range is the full one, whoever wrote it.
test("gray comes back from OpenCV to the bit, all values of the full range, with qp 0 of H.264 and quality 0 of H.265", async () => {
  const pictures = Array.from({ length: 5 }, (_, i) => picture(i));
  const { data: _, ...info } = pictures[0]!;
  const expected = join(folder, "expected");
  writeFileSync(expected, Buffer.concat(pictures.map(bytesOf)));
  for (const pixelFormat of ["yuv420p", "yuv444p", "gray"]) {
    for (const [format, rate, most] of [
      ["avc1/mp4", { qp: 0 }, 0],
      ["hevc/mp4", { quality: 0 }, 0],
      ["hevc/mp4", { qp: 0 }, 2],
    ] as const) {
      const path = join(folder, `${format.slice(0, 4)}-${pixelFormat}-${Object.keys(rate)}`);
      const store = await createStore(path, { info, format, ...rate, preset: "ultrafast", pixelFormat });
      for (const [number, image] of pictures.entries()) await store.write({ number, time: number, image });
      await store.close();
      await using video = await openVideo(join(path, "000000.mp4"), { as: "gray" });
      for (const [index, image] of pictures.entries()) {
        const found = bytesOf((await video.frame({ index })).image);
        const far = bytesOf(image).some((value, at) => Math.abs(value - found[at]!) > most);
        expect([format, pixelFormat, rate, index, far]).toEqual([format, pixelFormat, rate, index, false]);
      }
      if (format === "hevc/mp4" && pixelFormat === "yuv444p") continue;
      const [count, apart] = python(judge, [join(path, "000000.mp4"), expected])
        .trim()
        .split(" ")
        .map(Number);
      expect([format, pixelFormat, rate, count]).toEqual([format, pixelFormat, rate, 5]);
      expect([format, pixelFormat, rate, apart! <= most]).toEqual([format, pixelFormat, rate, true]);
    }
  }
});

const judge = `
import sys, numpy as np, cv2
film, found = cv2.VideoCapture(sys.argv[1]), []
while True:
    ok, frame = film.read()
    if not ok: break
    found.append(frame)
expected = np.fromfile(sys.argv[2], np.uint8).reshape(-1, 240, 320, 1)
apart = np.abs(np.array(found).astype(int) - expected).max() if len(found) == len(expected) else 255
print(len(found), apart)
`;
