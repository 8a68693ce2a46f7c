import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { readPaintedNumber } from "../src/capture/painted-number.js";
import { jpeg } from "../src/images/jpeg.js";
import { bend, open, openStore, resize } from "../src/index.js";
import { type Recording, type Rig, startRecording } from "../src/recording/index.js";
import { type LiveServer, type ReceivedPicture, readPictureMessage, serveLive } from "../src/view/index.js";
import { FakeRecording, pause, until } from "./live-recordings.js";

const folder = mkdtempSync(join(tmpdir(), "marey-live-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** A client of the WebSocket that keeps all it gets. */
class Client {
  readonly socket: WebSocket;
  readonly pictures: ReceivedPicture[] = [];
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON comes
  readonly texts: any[] = [];

  constructor(port: number) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/live`);
    this.socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.pictures.push(readPictureMessage(data));
      else this.texts.push(JSON.parse(String(data)));
    });
    this.socket.on("error", () => {});
  }

  async say(...messages: readonly object[]): Promise<this> {
    await until(() => this.socket.readyState === WebSocket.OPEN);
    for (const message of messages) this.socket.send(JSON.stringify(message));
    return this;
  }

  numbers(): number[] {
    return this.pictures.map(({ number }) => Number(number));
  }
}

async function withRecording(
  cameras: readonly string[],
  more: Partial<Rig>,
  during: (recording: Recording, server: LiveServer, directory: string) => Promise<void>,
): Promise<void> {
  const directory = join(folder, String(count++));
  const recording = await startRecording({
    ...{ directory, pattern: "{name}", minFree: 0, ...more },
    cameras: cameras.map((camera, i) => ({ name: `cam${i + 1}`, camera })),
  });
  const server = await serveLive(recording);
  try {
    await during(recording, server, directory);
  } finally {
    await server.close();
    await recording.stop();
  }
}

async function withFake(during: (live: FakeRecording, server: LiveServer) => Promise<void>): Promise<void> {
  const live = new FakeRecording();
  const server = await serveLive(live);
  try {
    await during(live, server);
  } finally {
    await server.close();
  }
}

const rising = (numbers: readonly number[]): boolean =>
  numbers.every((number, i) => i === 0 || number > numbers[i - 1]!);

/** The number that is painted into a picture of half the size. */
async function paintedIn(bytes: Uint8Array): Promise<number | undefined> {
  const { width, height, channels, data } = await jpeg.decode(bytes, "preview");
  const large = new Uint8Array(width * height * 4);
  for (let at = 0; at < large.length; at++) {
    const [x, y] = [(at % (width * 2)) >> 1, Math.floor(at / (width * 4))];
    large[at] = data[(y * width + x) * channels] as number;
  }
  return readPaintedNumber({
    ...{ width: width * 2, height: height * 2, channels: 1, dtype: "uint8", color: "gray" },
    data: large,
  });
}

test("a client sees every camera it asks for: each picture is the frame whose number and time stand before it", async () => {
  await withRecording(["synthetic:640x480@30", "synthetic:640x480@20"], {}, async (recording, server) => {
    const client = await new Client(server.port).say(
      { type: "subscribe", camera: "cam1", rate: 30, width: 320 },
      { type: "subscribe", camera: "cam2", rate: 20, width: 320 },
    );
    const of = (camera: number): ReceivedPicture[] =>
      client.pictures.filter((each) => each.camera === camera);
    await until(() => of(0).length >= 15 && of(1).length >= 10);
    for (const camera of [0, 1]) {
      const pictures = of(camera);
      for (const { bytes, number } of pictures) expect(await paintedIn(bytes)).toBe(number);
      expect(rising(pictures.map(({ number }) => Number(number)))).toBe(true);
      for (const { time } of pictures) expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(30);
    }
    await client.say({ type: "unsubscribe", camera: "cam1" });
    await pause(0.3);
    const before = of(0).length;
    await pause(0.3);
    expect(of(0)).toHaveLength(before);
    const status = client.texts.findLast(({ type }) => type === "status");
    expect(status).toMatchObject({
      isSaving: true,
      viewers: 1,
      cameras: [
        {
          name: "cam1",
          camera: "synthetic:640x480@30",
          width: 640,
          height: 480,
          state: "running",
          isSaving: true,
        },
        { name: "cam2" },
      ],
    });
    expect(Object.keys(status.cameras[0].losses)).toEqual(["camera", "queue", "encoder", "disk"]);
    await until(() => client.texts.at(-1)?.cameras?.[0].diskHours > 0);
    server.tell({ track: "cam1", time: 1, kind: "lost", text: "it was unplugged" });
    await until(() => client.texts.some(({ event }) => event?.text === "it was unplugged"));
    expect(recording.tracks.every(({ counts }) => counts.written > 0)).toBe(true);
  });
});

test("H.264 over the WebSocket begins with a keyframe for everyone who comes, and decodes", async () => {
  await withRecording(["synthetic:640x480@30"], {}, async (_, server) => {
    const ask = { type: "subscribe", camera: "cam1", rate: 30, width: 320, video: true };
    const first = await new Client(server.port).say(ask);
    await until(() => first.pictures.length > 10);
    const second = await new Client(server.port).say(ask);
    await until(() => second.pictures.length > 10);
    for (const { socket } of [first, second]) socket.terminate();
    for (const [i, { pictures }] of [first, second].entries()) {
      expect(pictures[0]!.isKey).toBe(true);
      expect(pictures.every(({ kind }) => kind === "h264")).toBe(true);
      const path = join(folder, `seen${i}.h264`);
      writeFileSync(path, Buffer.concat(pictures.map(({ bytes }) => bytes)));
      await using video = await open(path);
      await using large = bend(video, resize({ factor: 2, method: "nearest" }));
      const painted: unknown[] = [];
      for await (const { image } of large.frames()) painted.push(readPaintedNumber(image));
      expect(painted).toEqual(pictures.map(({ number }) => number));
    }
  });
});

test("pictures come by plain HTTP, too: a stream of JPEGs, one of now, and a whole frame", async () => {
  await withRecording(["synthetic:640x480@30"], {}, async (_, server) => {
    const address = `http://127.0.0.1:${server.port}/cameras/cam1`;
    const parts = await new Promise<{ number: number; bytes: Buffer }[]>((resolve, reject) => {
      const found: { number: number; bytes: Buffer }[] = [];
      get(`${address}.mjpeg?rate=30&width=320`, (response) => {
        const [, boundary] = /boundary=(.+)$/.exec(response.headers["content-type"]!)!;
        let rest = Buffer.alloc(0);
        response.on("error", () => {});
        response.on("data", (piece: Buffer) => {
          rest = Buffer.concat([rest, piece]);
          for (;;) {
            const end = rest.indexOf("\r\n\r\n");
            const head = rest.subarray(0, Math.max(0, end)).toString();
            const [, length] = /Content-Length: (\d+)/.exec(head) ?? [];
            if (length === undefined || rest.length < end + 4 + Number(length)) return;
            expect(head.startsWith(`--${boundary}\r\nContent-Type: image/jpeg`)).toBe(true);
            const bytes = rest.subarray(end + 4, end + 4 + Number(length));
            found.push({ number: Number(/X-Frame-Number: (\d+)/.exec(head)![1]), bytes });
            rest = rest.subarray(end + 4 + Number(length) + 2);
            if (found.length < 10) continue;
            response.destroy();
            resolve(found);
            return;
          }
        });
      }).on("error", reject);
    });
    expect(rising(parts.map(({ number }) => number))).toBe(true);
    for (const { number, bytes } of parts) expect(await paintedIn(bytes)).toBe(number);
    const now = await fetch(`${address}.jpg?width=320`);
    const bytes = new Uint8Array(await now.arrayBuffer());
    expect([now.status, now.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
    expect(await paintedIn(bytes)).toBe(Number(now.headers.get("x-frame-number")));
    const whole = await fetch(`${address}.png`);
    writeFileSync(join(folder, "whole.png"), new Uint8Array(await whole.arrayBuffer()));
    await using opened = await open(join(folder, "whole.png"));
    expect([opened.info.width, opened.info.height]).toEqual([640, 480]);
    expect(readPaintedNumber((await opened.frame({ index: 0 })).image)).toBeGreaterThan(parts.at(-1)!.number);
  });
});

test("saving is begun and ended, and rows are kept, from outside", async () => {
  const more = { armed: true, pattern: "{name}-{count}" };
  await withRecording(
    ["synthetic:96x64@50", "synthetic:96x64@50"],
    more,
    async (recording, server, directory) => {
      const post = async (path: string, body: object) => {
        const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
          method: "POST",
          headers: { "Content-Type": "application/json", Authorization: `Bearer ${server.token}` },
          body: JSON.stringify(body),
        });
        const answer = (await response.json()) as {
          ok: boolean;
          onset?: number;
          frames?: { number: number }[];
        };
        return { status: response.status, ...answer };
      };
      expect(await post("/extra", { early: true })).toMatchObject({
        status: 409,
        error: { code: "NOT_SAVING" },
      });
      const begun = await post("/begin", {});
      expect(begun).toMatchObject({ status: 200, ok: true, isSaving: true });
      expect(begun.onset).toBe(recording.onset);
      await until(() => recording.tracks.every(({ counts }) => counts.written > 10));
      const kept = await post("/extra", { odor: "on" });
      expect(kept).toMatchObject({ status: 200, ok: true, frames: [{ camera: "cam1" }, { camera: "cam2" }] });
      expect(await post("/extra?camera=cam2", { only: 2 })).toMatchObject({ frames: [{ camera: "cam2" }] });
      expect(await post("/end", {})).toMatchObject({ ok: true, isSaving: false });
      await until(() => recording.tracks.every(({ saved }) => saved.length === 1));
      const found: Record<string, unknown>[][] = [];
      for (const name of ["cam1-1", "cam2-1"]) {
        await using store = await openStore(join(directory, name));
        const rows: Record<string, unknown>[] = [];
        for await (const row of store.extraRows()) rows.push(row);
        found.push(rows);
      }
      expect(found.map((rows) => rows.map(({ odor, only }) => odor ?? only))).toEqual([["on"], ["on", 2]]);
      expect(found.map(([row]) => row!.frame_number)).toEqual(kept.frames!.map(({ number }) => number));
      await post("/begin", {});
      await until(() => recording.isSaving);
      expect(await post("/stop", {})).toMatchObject({ ok: true });
      await recording.done;
      expect(await post("/begin", {})).toMatchObject({ status: 409, error: { code: "OVER" } });
    },
  );
});

