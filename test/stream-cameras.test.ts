import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Camera, CameraFrame, CameraOptions } from "../src/capture/camera.js";
import { CameraError } from "../src/core/errors.js";
import { builtInCameras, readPaintedNumber } from "../src/index.js";
import { freePort, makeFilm, playFilm, type Server, serveRtsp, untilBound } from "./fixtures/film-servers.js";

// Films with painted numbers are played by GStreamer and FFmpeg: every frame that comes is known.
// MAREY_STREAM_FRAMES=3000 npx vitest run test/stream-cameras.test.ts plays longer ones.
const frames = Number(process.env.MAREY_STREAM_FRAMES ?? 100);
const rate = 50;
const limit = 30_000 + (frames / rate) * 4000;
const folder = mkdtempSync(join(tmpdir(), "marey-stream-"));
afterAll(() => rmSync(folder, { recursive: true }));

const films = {
  h264: join(folder, "h264.mp4"),
  hevc: join(folder, "hevc.mp4"),
  mjpeg: join(folder, "mjpeg.avi"),
};
const reordered = join(folder, "b-frames.mp4");

beforeAll(async () => {
  await makeFilm(films.h264, { frames, rate });
  await makeFilm(films.hevc, { frames, rate, codec: "h265" });
  await makeFilm(films.mjpeg, { frames, rate, codec: "mjpeg", pixelFormat: "yuvj420p" });
  await makeFilm(reordered, { frames, rate, bFrames: 2 });
}, limit);

function openCamera(address: string, options: CameraOptions = {}): Promise<Camera> {
  const [scheme, ...rest] = address.split(":");
  const driver = builtInCameras.find((each) => each.scheme === scheme)!;
  return driver.open(rest.join(":"), options);
}

interface Case {
  readonly title: string;
  readonly settings?: CameraOptions["settings"];
  /** No stamps come with the frames. */
  readonly isUnstamped?: boolean;
  /** Frames that may be over before one can look at the stream. */
  readonly late?: number;
  /** Starts whoever serves; before the camera is opened, or a little later. */
  serve(): Promise<{ url: string; server: Server | (() => Server) }>;
}

const toRtmp = ["-c", "copy", "-f", "flv"];
const cases: readonly Case[] = [
  {
    title: "RTSP over TCP, H.264",
    serve: () => serveRtsp(films.h264, "h264"),
  },
  {
    title: "RTSP over UDP, H.264",
    settings: { transport: "udp" },
    serve: () => serveRtsp(films.h264, "h264"),
  },
  {
    title: "RTSP over TCP, H.265",
    serve: () => serveRtsp(films.hevc, "hevc"),
  },
  {
    title: "RTSP over TCP, Motion JPEG",
    serve: () => serveRtsp(films.mjpeg, "mjpeg"),
  },
  {
    title: "RTSP over TCP, H.264 with B-frames: numbers rise as frames are shown",
    serve: () => serveRtsp(reordered, "h264"),
  },
  {
    title: "RTSP, pushed by the camera",
    settings: { listen: true },
    // It may hang up before its last frame is known to be whole.
    late: 1,
    serve: async () => {
      const url = `rtsp://127.0.0.1:${await freePort()}/live`;
      const push = ["-c", "copy", "-f", "rtsp", "-rtsp_transport", "tcp", url];
      return { url, server: () => playFilm(films.h264, push) };
    },
  },
  {
    title: "RTMP, served",
    serve: async () => {
      const port = await freePort();
      const url = `rtmp://127.0.0.1:${port}/live/film`;
      const server = playFilm(films.h264, [...toRtmp, "-listen", "1", url]);
      await untilBound(port);
      return { url, server };
    },
  },
  {
    title: "RTMP, pushed by the camera",
    settings: { listen: "true" },
    serve: async () => {
      const url = `rtmp://127.0.0.1:${await freePort()}/live/film`;
      return { url, server: () => playFilm(films.h264, [...toRtmp, url]) };
    },
  },
  {
    title: "Motion JPEG over HTTP",
    isUnstamped: true,
    serve: async () => {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}/cam`;
      const server = playFilm(films.mjpeg, ["-c", "copy", "-f", "mpjpeg", "-listen", "1", url]);
      await untilBound(port);
      return { url, server };
    },
  },
  {
    title: "MPEG-TS over UDP, H.264",
    late: 20,
    serve: async () => {
      const url = `udp://127.0.0.1:${await freePort()}`;
      return {
        url,
        server: () => playFilm(films.h264, ["-c", "copy", "-f", "mpegts", `${url}?pkt_size=1316`]),
      };
    },
  },
  {
    title: "MPEG-TS over UDP whose clock has come to its end and begins again",
    late: 20,
    serve: async () => {
      const url = `udp://127.0.0.1:${await freePort()}`;
      // 2^33 ticks of 90 kHz are 95443.7 seconds.
      const late = ["-output_ts_offset", "95441.7", "-muxdelay", "0", "-muxpreload", "0"];
      const play = ["-c", "copy", ...late, "-f", "mpegts", `${url}?pkt_size=1316`];
      return { url, server: () => playFilm(films.h264, play) };
    },
  },
  {
    title: "MPEG-TS over SRT, H.265",
    late: 20,
    serve: async () => {
      const url = `srt://127.0.0.1:${await freePort()}`;
      const server = playFilm(films.hevc, ["-c", "copy", "-f", "mpegts", `${url}?mode=listener`]);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { url, server };
    },
  },
];

