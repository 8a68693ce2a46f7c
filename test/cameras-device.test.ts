import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { applySettings, controlName, describeControl, listControls } from "../src/cameras/device/controls.js";
import { findDevices, resolveDevice } from "../src/cameras/device/find-devices.js";
import { chooseMode, type DeviceMode } from "../src/cameras/device/modes.js";
import { findPixelFormat, infoOf, pixelFormats } from "../src/cameras/device/pixel-format.js";
import { pictureOf } from "../src/cameras/device/sent-picture.js";
import { Sequence } from "../src/cameras/device/sequence.js";
import type { Struct } from "../src/cameras/device/struct.js";
import { V4l2Device } from "../src/cameras/device/v4l2-device.js";
import * as layout from "../src/cameras/device/v4l2-layout.js";
import { type RawFrame, V4l2Stream } from "../src/cameras/device/v4l2-stream.js";
import { device } from "../src/cameras/device.js";
import type { CameraOptions } from "../src/capture/camera.js";
import { toColor } from "../src/core/color.js";
import { CameraError } from "../src/core/errors.js";
import type { Image } from "../src/core/image.js";
import { jpeg } from "../src/images/jpeg.js";
import { type FakeControl, type FakeFrame, type FakeSetup, fakeKernel } from "./fixtures/fake-kernel.js";

