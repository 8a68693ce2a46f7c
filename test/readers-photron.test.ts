import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { NotFoundError, UnsupportedError } from "../src/core/errors.js";
import type { RankedSource } from "../src/core/ranked-source.js";
import { open, sniff } from "../src/index.js";
import { photron } from "../src/readers/photron.js";
import { testSeekableSource } from "./contracts/seekable-source.js";
import { testMutations } from "./fixtures/mutations.js";
import { generator } from "./fixtures/noise-image.js";

const folder = mkdtempSync(join(tmpdir(), "marey-photron-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const openDirectly = (path: string) => photron.open(path, {}) as Promise<RankedSource>;
const messages = ({ problems }: RankedSource): string[] => problems.map(({ message }) => message);

const [width, height, frames] = [8, 6, 4];

interface Recording {
  readonly bits: number;
  readonly values?: (frame: number, pixel: number) => number;
  readonly more?: Readonly<Record<string, string>>;
}

/** Samples packed highest bit first, or in words of 16 bits; what they are, as Photron's viewer writes it. */
function write(stem: string, kind: "cih" | "cihx", { bits, values, more = {} }: Recording): string {
  const random = generator(bits);
  const noise = values ?? (() => Math.floor(random() * 2 ** Math.min(bits, 12)));
  const packed = Array.from({ length: frames }, (_, frame) => {
    const numbers = Array.from({ length: width * height }, (_, pixel) => noise(frame, pixel));
    if (bits === 16) return Buffer.from(Uint16Array.from(numbers).buffer);
    const text = numbers.map((value) => value.toString(2).padStart(bits, "0")).join("");
    return Buffer.from(text.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
  });
  writeFileSync(at(`${stem}.mraw`), Buffer.concat(packed));
  const lines: Record<string, string> = {
    ...{
      Date: "2024/5/6",
      "Camera Type": "FASTCAM SA-Z",
      "Record Rate(fps)": "2000",
      "Total Frame": `${frames}`,
    },
    ...{
      "Start Frame": "-2",
      "Image Width": `${width}`,
      "Image Height": `${height}`,
      "Color Bit": `${bits}`,
    },
    ...{ "File Format": "MRaw", "EffectiveBit Depth": "12", "EffectiveBit Side": "Lower", ...more },
  };
  const cih = [
    "#Camera Information Header",
    ...Object.entries(lines).map(([key, value]) => `${key} : ${value}`),
  ];
  const xml = `<?xml version="1.0" encoding="utf-8"?>
<cih><fileInfo><date>${lines.Date}</date></fileInfo><deviceInfo><deviceName>${lines["Camera Type"]}</deviceName></deviceInfo>
<recordInfo><recordRate>${lines["Record Rate(fps)"]}</recordRate></recordInfo>
<frameInfo><startFrame>${lines["Start Frame"]}</startFrame><totalFrame>${lines["Total Frame"]}</totalFrame></frameInfo>
<imageDataInfo><resolution><width>${width}</width><height>${height}</height></resolution>
<colorInfo><type>Mono</type><bit>${bits}</bit></colorInfo>
<effectiveBit><depth>12</depth><side>${lines["EffectiveBit Side"]}</side></effectiveBit></imageDataInfo>
<imageFileInfo><fileFormat>${lines["File Format"]}</fileFormat></imageFileInfo></cih>`;
  writeFileSync(at(`${stem}.${kind}`), kind === "cih" ? cih.join("\r\n") : `\0\0binary\0${xml}\0\0`);
  return at(`${stem}.${kind}`);
}

write("contract", "cih", { bits: 12 });
testSeekableSource("a Photron recording", () => openDirectly(at("contract.mraw")));
testMutations(at("contract.cih"), openDirectly, { beside: [at("contract.mraw")], header: 300 });

test.each([8, 10, 12, 16])(
  "%i bits a sample: every sample is what was written, whichever file is opened",
  async (bits) => {
    const value = (frame: number, pixel: number): number =>
      (frame * 1009 + pixel * 83) % 2 ** Math.min(bits, 12);
    for (const kind of ["cih", "cihx"] as const) {
      const stem = `${kind}${bits}`;
      const header = write(stem, kind, { bits, values: value });
      for (const path of [header, at(`${stem}.mraw`)]) {
        expect(await sniff(path)).toBe("recording");
        await using source = (await open(path)) as RankedSource;
        const depth = bits === 8 ? {} : { bits: bits === 16 ? 12 : bits };
        expect(source.info).toMatchObject({
          width,
          height,
          dtype: bits === 8 ? "uint8" : "uint16",
          color: "gray",
          ...depth,
        });
        expect([source.index.length, messages(source)]).toEqual([frames, []]);
        for await (const { index, number, time, image } of source.frames()) {
          expect([number, time]).toEqual([index - 2, index / 2000]);
          expect([...(image.data as Uint16Array)]).toEqual(
            Array.from({ length: 48 }, (_, pixel) => value(index, pixel)),
          );
        }
        expect(source.describe()).toMatchObject({ camera: "FASTCAM SA-Z", date: "2024/5/6", rate: 2000 });
      }
    }
  },
);

test("samples at the high end of their words come out at the low end, and skipped frames leave gaps", async () => {
  const path = write("high", "cih", {
    bits: 16,
    values: (_, pixel) => pixel << 4,
    more: { "EffectiveBit Side": "Higher", "Skip Frame": "5" },
  });
  await using source = await open(path);
  const { image, number, time } = await source.frame({ index: 2 });
  expect([...image.data].slice(0, 4)).toEqual([0, 1, 2, 3]);
  expect([number, time]).toEqual([8, 10 / 2000]);
});

test("counts that differ are told; what is missing or of another kind is refused", async () => {
  await using source = await openDirectly(write("short", "cih", { bits: 8, more: { "Total Frame": "9" } }));
  expect(messages(source)).toEqual(["its header counts 9 frames, 4 are there"]);
  await expect(open(write("tiff", "cih", { bits: 8, more: { "File Format": "Tiff" } }))).rejects.toThrow(
    /Tiff/,
  );
  await expect(open(write("deep", "cih", { bits: 16, more: { "Color Bit": "48" } }))).rejects.toThrow(
    UnsupportedError,
  );
  await expect(open(write("odd", "cih", { bits: 8, more: { "Image Width": "wide" } }))).rejects.toThrow(
    /Image Width is no number: wide/,
  );
  write("gone", "cih", { bits: 8 });
  rmSync(at("gone.mraw"));
  await expect(open(at("gone.cih"))).rejects.toThrow(NotFoundError);
  await expect(open(at("gone.cih"))).rejects.toThrow(/gone\.mraw/);
});