describe.concurrent("every frame of a stream comes, once, in its order", () => {
  for (const { title, settings, isUnstamped, late = 0, serve } of cases) {
    test(title, { timeout: limit }, async () => {
      const { url, server } = await serve();
      // Whoever pushes needs somebody who listens.
      const pushing =
        typeof server === "function" ? sleep(700).then(() => server()) : Promise.resolve(server);
      const got: CameraFrame[] = [];
      const numbers: (number | undefined)[] = [];
      try {
        const camera = await openCamera(url, { timeout: 10, settings: { ...settings, attempts: 0 } });
        expect(camera.info).toEqual({ width: 256, height: 192, channels: 3, dtype: "uint8", color: "bgr" });
        expect(camera.clock).toBe(isUnstamped ? undefined : "camera");
        if (!isUnstamped) expect(Math.abs(camera.rate! / rate - 1)).toBeLessThan(0.1);
        try {
          for await (const frame of camera) {
            got.push(frame);
            numbers.push(readPaintedNumber(frame.image));
            if (got.length === frames - late) break;
          }
          expect(camera.describe?.()).toMatchObject({ damaged: 0, dropped: 0, missedPackets: 0 });
        } finally {
          await camera.close();
        }
      } finally {
        await (await pushing).kill();
      }
      expect(got.length).toBeGreaterThanOrEqual(Math.min(60, frames - late));
      const first = numbers[0]!;
      expect(first).toBeLessThanOrEqual(late);
      expect(numbers).toEqual(got.map((_, at) => first + at));
      expect(got.map(({ number }) => number)).toEqual(got.map((_, at) => at));
      for (const [at, { time, arrived, cameraTime }] of got.entries()) {
        expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(limit / 1000);
        if (at === 0) continue;
        const before = got[at - 1]!;
        if (title.includes("B-frames")) continue;
        expect(arrived! - before.arrived!).toBeGreaterThan(0);
        // RTMP counts milliseconds.
        if (!isUnstamped) expect(cameraTime! - before.cameraTime!).toBeCloseTo(1 / rate, 2);
      }
      if (!isUnstamped) {
        const times = got.map(({ cameraTime }) => cameraTime!);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }
    });
  }
});

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe.concurrent("a server that goes away", () => {
  test("is called again; the numbers leave a gap as long as it was away, and all is told", {
    timeout: limit,
  }, async () => {
    const first = await serveRtsp(films.h264, "h264");
    const settings = { firstWait: 0.1, longestWait: 0.3, attempts: 100 };
    const camera = await openCamera(first.url, { timeout: 5, settings });
    const got: CameraFrame[] = [];
    let again: { server: Server } | undefined;
    try {
      for await (const frame of camera) {
        got.push(frame);
        if (got.length === 30) await first.server.kill();
        if (got.length === 30) again = await sleep(500).then(() => serveRtsp(films.h264, "h264", first.port));
        if (readPaintedNumber(frame.image) === 40 && got.length > 60) break;
      }
    } finally {
      await camera.close();
      await again?.server.kill();
    }
    const painted = got.map(({ image }) => readPaintedNumber(image)!);
    const seam = painted.findIndex((number, at) => at > 0 && number < painted[at - 1]!);
    expect(seam).toBeGreaterThanOrEqual(30);
    // Each of the two runs is whole, from its own first frame on.
    expect(painted.slice(0, seam)).toEqual(painted.slice(0, seam).map((_, at) => at));
    expect(painted.slice(seam)).toEqual(painted.slice(seam).map((_, at) => at));
    const numbers = got.map(({ number }) => Number(number));
    expect(numbers.slice(0, seam)).toEqual(painted.slice(0, seam));
    expect(numbers.slice(seam)).toEqual(painted.slice(seam).map((_, at) => numbers[seam]! + at));
    const away = got[seam]!.arrived! - got[seam - 1]!.arrived!;
    const lost = numbers[seam]! - numbers[seam - 1]! - 1;
    expect(away).toBeGreaterThan(0.4);
    expect(Math.abs(lost + 1 - away * rate)).toBeLessThan(2);
    expect(got[seam]!.cameraTime! - got[seam - 1]!.cameraTime!).toBeCloseTo(away, 6);
    expect(camera.describe?.()).toMatchObject({ connects: 2, breaks: 1 });
    expect(camera.describe?.().bytes).toBeGreaterThan(10_000);
  });

  test("by falling silent is lost once the longest wait is over", { timeout: limit }, async () => {
    const { url, server } = await serveRtsp(films.h264, "h264");
    await using _ = server;
    await using camera = await openCamera(url, { timeout: 3, settings: { attempts: 0 } });
    let count = 0;
    const read = async (): Promise<void> => {
      for await (const _ of camera) if (++count === 20) server.stop();
    };
    await expect(read()).rejects.toThrow(/no frame within 3 s/);
    expect(count).toBeGreaterThanOrEqual(20);
  });

  test("is given up after as many calls as were allowed, with the frames that came before", {
    timeout: limit,
  }, async () => {
    const { url, server } = await serveRtsp(films.h264, "h264");
    const settings = { firstWait: 0.05, longestWait: 0.05, attempts: 3 };
    await using camera = await openCamera(url, { timeout: 5, settings });
    let count = 0;
    const read = async (): Promise<void> => {
      for await (const _ of camera) if (++count === 20) await server.kill();
    };
    await expect(read()).rejects.toThrow(/did not come back when it was called 3 times/);
    expect(count).toBeGreaterThanOrEqual(20);
    expect(camera.describe?.()).toMatchObject({ connects: 1, breaks: 1, refusals: 3 });
  });
});

