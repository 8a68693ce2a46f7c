import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStreamAddress } from "../src/cameras/stream/address.js";
import { backOff } from "../src/cameras/stream/back-off.js";
import { FrameCount } from "../src/cameras/stream/frame-count.js";
import { PacketQueue } from "../src/cameras/stream/packet-queue.js";
import { ShownOrder } from "../src/cameras/stream/shown-order.js";
import { withoutSecrets } from "../src/capture/without-secrets.js";
import { AccessUnits } from "../src/video/live/access-units.js";
import { encodeMessage, MessageReader, type WireMessage } from "../src/video/live/wire.js";
import { describeAccessUnit, nalUnits } from "../src/video/nal-units.js";

describe("an address", () => {
  test.each([
    ["rtsp://admin:geheim@10.0.0.1/h264", "rtsp://10.0.0.1/h264"],
    ["rtsp://admin:ge@heim@10.0.0.1:554/a?b=1", "rtsp://10.0.0.1:554/a?b=1"],
    [
      "rtsp://10.0.0.1/user=admin&password=geheim&channel=1",
      "rtsp://10.0.0.1/user=***&password=***&channel=1",
    ],
    [
      "http://10.0.0.1/video?pwd=geheim&x=1&access_token=geheim",
      "http://10.0.0.1/video?pwd=***&x=1&access_token=***",
    ],
    ["srt://10.0.0.1:9000?passphrase=geheim&mode=caller", "srt://10.0.0.1:9000?passphrase=***&mode=caller"],
    [
      "rtsp://10.0.0.1/cam/realmonitor?channel=1&subtype=0",
      "rtsp://10.0.0.1/cam/realmonitor?channel=1&subtype=0",
    ],
    ["rtsp://[fe80::1]:554/a", "rtsp://[fe80::1]:554/a"],
  ])("%s is shown as %s", (address, id) => {
    expect(parseStreamAddress(address)).toMatchObject({ url: address, id });
    expect(withoutSecrets(id)).toBe(id);
  });
});

describe("the count of a stream's frames", () => {
  test("follows the stamps where something is lost, arrival after a break, and nothing else", () => {
    const count = new FrameCount();
    const next = (pts: number, arrived: number, leftOut = 0) => count.next({ pts, arrived, leftOut }).number;
    for (let k = 0; k < 20; k++) expect(next(k * 0.04, 100 + k * 0.04)).toBe(k);
    expect(count.rate).toBeCloseTo(25, 6);
    // A camera that takes a rest has lost nothing.
    expect(next(2, 102)).toBe(20);
    count.lose();
    expect(next(2.2, 102.2)).toBe(25);
    expect(next(2.4, 102.24, 4)).toBe(30);
    // Known to be lost, though no time has passed for it.
    count.break();
    const soon = count.next({ pts: 7, arrived: 102.25, leftOut: 0 });
    expect(soon.number).toBe(32);
    expect(soon.cameraTime).toBeCloseTo(2.41, 9);
    count.break();
    const again = count.next({ pts: 0, arrived: 104.25, leftOut: 0 });
    expect(again.number).toBe(82);
    expect(again.cameraTime).toBeCloseTo(4.41, 9);
    // The camera sets its clock: an hour is no step, and no loss.
    const set = count.next({ pts: 3600.04, arrived: 104.29, leftOut: 0 });
    expect(set.number).toBe(83);
    expect(set.cameraTime).toBeCloseTo(4.45, 9);
  });

  test("without stamps counts as frames come", () => {
    const count = new FrameCount();
    for (let k = 0; k < 60; k++) {
      const { number, cameraTime } = count.next({ pts: Number.NaN, arrived: k / 30, leftOut: 0 });
      expect([number, cameraTime]).toEqual([k, Number.NaN]);
    }
    expect(count.rate).toBeCloseTo(30, 6);
    count.break();
    expect(count.next({ pts: Number.NaN, arrived: 59 / 30 + 2, leftOut: 0 }).number).toBe(59 + 60);
  });
});

test("numbers rise in the order in which frames are shown, and a frame that never comes out keeps its own", () => {
  const order = new ShownOrder();
  // Decoded: I P B B; shown: I B B P; the second B is damaged.
  const frames = [0, 3, 1, 2, 6, 4, 5].map((shown, number) => ({ number, cameraTime: shown / 25 }));
  for (const frame of frames) order.add(frame);
  const shown = [...frames]
    .sort((a, b) => a.cameraTime - b.cameraTime)
    .filter(({ cameraTime }) => cameraTime !== 2 / 25);
  expect(shown.map((frame) => order.take(frame))).toEqual([0, 1, 3, 4, 5, 6]);
});

test("waits grow twofold up to their limit, and differ by chance", () => {
  const limits = { firstWait: 0.5, longestWait: 30 };
  expect([1, 2, 3, 7, 1000].map((attempt) => backOff(attempt, limits, 0))).toEqual([0.5, 1, 2, 30, 30]);
  expect(backOff(3, limits, 1)).toBe(1);
});