const folder = mkdtempSync(join(tmpdir(), "marey-device-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Compiled {
  readonly structs: Record<string, { size: number; fields: Record<string, [at: number, bytes: number]> }>;
  readonly requests: Record<string, number>;
  readonly constants: Record<string, number>;
  readonly fourccs: Record<string, number>;
  readonly bytes: Record<string, string>;
}

const fixture = fileURLToPath(new URL("fixtures/v4l2-layout.json", import.meta.url));
const compiled: Compiled = JSON.parse(readFileSync(fixture, "utf8"));

describe("the structures of <linux/videodev2.h>", () => {
  const header = "/usr/include/linux/videodev2.h";
  const canCompile =
    existsSync(header) && existsSync("/usr/bin/gcc") && ["x64", "arm64"].includes(process.arch);
  const why = canCompile ? "" : ` (not run: it needs gcc, ${header} and 64 bits)`;
  test.skipIf(!canCompile)(`this machine's compiler says what was kept of it${why}`, () => {
    const source = fileURLToPath(new URL("peers/v4l2_layout.c", import.meta.url));
    const program = join(folder, "v4l2_layout");
    execFileSync("gcc", [source, "-o", program]);
    expect(JSON.parse(execFileSync(program, { encoding: "utf8" }))).toEqual(compiled);
  });

  const ours: Readonly<Record<string, unknown>> = { ...layout };

  test("are laid out as the compiler has them, every field and size", () => {
    for (const [name, { size, fields }] of Object.entries(compiled.structs)) {
      const struct = ours[name] as Struct<string>;
      expect([name, struct.size]).toEqual([name, size]);
      const bytesOf = { i16: 2, u32: 4, i32: 4, i64: 8, u64: 8 };
      const found = Object.entries(struct.fields).map(([field, { at, kind, bytes }]) => [
        field,
        [at, kind === "text" ? bytes : bytesOf[kind]],
      ]);
      expect(Object.fromEntries(found)).toEqual(fields);
    }
  });

  test("requests, flags and pixel formats have the numbers of the headers", () => {
    expect(layout.requests).toEqual(compiled.requests);
    const { videoCapture, memoryMmap, streamCapTimePerFrame, capabilityFlag, bufferFlag } = layout;
    expect({ videoCapture, memoryMmap, streamCapTimePerFrame, ...capabilityFlag, ...bufferFlag }).toEqual(
      compiled.constants,
    );
    for (const [name, code] of Object.entries(compiled.fourccs)) {
      expect([name, layout.fourccOf(name)]).toEqual([name, code]);
      expect(layout.fourccText(code).replace(/ +(?=$|-)/, "")).toBe(name);
      expect(findPixelFormat(layout.fourccText(code))?.name).toBe(name);
    }
    const named = new Set([...Object.keys(compiled.fourccs), "Y12P", "YV12"]);
    expect(pixelFormats.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
  });

  test("recorded structures say what was put into them, and the same bytes are made of it", () => {
    const bytes = (name: string): Buffer => Buffer.from(compiled.bytes[name]!, "hex");
    const { buffer, format, queryExtCtrl, capability } = layout;
    const buffers = {
      index: 3,
      type: 1,
      bytesused: 614_400,
      flags: 0x1_2005,
      field: 1,
      tv_sec: 5_000_000_000,
      tv_usec: 999_999,
    };
    const more = { sequence: 4_294_967_290, memory: 1, offset: 1_843_200, length: 614_400 };
    expect(buffer.create({ ...buffers, ...more }).toString("hex")).toBe(compiled.bytes.buffer);
    for (const [name, value] of Object.entries({ ...buffers, ...more })) {
      expect(buffer.get(bytes("buffer"), name as "index")).toBe(value);
    }
    const shape = { type: 1, width: 1280, height: 1024, pixelformat: layout.fourccOf("Y16"), field: 1 };
    const made = format.create({ ...shape, bytesperline: 2560, sizeimage: 2_621_440 });
    expect(made.toString("hex")).toBe(compiled.bytes.format);
    const control = bytes("queryExtCtrl");
    expect(queryExtCtrl.text(control, "name")).toBe("Exposure Time, Absolute");
    const names = ["minimum", "maximum", "step", "default_value", "flags", "elems"] as const;
    expect(names.map((name) => queryExtCtrl.get(control, name))).toEqual([-5, 10_000, 3, 157, 16, 1]);
    expect(capability.text(bytes("capability"), "driver")).toBe("uvcvideo");
    expect(capability.text(bytes("capability"), "card")).toBe("x".repeat(32));
  });
});

describe("pixels", () => {
  const read = (
    name: string,
    bytes: number[],
    width: number,
    height: number,
    stride: number,
    color: "gray" | "own" = "own",
  ): Image => {
    const format = findPixelFormat(name)!;
    const geometry = { width, height, stride };
    expect(bytes.length).toBeGreaterThanOrEqual(format.frameBytes(geometry));
    const image = format.unpack(Uint8Array.from(bytes), geometry, color);
    const { data: _, ...info } = image;
    expect(infoOf(format, geometry, color)).toEqual(info);
    return image;
  };

  test("of 8 bits come without what stands between rows, gray or a mosaic", () => {
    expect([...read("GREY", [1, 2, 9, 9, 3, 4], 2, 2, 4).data]).toEqual([1, 2, 3, 4]);
    const mosaic = read("BA81", [1, 2, 3, 4], 2, 2, 2);
    expect([mosaic.color, [...mosaic.data]]).toEqual(["bayer-bg", [1, 2, 3, 4]]);
  });

  test("of 10 to 16 bits keep their depth, in either order of bytes, packed or not", () => {
    expect(read("Y10", [0xff, 0x03, 1, 0], 2, 1, 4)).toMatchObject({
      bits: 10,
      dtype: "uint16",
      data: new Uint16Array([1023, 1]),
    });
    expect([...read("Y16", [0x34, 0x12, 9, 9, 1, 0], 1, 2, 4).data]).toEqual([0x1234, 1]);
    expect([...read("Y16-BE", [0x12, 0x34], 1, 1, 2).data]).toEqual([0x1234]);
    // By the tables of the kernel's documentation: high bits of each sample, then the low ones together.
    const low = 0b11_10_01_00;
    expect([...read("Y10P", [1, 2, 3, 255, low], 4, 1, 5).data]).toEqual([4, 9, 14, 1023]);
    expect([...read("pRAA", [1, 2, 0, 0, low, 0, 3, 255, 0, 0, low, 0], 2, 2, 6).data]).toEqual([
      4, 9, 12, 1021,
    ]);
    expect(read("pgCC", [0x12, 0xff, 0xa3], 2, 1, 3)).toMatchObject({
      ...{ bits: 12, color: "bayer-gr", data: new Uint16Array([0x123, 0xffa]) },
    });
  });

  test("of shared chroma: white, black and gray are that in every order, the luma is untouched", () => {
    const orders = {
      YUYV: [0, 2, 1, 3],
      UYVY: [1, 3, 0, 2],
      YVYU: [0, 2, 3, 1],
      VYUY: [1, 3, 2, 0],
    } as const;
    for (const [name, [y0, y1, u, v]] of Object.entries(orders)) {
      const pair: number[] = [];
      [pair[y0], pair[y1], pair[u], pair[v]] = [235, 16, 128, 128];
      expect([...read(name, pair, 2, 1, 4).data]).toEqual([255, 255, 255, 0, 0, 0]);
      expect([...read(name, [...pair, 7, 7, ...pair], 2, 2, 6, "gray").data]).toEqual([235, 16, 235, 16]);
      // Red in BT.601: Y 81, U 90, V 240.
      [pair[y0], pair[y1], pair[u], pair[v]] = [81, 81, 90, 240];
      const [blue, green, red] = read(name, pair, 2, 1, 4).data as Uint8Array;
      expect(red! > 250 && green! < 5 && blue! < 5).toBe(true);
    }
  });

  test("of planes: red is red whichever chroma comes first, with gaps between rows and without", () => {
    const luma = (stride: number): number[] =>
      Array.from({ length: stride * 2 }, (_, at) => (at % stride < 4 ? 81 : 7));
    const planes: Record<string, (stride: number) => number[]> = {
      NV12: (stride) => [90, 240, 90, 240, ...Array(stride - 4).fill(7)],
      NV21: (stride) => [240, 90, 240, 90, ...Array(stride - 4).fill(7)],
      YU12: (stride) => [
        ...[90, 90, ...Array(stride / 2 - 2).fill(7)],
        ...[240, 240, ...Array(stride / 2 - 2).fill(7)],
      ],
      YV12: (stride) => [
        ...[240, 240, ...Array(stride / 2 - 2).fill(7)],
        ...[90, 90, ...Array(stride / 2 - 2).fill(7)],
      ],
    };
    for (const [name, chroma] of Object.entries(planes)) {
      for (const stride of [4, 8]) {
        const { data } = read(name, [...luma(stride), ...chroma(stride)], 4, 2, stride);
        for (let at = 0; at < data.length; at += 3) {
          expect([name, data[at]! < 5, data[at + 1]! < 5, data[at + 2]! > 250]).toEqual([
            name,
            true,
            true,
            true,
          ]);
        }
        expect([...read(name, [...luma(stride), ...chroma(stride)], 4, 2, stride, "gray").data]).toEqual(
          Array(8).fill(81),
        );
      }
    }
  });

  test("of three bytes become bgr", () => {
    expect([...read("RGB3", [1, 2, 3, 0, 4, 5, 6], 1, 2, 4).data]).toEqual([3, 2, 1, 6, 5, 4]);
    expect([...read("BGR3", [1, 2, 3], 1, 1, 3).data]).toEqual([1, 2, 3]);
  });
});

describe("of all modes", () => {
  const mode = (pixelFormat: string, width: number, height: number, ...rates: number[]): DeviceMode => ({
    pixelFormat,
    width,
    height,
    rates,
  });
  const webcam = [
    ...[mode("YUYV", 640, 480, 30, 15), mode("YUYV", 1920, 1080, 5), mode("MJPG", 640, 480, 60, 30)],
    ...[mode("MJPG", 1920, 1080, 30), mode("H264", 1920, 1080, 30)],
  ];
  const now = { width: 640, height: 480 };
  const choose = (modes: readonly DeviceMode[], asked: CameraOptions): string => {
    const chosen = chooseMode(modes, asked, now);
    if (typeof chosen === "string") return chosen;
    const { format, width, height, rate, color } = chosen;
    return `${format.name} ${width}x${height}${rate === undefined ? "" : `@${rate}`} ${color}`;
  };

  test("the cheapest that is near enough is taken", () => {
    expect(choose(webcam, {})).toBe("YUYV 640x480 own");
    expect(choose(webcam, { color: "gray" })).toBe("YUYV 640x480 gray");
    expect(choose(webcam, { width: 1900, height: 1000 })).toBe("YUYV 1920x1080 own");
    expect(choose(webcam, { width: 1920, height: 1080, rate: 30 })).toBe("MJPG 1920x1080@30 own");
    expect(choose(webcam, { rate: 25 })).toBe("YUYV 640x480@30 own");
    expect(choose(webcam, { pixelFormat: "MJPG", rate: 100 })).toBe("MJPG 640x480@60 own");
  });

  test("colour and depth go before size", () => {
    const lab = [
      mode("GREY", 640, 480, 100),
      mode("Y12", 640, 480, 50),
      mode("Y10", 640, 480, 80),
      mode("RGGB", 640, 480),
      mode("RG12", 320, 240),
    ];
    expect(choose(lab, {})).toBe("GREY 640x480 own");
    expect(choose(lab, { dtype: "uint16" })).toBe("Y12 640x480 own");
    expect(choose(lab, { color: "bayer-rg" })).toBe("RGGB 640x480 own");
    expect(choose(lab, { color: "bayer-rg", dtype: "uint16" })).toBe("RG12 320x240 own");
    expect(choose(lab, { color: "bgr" })).toMatch(
      /does not give bgr \(it has: GREY, Y12, .*colours: gray, bayer-rg/,
    );
    expect(choose([mode("H264", 640, 480)], {})).toMatch(
      /none of its pixel formats is read here \(it has: H264\)/,
    );
  });

  test("sizes between limits are kept to their steps", () => {
    const range = {
      minWidth: 32,
      maxWidth: 2048,
      stepWidth: 16,
      minHeight: 2,
      maxHeight: 1536,
      stepHeight: 2,
    };
    const free: DeviceMode = { ...mode("GREY", 2048, 1536, 100), range, slowest: 1 };
    expect(choose([free], { width: 700, height: 333, rate: 33.3 })).toBe("GREY 704x334@33.3 own");
    expect(choose([free], { width: 1, height: 9999, rate: 0.1 })).toBe("GREY 32x1536@1 own");
  });
});

test("a count of 32 bits goes on when it starts over, and one that stands still is not a count", () => {
  const sequence = new Sequence();
  const counts = [0xffff_fffe, 0xffff_ffff, 0, 3, 2, 3];
  expect(counts.map((count) => sequence.next(count) - 0xffff_fffe)).toEqual([0, 1, 2, 5, 6, 7]);
  expect(sequence.isStuck).toBe(false);
  const stuck = new Sequence();
  expect([0, 0, 0, 0].map((count) => stuck.next(count))).toEqual([0, 1, 2, 3]);
  expect(stuck.isStuck).toBe(true);
  // One count too many hides no gap that comes later.
  const hasty = new Sequence();
  expect([5, 5, 6, 7, 19, 20].map((count) => hasty.next(count))).toEqual([5, 6, 7, 8, 19, 20]);
  expect(hasty.isStuck).toBe(false);
});

/** Takes what a driver gives until it is lost, or so many frames have come. */
function capture(setup: FakeSetup, options: CameraOptions = {}, most = Number.POSITIVE_INFINITY) {
  const kernel = fakeKernel({ "/dev/video0": setup });
  const opened = new V4l2Device(kernel, "/dev/video0");
  const frames: RawFrame[] = [];
  let failure: unknown;
  let facts: V4l2Stream["facts"] | undefined;
  try {
    const stream = new V4l2Stream(opened, { timeout: 0.05, ...options });
    facts = stream.facts;
    const room = (): boolean => true;
    stream.run(
      (frame) => void frames.push(frame),
      room,
      () => frames.length >= most,
    );
  } catch (error) {
    failure = error;
  }
  opened.close();
  expect([kernel.mapped, kernel.open_.size]).toEqual([0, 0]);
  return { frames, failure, facts };
}

describe("a driver", () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, at) => at);
  const frame = (sequence: number, more: Partial<FakeFrame> = {}): FakeFrame => ({
    sequence,
    bytes,
    ...more,
  });

  test("frames that came damaged or short are not given, and their numbers are missing", () => {
    const frames = [
      ...[
        frame(0),
        frame(1, { flags: 0x40 }),
        frame(2, { used: 31 }),
        frame(3, { used: 0 }),
        frame(4),
        frame(7),
      ],
      ...[frame(8, { used: 4000 }), frame(9)],
    ];
    const { frames: given, failure } = capture({ frames });
    expect(given.map(({ number }) => number)).toEqual([0, 4, 7, 9]);
    expect(given.map(({ cameraTime }) => cameraTime)).toEqual([0, 0.16, 0.28, 0.36]);
    for (const each of given) expect([...each.bytes]).toEqual([...bytes]);
    expect(String(failure)).toMatch(/CameraError: camera \/dev\/video0: no frame for 0.05 s/);
  });

  test("its buffers go round, and every frame has memory of its own", () => {
    const frames = Array.from({ length: 200 }, (_, at) =>
      frame(at, { bytes: bytes.map((value) => value + at) }),
    );
    const { frames: given } = capture({ frames }, {}, 200);
    expect(given.map(({ number, bytes: [first] }) => [number, first])).toEqual(
      frames.map((_, at) => [at, at % 256]),
    );
    expect(new Set(given.map((each) => each.bytes.buffer)).size).toBe(200);
  });

  test("unplugged is unplugged", () => {
    const { frames, failure } = capture({ frames: [frame(0), frame(1)], after: constants.errno.ENODEV });
    expect(frames.length).toBe(2);
    expect(failure).toBeInstanceOf(CameraError);
    expect(String(failure)).toMatch(/it is gone \(unplugged\)/);
  });

  test("one that only fails is lost, too", () => {
    expect(String(capture({ frames: [frame(0)], after: constants.errno.EIO }).failure)).toMatch(
      /the driver says EIO/,
    );
  });

  test("clock and moment of its stamps are told by its flags; rows may have gaps", () => {
    const { facts } = capture({ timestampFlags: 0x1_2000, padding: 8, rates: [100, 50] }, { rate: 60 }, 0);
    expect(facts).toMatchObject({ clock: "monotonic", stamped: "start of exposure", rate: 50 });
    expect(facts!.geometry).toEqual({ width: 8, height: 4, stride: 16 });
    expect(capture({ timestampFlags: 0 }, {}, 0).facts).toMatchObject({
      clock: "camera",
      stamped: "end of frame",
    });
  });

  test("one that is in use, gives half pictures or nothing that is read here is refused with the reason", () => {
    expect(String(capture({ isBusy: true }).failure)).toMatch(/in use by another program/);
    expect(String(capture({ field: 7 }).failure)).toMatch(/fields of half the height/);
    expect(String(capture({ formats: ["H264"] }).failure)).toMatch(/it has: H264/);
    expect(String(capture({}, { settings: { gain: 1 } }).failure)).toMatch(
      /no setting "gain" \(known: none\)/,
    );
  });
});