describe.concurrent("a network that loses packets", () => {
  test("costs frames, and none is broken or gets the number of another", { timeout: limit }, async () => {
    const [port, target] = [await freePort(), await freePort()];
    const relay = createSocket("udp4");
    let passed = 0;
    relay.on("message", (bytes) => {
      // After the first keyframes, one datagram in thirty is gone.
      if (++passed < 40 || passed % 30 !== 0) relay.send(bytes, target, "127.0.0.1");
    });
    await new Promise<void>((resolve) => relay.bind(port, "127.0.0.1", resolve));
    const url = `udp://127.0.0.1:${target}`;
    const pushing = untilBound(target, "udp").then(() =>
      playFilm(films.h264, ["-c", "copy", "-f", "mpegts", `udp://127.0.0.1:${port}?pkt_size=1316`]),
    );
    const got: CameraFrame[] = [];
    await using camera = await openCamera(url, { timeout: 5, settings: { attempts: 0 } });
    const read = async (): Promise<void> => {
      for await (const frame of camera) got.push(frame);
    };
    await expect(read()).rejects.toThrow(/no frame within 5 s/);
    await (await pushing).kill();
    relay.close();
    const painted = got.map(({ image }) => readPaintedNumber(image)!);
    expect(painted).toEqual(got.map(({ number }) => painted[0]! + Number(number)));
    const { damaged } = camera.describe!();
    expect(damaged).toBeGreaterThan(5);
    expect(got.length).toBeGreaterThan(20);
    expect(got.length).toBeLessThan(frames - 10);
  });
});

