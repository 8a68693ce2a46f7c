import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CameraOptions } from "../src/capture/camera.js";
import type { CodedFrame } from "../src/core/coded-frame.js";
import { FrameMismatchError, UnsupportedError } from "../src/core/errors.js";
import type { Image } from "../src/core/image.js";
import { decodeNpy } from "../src/core/npy.js";
import {
  builtInCameras,
  createCodedStore,
  createStore,
  openStore,
  openVideo,
  readPaintedNumber,
  repairStore,
  syntheticCamera,
  verifyStore,
} from "../src/index.js";
import { packetsOf, slicesOf } from "./fixtures/film-packets.js";
import { freePort, makeFilm, playFilm, type Server, serveRtsp, untilBound } from "./fixtures/film-servers.js";
import { countInPython } from "./peers/count-pictures.js";

// Frames that a camera has compressed, kept as they are. MAREY_KILLS=100 kills more writers.
const [frames, rate] = [60, 50];
const kills = Number(process.env.MAREY_KILLS ?? 3);
const folder = mkdtempSync(join(tmpdir(), "marey-coded-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

const films = {
  h264: at("h264.mp4"),
  hevc: at("hevc.mp4"),
  mjpeg: at("mjpeg.avi"),
  av1: at("av1/000000.mkv"),
};

beforeAll(async () => {
  await makeFilm(films.h264, { frames, rate });
  await makeFilm(films.hevc, { frames, rate, codec: "h265" });
  await makeFilm(films.mjpeg, { frames, rate, codec: "mjpeg", pixelFormat: "yuvj420p" });
  // A camera looks at no frame that is yet to come, as this encoder does unless it writes a store. (Its numbers cannot be
  // read: pictures are compared.)
  const camera = syntheticCamera({ width: 256, height: 192, rate, frames: 30, color: "bgr", pace: "free" });
  await using store = await createStore(at("av1"), {
    info: camera.info,
    format: "av1/mkv",
    gop: 10,
    quality: 10,
  });
  for await (const frame of camera) await store.write(frame);
}, 60_000);

const formats = [
  ["avc1/mp4", "h264"],
  ["h264/mkv", "h264"],
  ["hevc/mp4", "hevc"],
  ["hevc/mkv", "hevc"],
  ["mjpeg/avi", "mjpeg"],
  ["av1/mkv", "av1"],
] as const;

const chunkFiles = (path: string): string[] =>
  readdirSync(path)
    .filter((name) => /^\d+\.(mp4|mkv|avi)$/.test(name))
    .sort()
    .map((name) => join(path, name));

/** MD5 of the decoded planes of each frame, by FFmpeg. */
function planesOf(files: readonly string[]): string[] {
  return files.flatMap((file) =>
    execFileSync(
      "ffmpeg",
      ["-v", "error", "-i", file, "-map", "0:v", "-f", "framemd5", "-fps_mode", "passthrough", "-"],
      {
        encoding: "utf8",
      },
    )
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split(",").at(-1)!.trim()),
  );
}

/** `toEqual` takes a second for a picture. */
const isSame = ({ data }: Image, other: Uint8Array): boolean =>
  Buffer.compare(data as Uint8Array, other) === 0;

/** All that was in the film's frames from `first` on is in the store: packets, planes, pictures, in every reader. */
async function expectFilm(path: string, film: string, first = 0): Promise<void> {
  const files = chunkFiles(path);
  const kept = (await Promise.all(files.map((file) => packetsOf(file)))).flat();
  const sent = (await packetsOf(film)).slice(first, first + kept.length);
  expect(slicesOf(kept)).toEqual(slicesOf(sent));
  expect(planesOf(files)).toEqual(planesOf([film]).slice(first, first + kept.length));
  await using store = await openStore(path);
  await using video = await openVideo(film, { as: "bgr" });
  expect(store.index.length).toBe(kept.length);
  expect(store.problems).toEqual([]);
  const out = at("python.npy");
  const script = fileURLToPath(new URL("peers/read_store.py", import.meta.url));
  const seen = JSON.parse(
    execFileSync("/usr/bin/python3", [script, path, out], { encoding: "utf8", maxBuffer: 2 ** 26 }),
  );
  const pictures = decodeNpy(new Uint8Array(readFileSync(out))).data as Uint8Array;
  for await (const { index, image, number, time } of store) {
    const { image: wanted } = await video.frame({ index: first + index });
    expect(isSame(image, wanted.data as Uint8Array), `frame ${index}`).toBe(true);
    const size = image.data.length;
    expect(
      isSame(image, pictures.subarray(index * size, (index + 1) * size)),
      `frame ${index} in Python`,
    ).toBe(true);
    expect(seen.frames[index].slice(1)).toEqual([String(number), time]);
  }
  expect((await verifyStore(store)).damage).toEqual([]);
}

describe("a store of packets as they are", () => {
  test.each(formats)(
    "%s: gives back every packet, plane and picture, each with its number and time",
    async (format, codec) => {
      const packets = await packetsOf(films[codec]);
      const path = at(format.replace("/", "-"));
      await using store = await createCodedStore(path, { coded: packets[0]!.coded, format, chunkSize: 25 });
      for (const frame of packets) expect(await store.write(frame)).toBe(true);
      await store.addExtraData({ note: "last" });
      await store.close();
      expect(store.leftOut).toBe(0);
      // 25 frames are reached within a group of ten.
      if (codec !== "mjpeg" && codec !== "av1") expect(chunkFiles(path).length).toBe(Math.ceil(frames / 30));
      await expectFilm(path, films[codec]);
    },
  );

  test("a frame that leans on one that is missing is left out and counted, up to the next keyframe", async () => {
    const packets = await packetsOf(films.h264);
    const path = at("missing");
    await using store = await createCodedStore(path, { coded: packets[0]!.coded, chunkSize: 1000 });
    const kept: number[] = [];
    // Begins after a keyframe; 25 is dropped before it comes here.
    for (const frame of packets.slice(3)) {
      if (frame.number === 25) store.skip();
      else if (await store.write(frame)) kept.push(Number(frame.number));
    }
    await store.close();
    const wanted = packets.map(({ number }) => Number(number)).filter((n) => n >= 10 && (n < 25 || n >= 30));
    expect(kept).toEqual(wanted);
    expect(store.leftOut).toBe(7 + 4);
    await using read = await openStore(path);
    for await (const { number, image } of read) expect(readPaintedNumber(image)).toBe(number);
    expect(read.index.length).toBe(wanted.length);
  });

  test("other parameter sets begin another chunk", async () => {
    const other = await makeFilm(at("other.mp4"), { frames: 30, rate, preset: "ultrafast", quality: 30 });
    const [one, two] = [await packetsOf(films.h264), await packetsOf(other)];
    const path = at("changed");
    await using store = await createCodedStore(path, { coded: one[0]!.coded, format: "h264/mkv" });
    const all: CodedFrame[] = [...one.slice(0, 20), ...two, ...one.slice(20)].map((frame, number) => {
      const { pts: _, ...rest } = frame;
      return { ...rest, number, time: number };
    });
    for (const frame of all) expect(await store.write(frame)).toBe(true);
    await store.close();
    expect(chunkFiles(path).length).toBe(3);
    await using read = await openStore(path);
    for await (const { number, image } of read) {
      const n = Number(number);
      expect(readPaintedNumber(image)).toBe(n < 20 ? n : n < 50 ? n - 20 : n - 30);
    }
    expect(read.index.length).toBe(frames + 30);
  });

  test("frames in another order than they are shown are refused by name, before a row is wrong", async () => {
    const film = await makeFilm(at("b.mp4"), { frames: 30, rate, bFrames: 2 });
    const packets = await packetsOf(film);
    const path = at("reordered");
    await using store = await createCodedStore(path, { coded: packets[0]!.coded });
    const results = await Promise.allSettled(packets.map((frame) => store.write(frame)));
    const failed = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(failed.length).toBeGreaterThan(25);
    expect(failed[0]).toBeInstanceOf(UnsupportedError);
    expect(failed[0].message).toMatch(/B-frames.*profile without B-frames, or record it decoded/);
    await store.close();
    await using read = await openStore(path);
    const shown: number[] = [];
    for await (const { image } of read) shown.push(readPaintedNumber(image)!);
    expect(shown).toEqual([...shown].sort((a, b) => a - b));
    expect(shown.length).toBe(30 - failed.length);
  });

  test("what is no packet of the store is refused, and what leans on it left out", async () => {
    const packets = await packetsOf(films.h264);
    const jpeg = await packetsOf(films.mjpeg);
    const small = await packetsOf(
      await makeFilm(at("small.mp4"), { frames: 12, rate, width: 128, height: 96 }),
    );
    const deep = await makeFilm(at("deep.mp4"), { frames: 3, rate, pixelFormat: "yuv420p10le" });
    await expect(createCodedStore(at("no"), { coded: (await packetsOf(deep))[0]!.coded })).rejects.toThrow(
      /pixel format of h264 frames to keep as they are: yuv420p10le/,
    );
    await expect(
      createCodedStore(at("no"), { coded: packets[0]!.coded, format: "ffv1/mkv" }),
    ).rejects.toThrow(/store format for h264 packets: ffv1\/mkv \(known: avc1\/mp4, h264\/mkv\)/);
    await using store = await createCodedStore(at("odd"), { coded: packets[0]!.coded });
    await expect(store.write(jpeg[0]!)).rejects.toThrow(FrameMismatchError);
    await expect(store.write(small[0]!)).rejects.toThrow(/expected 256x192 bgr uint8, got 128x96/);
    await expect(store.write({ ...packets[0]!, data: new Uint8Array(0) })).rejects.toThrow(/no bytes/);
    expect(await store.write(packets[1]!)).toBe(false);
    expect(await store.write(packets[10]!)).toBe(true);
    await expect(store.write(small[1]!)).rejects.toThrow(FrameMismatchError);
    expect(await store.write(packets[11]!)).toBe(false);
  });

  test("is gone on with, by packets and by pictures", async () => {
    const packets = await packetsOf(films.h264);
    const path = at("more");
    for (const [from, to] of [
      [0, 20],
      [20, 40],
    ] as const) {
      await using store = await createCodedStore(path, { coded: packets[0]!.coded, append: true });
      for (const frame of packets.slice(from, to)) await store.write(frame);
    }
    await using video = await openVideo(films.h264, { as: "bgr" });
    await using pictures = await createStore(path, { info: video.info, format: "avc1/mp4", append: true });
    for await (const frame of video.frames({ start: 40, stop: 50 })) {
      await pictures.write({ ...frame, number: frame.index });
    }
    await pictures.close();
    await using read = await openStore(path);
    let count = 0;
    for await (const { number, image } of read) {
      expect(number).toBe(count);
      expect(readPaintedNumber(image)).toBe(count++);
    }
    expect(count).toBe(50);
    expect(countInPython([path])).toEqual([{ frames: 50, pictures: 50 }]);
  });
});

describe.concurrent("packets from a network camera", () => {
  const cases: readonly [
    string,
    CameraOptions["settings"],
    string,
    () => Promise<{ url: string; server: Server }>,
  ][] = [
    ["RTSP over TCP, H.264", {}, films.h264, () => serveRtsp(films.h264, "h264")],
    ["RTSP over UDP, H.265", { transport: "udp" }, films.hevc, () => serveRtsp(films.hevc, "hevc")],
    ["RTMP, H.264", {}, films.h264, () => listening("rtmp", "/live/film", films.h264, ["-f", "flv"])],
    ["HTTP, Motion JPEG", {}, films.mjpeg, () => listening("http", "/cam", films.mjpeg, ["-f", "mpjpeg"])],
    ["HTTP, AV1 in Matroska", {}, films.av1, () => listening("http", "/cam", films.av1, ["-f", "matroska"])],
  ];
  const listening = async (scheme: string, path: string, film: string, format: readonly string[]) => {
    const port = await freePort();
    const url = `${scheme}://127.0.0.1:${port}${path}`;
    const server = playFilm(film, ["-c", "copy", ...format, "-listen", "1", url]);
    await untilBound(port);
    return { url, server };
  };

  test.each(cases)("%s: what was sent is what is in the store", async (title, settings, film, serve) => {
    const { url, server } = await serve();
    await using _ = server;
    const [scheme, ...rest] = url.split(":");
    const driver = builtInCameras.find((each) => each.scheme === scheme)!;
    await using camera = await driver.open(rest.join(":"), {
      timeout: 10,
      // The judges of one hold up the others.
      settings: { ...settings, copy: true, attempts: 0, backlog: 60 },
    });
    const path = at(title.replace(/\W/g, ""));
    await using store = await createCodedStore(path, {
      coded: camera.coded!.coded,
      chunkSize: 25,
      fps: rate,
    });
    const arrived: number[] = [];
    const sent = film === films.av1 ? 30 : frames;
    for await (const frame of camera.coded!) {
      arrived.push(frame.arrived!);
      expect(await store.write(frame)).toBe(true);
      if (arrived.length === sent) break;
    }
    await store.close();
    expect(arrived.length).toBe(sent);
    expect(arrived).toEqual([...arrived].sort((a, b) => a - b));
    await expectFilm(path, film);
  });
});

describe("a writer of packets that is killed at any moment", () => {
  const writer = fileURLToPath(new URL("fixtures/coded-writer.mjs", import.meta.url));
  const killedAfter = (args: readonly string[], lines: number, milliseconds: number): Promise<number> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [writer, ...args], { stdio: ["ignore", "pipe", "pipe"] });
      let [said, errors, armed] = ["", "", false];
      child.stdout.on("data", (text) => {
        said += text;
        if (armed || (said.match(/\n/g)?.length ?? 0) < lines) return;
        armed = true;
        setTimeout(() => child.kill("SIGKILL"), milliseconds);
      });
      child.stderr.on("data", (text) => {
        errors += text;
      });
      child.on("close", (code) => {
        if (code !== null) reject(new Error(`the writer ended by itself: ${errors}`));
        else resolve(Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1)));
      });
    });

  for (let kill = 0; kill < kills; kill++) {
    const [format, codec] = formats[kill % formats.length]!;
    const durability = ["second", "flush", "frame"][kill % 3]!;
    test(`${kill}: ${format}, ${durability}: every acknowledged packet is read, repaired, and read in Python`, async () => {
      const path = at(`kill-${kill}`);
      const shown: Image[] = [];
      await using film = await openVideo(films[codec], { as: "bgr" });
      for await (const { image } of film) shown.push(image);
      for (const round of [0, 1]) {
        const args = [films[codec], path, format, String(15 + kill), durability];
        const lines = 1 + Math.floor(Math.random() * 80);
        const acknowledged = await killedAfter(args, lines, Math.random() * 20);
        const expectWhole = async (): Promise<number> => {
          await using store = await openStore(path);
          expect(store.index.length).toBeGreaterThanOrEqual(acknowledged);
          let count = 0;
          for await (const { index, number, time, image } of store) {
            expect(index).toBe(count++);
            expect(time).toBe(Number(number) / 3 / 64);
            const wanted = shown[(Number(number) / 3) % shown.length]!;
            expect(isSame(image, wanted.data as Uint8Array), `frame ${index}`).toBe(true);
          }
          return count;
        };
        await expectWhole();
        if (round === 0) continue;
        await repairStore(path);
        expect((await repairStore(path)).steps).toEqual([]);
        const count = await expectWhole();
        await using store = await openStore(path);
        expect(store.problems).toEqual([]);
        expect(countInPython([path])).toEqual([{ frames: count, pictures: count }]);
      }
    });
  }
});