describe("controls", () => {
  const list = (): FakeControl[] => {
    const auto: FakeControl = {
      ...{ id: 1, name: "Auto Exposure", type: 3, minimum: 0, maximum: 3, step: 1, usual: 3, now: 3 },
      menu: { 1: "Manual Mode", 3: "Aperture Priority Mode" },
    };
    return [
      auto,
      {
        ...{
          id: 2,
          name: "Exposure Time, Absolute",
          type: 1,
          minimum: 3,
          maximum: 2047,
          step: 4,
          usual: 255,
          now: 255,
        },
        isLocked: () => auto.now === 3,
      },
      { id: 3, name: "Sharpness", type: 1, minimum: -8, maximum: 8, step: 1, usual: 0, now: 2 },
      { id: 4, name: "LED1 Mode (new)", type: 2, minimum: 0, maximum: 1, step: 1, usual: 1, now: 1 },
      { id: 5, name: "Temperature", type: 1, minimum: 0, maximum: 100, step: 1, usual: 0, now: 41, flags: 4 },
      { id: 6, name: "Broken", type: 1, minimum: 0, maximum: 1, step: 1, usual: 0, now: 0, flags: 1 },
    ];
  };
  const opened = (controls: FakeControl[]): V4l2Device =>
    new V4l2Device(fakeKernel({ "/dev/video0": { controls } }), "/dev/video0");

  test("have names as v4l2-ctl writes them, and say what they may be", () => {
    expect(controlName("Exposure Time, Absolute")).toBe("exposure_time_absolute");
    expect(controlName("(Odd)  name--")).toBe("odd_name");
    const found = Object.fromEntries(
      listControls(opened(list())).map((each) => [each.name, describeControl(each)]),
    );
    expect(found).toEqual({
      auto_exposure:
        '1 "Manual Mode", 3 "Aperture Priority Mode", usually "Aperture Priority Mode", now "Aperture Priority Mode"',
      exposure_time_absolute: "3 … 2047, step 4, usually 255, now 255",
      sharpness: "-8 … 8, usually 0, now 2",
      led1_mode_new: "0 or 1, usually 1, now 1",
      temperature: "0 … 100, usually 0, now 41, read only",
    });
  });

  test("are set by name, in whatever order the driver wants them", () => {
    const controls = list();
    applySettings(opened(controls), {
      ...{ exposure_time_absolute: 7, auto_exposure: "manual mode", sharpness: "-3", led1_mode_new: false },
    });
    expect(controls.map(({ now }) => now)).toEqual([1, 7, -3, 0, 41, 0]);
  });

  test.each([
    [{ exposure_time_absolute: 8 }, /cannot be "8" \(3 … 2047, step 4/],
    [{ exposure_time_absolute: 7 }, /cannot set exposure_time_absolute to 7 .*: the driver says EACCES/],
    [{ auto_exposure: 2 }, /auto_exposure cannot be "2" \(1 "Manual Mode"/],
    [{ sharpness: 1.5 }, /sharpness cannot be "1.5"/],
    [{ sharpness: true }, /sharpness cannot be "true"/],
    [{ temperature: 3 }, /temperature can only be read/],
    [
      { broken: 1 },
      /no setting "broken" \(known: auto_exposure, exposure_time_absolute, sharpness, led1_mode_new\)/,
    ],
  ])("%j is refused with the reason", (settings, reason) => {
    expect(() => applySettings(opened(list()), settings)).toThrow(reason);
    expect(() => applySettings(opened(list()), settings)).toThrow(CameraError);
  });
});

describe("devices", () => {
  const dev = join(folder, "dev");
  const sys = join(folder, "sys");
  const usb = join(folder, "usb", "1-4");
  for (const node of ["video0", "video1", "video2"]) mkdirSync(join(sys, node), { recursive: true });
  mkdirSync(join(dev, "v4l/by-id"), { recursive: true });
  mkdirSync(join(usb, "1-4:1.0"), { recursive: true });
  for (const node of ["video0", "video2", "video10"]) writeFileSync(join(dev, node), "");
  symlinkSync("../../video2", join(dev, "v4l/by-id", "usb-Maker_Model_A1-video-index0"));
  symlinkSync(join(usb, "1-4:1.0"), join(sys, "video2", "device"));
  for (const [name, content] of Object.entries({
    idVendor: "046d\n",
    idProduct: "0825\n",
    serial: "A1 B/2\n",
  })) {
    writeFileSync(join(usb, name), content);
  }
  const kernel = fakeKernel({ [join(dev, "video0")]: {}, [join(dev, "video2")]: { name: "Webcam" } });
  const roots = { dev, sys };

  test("are listed by serial number where they have one, in the order of their numbers", async () => {
    const found = await findDevices(kernel, roots);
    expect(found.map(({ address }) => address)).toEqual(["video0", "046d-0825-A1_B_2"]);
    expect(found[1]!.title).toBe(`Webcam (${join(dev, "video2")})`);
    expect(found[1]!.modes).toEqual([{ width: 8, height: 4, pixelFormat: "GREY", rates: [25] }]);
  });

  test.each(["046d-0825-A1_B_2", "2", "video2", "usb-Maker_Model_A1-video-index0", join(dev, "video2")])(
    "%s is the one that is meant",
    async (address) => {
      expect((await resolveDevice(address, kernel, roots)).path).toBe(join(dev, "video2"));
    },
  );

  test("nothing is the first, and what is not there is told from what is", async () => {
    expect((await resolveDevice("", kernel, roots)).path).toBe(join(dev, "video0"));
    const missing = resolveDevice("7", kernel, roots);
    await expect(missing).rejects.toThrow(/no such camera \(there is: video0, 046d-0825-A1_B_2 \(video2\)\)/);
    await expect(resolveDevice("", kernel, { dev: join(folder, "nowhere") })).rejects.toThrow(
      /there is none/,
    );
  });
});

describe("a frame that is a JPEG", async () => {
  const shape = { width: 64, height: 48, channels: 3, dtype: "uint8", color: "bgr" } as const;
  const data = new Uint8Array(64 * 48 * 3).map((_, at) => ((at * 7) % 251) >> 1);
  const coded = Uint8Array.from(await jpeg.encode({ ...shape, data }, { quality: 100 }));
  const decoded = await jpeg.decode(coded, "test");

  /** As webcams send it: without the tables that all of them share. */
  function withoutTables(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const kept: number[] = [0xff, 0xd8];
    for (let at = 2; at < bytes.length; ) {
      const length = 2 + bytes[at + 2]! * 256 + bytes[at + 3]!;
      if (bytes[at + 1] === 0xda) return Uint8Array.from([...kept, ...bytes.subarray(at)]);
      if (bytes[at + 1] !== 0xc4) kept.push(...bytes.subarray(at, at + length));
      at += length;
    }
    throw new Error("no scan");
  }

  test("is decoded, without tables of its own and with more behind it, too", async () => {
    const bare = withoutTables(coded);
    expect(bare.length).toBeLessThan(coded.length - 300);
    for (const bytes of [coded, bare, Uint8Array.from([...bare, ...new Array(500).fill(0)])]) {
      expect(await pictureOf({ coded: bytes }, shape)).toEqual(decoded);
    }
    const gray = await pictureOf({ coded: bare }, { ...shape, channels: 1, color: "gray" });
    expect(gray).toEqual(toColor(decoded, "gray"));
  });

  test("and damaged or of another size is lost, not half a picture", async () => {
    for (let length = 4; length < coded.length - 4; length += 97) {
      expect(await pictureOf({ coded: coded.slice(0, length) }, shape)).toBeUndefined();
    }
    expect(await pictureOf({ coded }, { ...shape, width: 65 })).toBeUndefined();
    expect(await pictureOf({ coded: new Uint8Array(1000) }, shape)).toBeUndefined();
  });
});

test.skipIf(process.platform !== "linux")(
  "this machine is asked in a thread; what is no camera is told by name",
  async () => {
    for (const { address, title } of await device.list()) expect([address, title]).not.toContain("");
    const failure = await device.open("/dev/null").catch((error) => error);
    expect(failure).toBeInstanceOf(CameraError);
    expect(failure.message).toMatch(/camera device:\/dev\/null: no such camera \(there is/);
  },
);