describe.concurrent("what is no camera", () => {
  const listen = async (
    talk: (bytes: Buffer) => Buffer | undefined,
  ): Promise<TcpServer & { port: number }> => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (bytes) => {
        const answer = talk(bytes);
        if (answer !== undefined) socket.write(answer);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return Object.assign(server, { port: (server.address() as { port: number }).port });
  };
  const noise = Buffer.from(Array.from({ length: 60_000 }, (_, at) => (at * 7919) >> 3));
  const refused = async (address: string, options: CameraOptions = {}): Promise<Error> => {
    const error = await openCamera(address, { timeout: 1, ...options }).catch((cause: Error) => cause);
    expect(error).toBeInstanceOf(CameraError);
    const told = JSON.stringify([
      (error as Error).message,
      (error as Error).stack,
      String((error as Error).cause),
    ]);
    expect(told).not.toMatch(/geheim|s3cr3t/);
    return error as Error;
  };

  test.each(["rtsp", "rtmp", "http", "tcp"])("a %s server that accepts and never answers", async (scheme) => {
    const server = await listen(() => undefined);
    const { message } = await refused(`${scheme}://geheim:s3cr3t@127.0.0.1:${server.port}/a`);
    expect(message).toBe(`camera ${scheme}://127.0.0.1:${server.port}/a: no answer within 1 s`);
    server.close();
  });

  test.each(["rtsp", "rtmp", "http", "tcp"])("a %s server that talks nonsense", async (scheme) => {
    const server = await listen(() => noise);
    await refused(`${scheme}://geheim:s3cr3t@127.0.0.1:${server.port}/a`);
    server.close();
  });

  test.each(["rtsp", "rtmp", "http", "tcp", "srt"])("nobody at the port of a %s address", async (scheme) => {
    await refused(`${scheme}://geheim:s3cr3t@127.0.0.1:${await freePort()}/a`);
  });

  test("a name that nobody has", async () => {
    await refused("rtsp://geheim:s3cr3t@no-such-camera.invalid/a?password=s3cr3t");
  });

  test("a port where nothing comes in", async () => {
    const { message } = await refused(`udp://127.0.0.1:${await freePort()}`);
    expect(message).toMatch(/no answer within 1 s/);
  });

  test("a page, a playlist of files, and a film that leads elsewhere are not followed", async () => {
    for (const [type, body] of [
      ["text/html", "<html><body>camera</body></html>"],
      ["application/vnd.apple.mpegurl", "#EXTM3U\n#EXTINF:1\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"],
      ["text/plain", "ffconcat version 1.0\nfile /etc/passwd\n"],
    ] as const) {
      const head = `HTTP/1.0 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
      const server = await listen(() => Buffer.from(head + body));
      await refused(`http://127.0.0.1:${server.port}/index.m3u8`);
      server.close();
    }
  });

  test("addresses and settings that mean nothing are refused before anyone is called", async () => {
    for (const [address, settings] of [
      ["stream:file:///etc/passwd", {}],
      ["stream:concat:a|b", {}],
      ["stream:geheim", {}],
      ["rtsp:geheim", {}],
      ["rtsp://127.0.0.1:1/a b", {}],
      ["rtsp://127.0.0.1:1/", { transport: "pigeon" }],
      ["rtsp://127.0.0.1:1/", { atempts: 3 }],
      ["rtsp://127.0.0.1:1/", { attempts: 1.5 }],
      ["rtsp://127.0.0.1:1/", { backlog: "long" }],
      ["udp://127.0.0.1:1", { listen: true }],
      ["http://127.0.0.1:1", { listen: true }],
    ] as const) {
      const error = await openCamera(address, { timeout: 1, settings }).catch((cause: Error) => cause);
      expect(error, address).toBeInstanceOf(CameraError);
    }
  });

  test("an abort ends the wait for a camera at once", async () => {
    const server = await listen(() => undefined);
    const stop = new AbortController();
    const opening = openCamera(`rtsp://127.0.0.1:${server.port}/a`, { timeout: 60, signal: stop.signal });
    setTimeout(() => stop.abort(), 100);
    await expect(opening).rejects.toThrow(/closed before it was open/);
    server.close();
  });
});