test("a full queue drops up to a keyframe for which there is room", async () => {
  const coded = {
    codec: "h264",
    width: 1,
    height: 1,
    pixelFormat: "gray",
    extradata: new Uint8Array(0),
  } as const;
  const queue = new PacketQueue(0.5);
  const offer = (number: number, isFresh = false): void => {
    queue.offer(
      { number, time: 0, arrived: number / 10, isKey: number % 10 === 0, data: new Uint8Array(9), coded },
      isFresh,
    );
  };
  for (let k = 0; k < 15; k++) offer(k);
  const got: number[] = [];
  for (let k = 0; k < 6; k++) got.push(Number((await queue.take())!.number));
  for (let k = 15; k < 25; k++) offer(k);
  expect(queue.dropped).toBe(9 + 5);
  queue.finish(new Error("gone"));
  for (let k = 0; k < 5; k++) got.push(Number((await queue.take())!.number));
  expect(got).toEqual([0, 1, 2, 3, 4, 5, 20, 21, 22, 23, 24]);
  await expect(queue.take()).rejects.toThrow("gone");
});

test("frames are put together of their pieces by their stamps, each with the time of its last", () => {
  const units = new AccessUnits();
  const piece = (pts: number, byte: number, arrived: number, isWhole = false) =>
    units.add({
      ...{
        codec: "h264" as const,
        data: Uint8Array.of(byte),
        pts,
        isKey: false,
        isDamaged: false,
        isWhole,
        arrived,
      },
      extradata: new Uint8Array(0),
    });
  expect(piece(0, 1, 10)).toEqual([]);
  expect(piece(0, 2, 11)).toEqual([]);
  expect(piece(Number.NaN, 3, 12)).toEqual([]);
  const [first, ...more] = piece(1, 4, 20);
  expect([Array.from(first!.data), first!.pts, first!.arrived, more.length]).toEqual([[1, 2, 3], 0, 12, 0]);
  units.damage();
  expect(piece(2, 5, 30, true).map(({ data, isDamaged }) => [data[0], isDamaged])).toEqual([
    [4, true],
    [5, false],
  ]);
  expect(units.finish()).toEqual([]);
});

test("units are found in byte streams and behind lengths, and parameter sets in both", () => {
  const sets = [0x67, 0x64, 1, 0x68, 0xee];
  const stream = Uint8Array.from([
    0,
    0,
    0,
    1,
    9,
    0xf0,
    0,
    0,
    1,
    ...sets.slice(0, 3),
    0,
    0,
    0,
    0,
    1,
    0x68,
    0xee,
    0,
    0,
    1,
    0x65,
    7,
  ]);
  expect(nalUnits("h264", stream).map(({ type, data }) => [type, ...data])).toEqual([
    [9, 9, 0xf0],
    [7, 0x67, 0x64, 1],
    [8, 0x68, 0xee],
    [5, 0x65, 7],
  ]);
  const found = describeAccessUnit("h264", stream);
  expect(found).toMatchObject({ hasPicture: true, isKey: true });
  expect(Array.from(found.parameterSets)).toEqual([0, 0, 0, 1, 0x67, 0x64, 1, 0, 0, 0, 1, 0x68, 0xee]);
  const lengths = Uint8Array.from([0, 3, 0x67, 0x64, 1, 0, 2, 0x41, 7, 0, 200, 0x65]);
  expect(nalUnits("h264", lengths, 2).map(({ type }) => type)).toEqual([7, 1, 5]);
  expect(describeAccessUnit("h264", lengths.subarray(0, 9), 2)).toMatchObject({
    hasPicture: true,
    isKey: false,
  });
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.option(fc.integer({ min: 1, max: 4 })),
      (bytes, prefix) => {
        const total = nalUnits("hevc", bytes, prefix ?? undefined).reduce(
          (sum, { data }) => sum + data.length,
          0,
        );
        expect(total).toBeLessThanOrEqual(bytes.length);
      },
    ),
  );
});

test("messages come through a pipe whole, wherever it cuts them", () => {
  const frame = {
    data: Uint8Array.of(1, 2, 3),
    pts: Number.NaN,
    arrived: 12.5,
    isKey: true,
    isDamaged: false,
  };
  const coded = {
    codec: "hevc",
    width: 8,
    height: 6,
    pixelFormat: "yuv420p",
    extradata: Uint8Array.of(0, 255),
  } as const;
  const messages: WireMessage[] = [
    { kind: "opened", container: "rtsp" },
    { kind: "waiting" },
    { kind: "coded", coded },
    { kind: "frame", frame, leftOut: 7 },
    { kind: "missed", packets: 3 },
    { kind: "failed", reason: "Connection refused" },
    { kind: "ended" },
  ];
  const bytes = Buffer.concat(messages.map(encodeMessage));
  for (const size of [1, 3, 7, 64, bytes.length]) {
    const reader = new MessageReader();
    const got: WireMessage[] = [];
    for (let at = 0; at < bytes.length; at += size) got.push(...reader.add(bytes.subarray(at, at + size)));
    expect(got.map(plain)).toEqual(messages.map(plain));
  }
  expect(() => [...new MessageReader().add(Buffer.alloc(8, 255))]).toThrow(/a message of 4294967295 bytes/);
});

/** A buffer and a typed array of the same bytes are the same here. */
function plain(message: WireMessage): unknown {
  if (message.kind !== "frame") return message;
  return { ...message, frame: { ...message.frame, data: Array.from(message.frame.data) } };
}