test("one camera that many look at is asked once, for the most that anyone wants; everyone gets what they wanted", async () => {
  await withFake(async (live, server) => {
    const [track] = live.tracks;
    const subscribe = { type: "subscribe", camera: "cam1" };
    const slow = await new Client(server.port).say({ ...subscribe, rate: 5, width: 800 });
    const fast = await new Client(server.port).say({ ...subscribe, rate: 25, width: 320 });
    await until(() => track!.asked.at(-1) === "jpeg 25 800");
    for (let number = 0; number < 50; number++) {
      track!.give(number);
      await pause(0.04);
    }
    await until(() => fast.numbers().at(-1) === 49);
    expect(fast.pictures.length).toBeGreaterThan(40);
    expect(slow.pictures.length).toBeGreaterThan(5);
    expect(slow.pictures.length).toBeLessThan(fast.pictures.length / 2);
    fast.socket.close();
    await until(() => track!.asked.at(-1) === "jpeg 5 800");
    slow.socket.close();
    await until(() => track!.asked.at(-1) === "jpeg 0 0");
    expect(live.tracks[1]!.asked).toEqual([]);
    const shots = [1, 2, 3].map(() => fetch(`http://127.0.0.1:${server.port}/cameras/cam1.png`));
    expect((await Promise.all(shots)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(track!.snapshots).toBe(1);
  });
});

test("who is slow gets the newest picture and no queue of old ones; of H.264, what can be decoded", async () => {
  await withFake(async (live, server) => {
    const [one, two] = live.tracks;
    const client = await new Client(server.port).say(
      { type: "subscribe", camera: "cam1", rate: 60, width: 800 },
      { type: "subscribe", camera: "cam2", rate: 60, width: 800, video: true },
    );
    await until(() => one!.asked.length > 0 && two!.asked.length > 0);
    client.socket.pause();
    const asked = two!.asked.length;
    for (let number = 0; number < 300; number++) {
      one!.give(number, 300_000);
      two!.giveVideo(number, number === 0, 300_000);
      await pause(0.02);
    }
    // It asks for a keyframe when there is room again, and not before.
    expect(two!.asked.slice(asked)).toEqual([]);
    client.socket.resume();
    await until(() => client.pictures.some(({ camera, number }) => camera === 0 && number === 299));
    const [jpegs, videos] = [0, 1].map((camera) => client.pictures.filter((each) => each.camera === camera));
    expect(jpegs!.length).toBeLessThan(100);
    // Those in the buffers of the system, and then the newest.
    expect(rising(jpegs!.map(({ number }) => Number(number)))).toBe(true);
    const seen = videos!.map(({ number }) => number);
    expect(seen).toEqual([...seen.keys()]);
    two!.giveVideo(300, false);
    await until(() => two!.asked.length > asked);
    two!.giveVideo(301, false);
    two!.giveVideo(302, true);
    two!.giveVideo(303, false);
    await until(() => client.pictures.at(-1)?.number === 303);
    expect(client.pictures.filter(({ camera }) => camera === 1).map(({ number }) => number)).toEqual([
      ...seen,
      302,
      303,
    ]);
  });
});

test("a client that says what it has shown has two pictures on their way at most, whatever the buffers between take", async () => {
  await withFake(async (live, server) => {
    const [track] = live.tracks;
    const client = await new Client(server.port).say({
      ...{ type: "subscribe", camera: "cam1", rate: 60, width: 320, tells: true },
    });
    await until(() => track!.asked.length > 0);
    for (let number = 0; number < 20; number++) {
      track!.give(number);
      await pause(0.02);
    }
    await until(() => client.pictures.length === 2);
    await client.say({ type: "shown", camera: "cam1" });
    await until(() => client.pictures.length === 3);
    expect(client.numbers()).toEqual([0, 1, 19]);
  });
});

test("numbers of 64 bits, and frames without one, come through", async () => {
  await withFake(async (live, server) => {
    const client = await new Client(server.port).say({ type: "subscribe", camera: "cam1", rate: 60 });
    await until(() => live.tracks[0]!.asked.length > 0);
    const numbers = [2n ** 60n, -5, Number.NaN];
    for (const number of numbers) {
      live.tracks[0]!.give(number);
      await pause(0.05);
    }
    await until(() => client.pictures.length === 3);
    expect(client.pictures.map(({ number }) => number)).toEqual(numbers);
    expect(client.pictures.map(({ time }) => time)).toEqual([1000.5, 1000.5, 1000.5]);
  });
});

test("viewers who never read have no effect: no frame is lost, memory stays, and there is no room for endless ones", async () => {
  await withRecording(["synthetic:640x480@50"], { seconds: 6 }, async (recording, server) => {
    const dead = Array.from({ length: 40 }, (_, i) => {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => {});
      const request =
        i % 2 === 0
          ? "GET /cameras/cam1.mjpeg?rate=60&width=640 HTTP/1.1\r\nHost: localhost\r\n\r\n"
          : "GET /live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
      socket.write(request);
      if (i % 2 === 1) socket.write(maskedText('{"type":"subscribe","camera":"cam1","rate":60,"width":640}'));
      return socket.pause();
    });
    const alive = await new Client(server.port).say({
      type: "subscribe",
      camera: "cam1",
      rate: 30,
      width: 640,
    });
    await until(() => alive.pictures.length > 20);
    const before = process.memoryUsage().rss;
    await recording.done;
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
    const { written, dropped, losses } = recording.tracks[0]!.counts;
    expect([dropped, losses.queue, losses.encoder, losses.disk]).toEqual([0, 0, 0, 0]);
    expect(written).toBeGreaterThan(200);
    expect(rising(alive.numbers())).toBe(true);
    const more = Array.from({ length: 30 }, () => new WebSocket(`ws://127.0.0.1:${server.port}/live`));
    const refused: string[] = [];
    for (const socket of more) socket.on("error", (error) => refused.push(error.message));
    await until(() => more.every(({ readyState }) => readyState !== WebSocket.CONNECTING));
    // 40 dead ones, one that lives, and 23 more.
    expect(refused).toEqual(Array(7).fill("Unexpected server response: 503"));
    for (const socket of [...dead, ...more]) "terminate" in socket ? socket.terminate() : socket.destroy();
  });
});

/** A text frame as clients send it; the mask is zero. */
function maskedText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

test("an address that is taken, and options out of range, are told", async () => {
  const live = new FakeRecording();
  await using server = await serveLive(live);
  await expect(serveLive(live, { port: server.port })).rejects.toMatchObject({
    code: "LISTEN",
    message: expect.stringContaining(`127.0.0.1:${server.port}: `),
  });
  await expect(serveLive(live, { port: 70_000 })).rejects.toThrow(RangeError);
  await expect(serveLive(live, { token: "short" })).rejects.toThrow(RangeError);
  expect(server.url).toBe(`http://127.0.0.1:${server.port}/?token=${server.token}`);
});