describe.concurrent("whoever reads a stream", () => {
  test("too slowly loses frames; the numbers say which, and no picture is broken", {
    timeout: limit,
  }, async () => {
    const { url, server } = await serveRtsp(films.h264, "h264");
    await using _ = server;
    await using camera = await openCamera(url, { settings: { backlog: 0.3, attempts: 0 } });
    let count = 0;
    for await (const { number, image } of camera) {
      expect(readPaintedNumber(image)).toBe(number);
      if (++count === 5) await sleep(1000);
      if (Number(number) === frames - 1) break;
    }
    const { dropped } = camera.describe!();
    expect(dropped).toBeGreaterThan(10);
    expect(count + Number(dropped)).toBe(frames);
  });

  test("while it is busy for a second still learns when each frame was here", {
    timeout: limit,
  }, async () => {
    const { url, server } = await serveRtsp(films.mjpeg, "mjpeg");
    await using _ = server;
    await using camera = await openCamera(url, { settings: { backlog: 10, attempts: 0 } });
    const arrived: number[] = [];
    for await (const frame of camera) {
      arrived.push(frame.arrived!);
      if (arrived.length === 20) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
      if (arrived.length === 80) break;
    }
    // A second is 50 frames; none of them came all at once.
    const steps = arrived.slice(1).map((time, at) => time - arrived[at]!);
    expect(Math.max(...steps)).toBeLessThan(0.5);
  });

  test("leaves the loop or closes the camera, and nothing goes on", { timeout: limit }, async () => {
    const { url, server } = await serveRtsp(films.h264, "h264");
    await using _ = server;
    const camera = await openCamera(url, { timeout: 60 });
    for await (const { number } of camera) if (Number(number) === 3) break;
    // Once more: another connection, and the numbers go on.
    const numbers: number[] = [];
    const loop = (async () => {
      for await (const { number } of camera) numbers.push(Number(number));
    })();
    while (numbers.length < 3) await sleep(20);
    await camera.close();
    await loop;
    expect(numbers[0]).toBeGreaterThan(4);
    await camera.close();
  });

  test("sees no password in what a camera says of itself", { timeout: limit }, async () => {
    const { url, server } = await serveRtsp(films.h264, "h264");
    await using _ = server;
    const address = `${url.replace("//", "//geheim:s3cr3t@")}?user=geheim&pwd=s3cr3t&channel=2`;
    const camera = await openCamera(address, { settings: { attempts: 0 } }).catch((error: Error) => error);
    const told = camera instanceof Error ? camera.message : JSON.stringify([camera.id, camera.describe?.()]);
    if (!(camera instanceof Error)) await camera.close();
    expect(told).toContain("channel=2");
    expect(told).not.toMatch(/geheim|s3cr3t/);
  });
});
