import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { bytesOf, type Image } from "../src/core/image.js";
import { openVideo } from "../src/video/open-video.js";
import type { VideoReadOptions } from "../src/video/video-reader.js";

const folder = new URL("../../shared/corpus/videos/", import.meta.url).pathname;
const expected = JSON.parse(readFileSync(`${folder}expected.json`, "utf8"));
const scratch = mkdtempSync(join(tmpdir(), "marey-options-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function firstFrame(name: string, options: VideoReadOptions = {}): Promise<Image> {
  await using video = await openVideo(folder + name, options);
  return (await video.frame({ index: 0 })).image;
}

describe("colour", () => {
  const patched = Object.keys(expected).filter((name) => expected[name].colour_patches);

  test.each(patched)("%s: matrix and range as tagged", async (name) => {
    const { x_centers: centers, rgb, tolerance } = expected[name].colour_patches;
    const image = await firstFrame(name, { as: "rgb" });
    const row = Math.floor(image.height / 2);
    const found = centers.map((x: number) => {
      const at = (row * image.width + x) * 3;
      return [...bytesOf(image).subarray(at, at + 3)];
    });
    for (const [i, want] of rgb.entries()) {
      for (let c = 0; c < 3; c++) expect(Math.abs(found[i][c] - want[c])).toBeLessThanOrEqual(tolerance);
    }
  });

  test("bgr is rgb the other way round", async () => {
    const [rgb, bgr] = [await firstFrame("vfr.mp4", { as: "rgb" }), await firstFrame("vfr.mp4")];
    expect([rgb.color, bgr.color]).toEqual(["rgb", "bgr"]);
    for (let i = 0; i < bgr.data.length; i += 3) {
      if (rgb.data[i] !== bgr.data[i + 2] || rgb.data[i + 1] !== bgr.data[i + 1])
        throw new Error(`pixel ${i / 3}`);
    }
  });

  test("gray is the luma at full range: untouched if it is full range already, stretched if not", async () => {
    const full = await firstFrame("h264_gray.mp4", { as: "gray" });
    const planes = await firstFrame("h264_gray.mp4", { as: "native" });
    const pixels = full.width * full.height;
    expect(Buffer.compare(bytesOf(full), bytesOf(planes).subarray(0, pixels))).toBe(0);
    const limited = await firstFrame("ref_h264_bf0.mp4", { as: "gray" });
    const luma = bytesOf(await firstFrame("ref_h264_bf0.mp4", { as: "native" })).subarray(0, pixels);
    const stretched = luma.map((y) => Math.min(255, Math.max(0, Math.round(((y - 16) * 255) / 219))));
    const off = bytesOf(limited).reduce(
      (most, value, i) => Math.max(most, Math.abs(value - stretched[i]!)),
      0,
    );
    expect(off).toBeLessThanOrEqual(1);
  });

  test("12 bits stay 12 bits", async () => {
    const image = await firstFrame("ffv1_gray12.mkv");
    expect(image).toMatchObject({ dtype: "uint16", color: "gray", channels: 1, bits: 12 });
    expect(
      Buffer.compare(bytesOf(image), bytesOf(await firstFrame("ffv1_gray12.mkv", { as: "native" }))),
    ).toBe(0);
  });
});

describe("shape", () => {
  test.each([["rot90.mp4"], ["rot180.mp4"], ["rot270.mp4"]])(
    "%s is turned as it asks, or not",
    async (name) => {
      const turned = await firstFrame(name, { as: "gray" });
      const plain = await firstFrame(name, { as: "gray", rotation: "none" });
      const isQuarter = name !== "rot180.mp4";
      expect([turned.width, turned.height]).toEqual(isQuarter ? [240, 320] : [320, 240]);
      expect([plain.width, plain.height]).toEqual([320, 240]);
      // FFmpeg's own rotation of the same frame, luma plane only.
      const { createHash } = await import("node:crypto");
      const { execFileSync } = await import("node:child_process");
      const raw = execFileSync("ffmpeg", [
        "-v",
        "error",
        "-i",
        folder + name,
        "-frames:v",
        "1",
        "-pix_fmt",
        "gray",
        "-f",
        "rawvideo",
        "-",
      ]);
      const md5 = (data: Uint8Array): string => createHash("md5").update(data).digest("hex");
      expect(md5(bytesOf(turned))).toBe(md5(raw));
    },
  );

  test("maxSize shrinks, keeps the aspect ratio, and never enlarges", async () => {
    const size = async (width: number, height: number): Promise<number[]> => {
      const image = await firstFrame("vfr.mp4", { maxSize: { width, height } });
      return [image.width, image.height];
    };
    expect(await size(160, 1000)).toEqual([160, 120]);
    expect(await size(1000, 60)).toEqual([80, 60]);
    expect(await size(1000, 1000)).toEqual([320, 240]);
    const turned = await firstFrame("rot90.mp4", { maxSize: { width: 120, height: 1000 } });
    expect([turned.width, turned.height]).toEqual([120, 160]);
  });

  test("a shrunk picture shows the same scene", async () => {
    const small = await firstFrame("vfr.mp4", { as: "gray", maxSize: { width: 160, height: 120 } });
    const large = await firstFrame("vfr.mp4", { as: "gray" });
    let error = 0;
    for (let y = 0; y < 120; y++) {
      for (let x = 0; x < 160; x++) {
        const at = y * 2 * 320 + x * 2;
        const mean =
          (Number(large.data[at]) +
            Number(large.data[at + 1]) +
            Number(large.data[at + 320]) +
            Number(large.data[at + 321])) /
          4;
        error += Math.abs(mean - Number(small.data[y * 160 + x]));
      }
    }
    expect(error / (160 * 120)).toBeLessThan(3);
  });

  test("a video that changes its size says so frame by frame", async () => {
    await using video = await openVideo(`${folder}varres.mkv`);
    const sizes = new Set<string>();
    for await (const { image } of video.frames()) sizes.add(`${image.width}x${image.height}`);
    const wanted = new Set(expected["varres.mkv"].frames.map((frame: number[]) => `${frame[4]}x${frame[5]}`));
    expect(sizes).toEqual(wanted);
  });
});

describe("how it read", () => {
  test("reading on does not seek, and reading again does not decode", async () => {
    await using video = await openVideo(`${folder}ref_h264_bf0.mp4`);
    for (let index = 0; index < 60; index++) await video.frame({ index });
    const { framesDecoded, seeks } = video.stats();
    expect(seeks).toBeLessThanOrEqual(1);
    expect(framesDecoded).toBeLessThan(75);
    for (let index = 40; index < 60; index++) await video.frame({ index });
    expect(video.stats().seeks).toBe(seeks);
    // At most the one frame that was being prepared when the first run ended.
    expect(video.stats().framesDecoded - framesDecoded).toBeLessThanOrEqual(1);
    expect(video.stats().cacheHits).toBeGreaterThan(20);
  });

  test("stepping back after a jump decodes the group of pictures once", async () => {
    await using video = await openVideo(`${folder}ref_h264_bf0.mp4`);
    await video.frame({ index: 80 });
    for (let index = 79; index > 70; index--) await video.frame({ index });
    expect(video.stats().seeks).toBeLessThanOrEqual(3);
  });

  test("the cache stays within its bytes", async () => {
    const cacheBytes = 5 * 320 * 240 * 1.5;
    await using video = await openVideo(`${folder}ref_h264_bf0.mp4`, { cacheBytes });
    for (let index = 0; index < 90; index++) {
      await video.frame({ index: (index * 37) % 90 });
      expect(video.stats().cacheBytes).toBeLessThanOrEqual(cacheBytes);
    }
  });
});

describe("the kept frame table", () => {
  const fresh = (name: string): string => {
    const path = join(scratch, `${Math.random().toString(36).slice(2)}-${name}`);
    copyFileSync(folder + name, path);
    return path;
  };

  test.each(["vfr.mp4", "h264_bf3.avi", "start_nonkey.ts"])(
    "%s opens from it with the same frames",
    async (name) => {
      const path = fresh(name);
      const read = async (): Promise<{ kept: boolean; frames: unknown[] }> => {
        await using video = await openVideo(path, { keepTable: true });
        const frames: unknown[] = [];
        for await (const { image: _, ...frame } of video.frames()) frames.push(frame);
        return { kept: video.stats().keptTable, frames };
      };
      const [first, second] = [await read(), await read()];
      expect([first.kept, second.kept]).toEqual([false, true]);
      expect(second.frames).toEqual(first.frames);
    },
  );

  test("is not written unless asked for, and not used for another file", async () => {
    const path = fresh("vfr.mp4");
    await using _plain = await openVideo(path);
    expect(existsSync(`${path}.marey-frames`)).toBe(false);
    await (await openVideo(path, { keepTable: true })).close();
    expect(existsSync(`${path}.marey-frames`)).toBe(true);
    copyFileSync(`${folder}ref_h264_bf0.mp4`, path);
    await using other = await openVideo(path);
    expect(other.stats().keptTable).toBe(false);
    expect(other.index.length).toBe(90);
  });

  test("is ignored where it is damaged, whatever bytes it has", async () => {
    const path = fresh("vfr.mp4");
    await (await openVideo(path, { keepTable: true })).close();
    const kept = readFileSync(`${path}.marey-frames`);
    for (let i = 0; i < kept.length; i += 97) {
      const broken = Buffer.from(kept);
      broken[i] = broken[i]! ^ 0x41;
      writeFileSync(`${path}.marey-frames`, i % 2 === 0 ? broken : kept.subarray(0, i));
      await using video = await openVideo(path);
      expect(video.index.length).toBe(105);
    }
  });

  test("is ignored when the file has been touched", async () => {
    const path = fresh("vfr.mp4");
    await (await openVideo(path, { keepTable: true })).close();
    utimesSync(path, 1, 1);
    await using video = await openVideo(path);
    expect(video.stats().keptTable).toBe(false);
  });
});

describe("where it is", () => {
  test("a file URL, a path with odd characters, and a network address", async () => {
    await using byUrl = await openVideo(pathToFileURL(`${folder}vfr.mp4`));
    expect(byUrl.index.length).toBe(105);
    const odd = join(scratch, "concat: a%20b #1 ü.mp4");
    copyFileSync(`${folder}vfr.mp4`, odd);
    await using byOddName = await openVideo(odd);
    expect(byOddName.index.length).toBe(105);

    const bytes = readFileSync(`${folder}vfr.mp4`);
    const server = createServer((request, response) => {
      const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "");
      const start = range ? Number(range[1]) : 0;
      const end = range?.[2] ? Number(range[2]) : bytes.length - 1;
      response.writeHead(range ? 206 : 200, {
        "accept-ranges": "bytes",
        "content-length": end - start + 1,
        ...(range ? { "content-range": `bytes ${start}-${end}/${bytes.length}` } : {}),
      });
      response.end(bytes.subarray(start, end + 1));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      await using remote = await openVideo(`http://127.0.0.1:${port}/vfr.mp4`);
      expect(remote.index.length).toBe(105);
      const [here, there] = [await byUrl.frame({ index: 77 }), await remote.frame({ index: 77 })];
      expect(Buffer.compare(bytesOf(here.image), bytesOf(there.image))).toBe(0);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("nowhere, a folder, a text file", async () => {
    await expect(openVideo(join(scratch, "none.mp4"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(openVideo(scratch)).rejects.toThrow("is a folder");
    const text = join(scratch, "notes.txt");
    writeFileSync(text, "fly 12 looks sleepy\n".repeat(500));
    await expect(openVideo(text)).rejects.toMatchObject({ code: "FILE_FORMAT" });
    expect(readdirSync(scratch)).toContain("notes.txt");
  });

  test("a list of other files is refused before any of them is opened", async () => {
    const film = `${folder}vfr.mp4`;
    const texts = {
      "list.m3u8": `#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n${film}\n#EXT-X-ENDLIST\n`,
      "list.txt": `ffconcat version 1.0\nfile '${film}'\n`,
      "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 5004 RTP/AVP 96\n",
    };
    for (const [name, text] of Object.entries(texts)) {
      writeFileSync(join(scratch, name), text);
      await expect(openVideo(join(scratch, name))).rejects.toThrow("list of other files");
    }
  });

  test("after close, every call says so, and what was asked before is still answered", async () => {
    const video = await openVideo(`${folder}vfr.mp4`);
    const pending = video.frame({ index: 50 });
    await video.close();
    expect((await pending).index).toBe(50);
    await expect(video.frame({ index: 0 })).rejects.toMatchObject({ code: "CLOSED" });
    await expect(video.frames().next()).rejects.toMatchObject({ code: "CLOSED" });
    await video.close();
  });
});
