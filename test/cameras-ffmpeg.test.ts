import { expect, test } from "vitest";
import { ffmpegCameras, type InputDevice, inputDevices } from "../src/cameras/device/ffmpeg-cameras.js";
import type { CameraFrame } from "../src/capture/camera.js";
import { CameraError } from "../src/core/errors.js";
import { testCamera } from "./contracts/camera.js";

/** FFmpeg's pictures made of arithmetic stand in for a camera of macOS or Windows. */
const standIn: InputDevice = {
  name: "lavfi",
  urlOf: (camera) => camera,
  list: async () => [
    { name: "testsrc2=size=64x48:rate=100", title: "Test", isDefault: false },
    { name: "color=red:size=64x48:rate=50,format=yuv420p", title: "Red", isDefault: true },
  ],
  optionsOf: () => ({}),
};
const cameras = { scheme: "device", ...ffmpegCameras(standIn) };

testCamera({
  driver: cameras,
  address: "testsrc2=size=64x48:rate=100",
  frames: 60,
  nonsense: "no_such_filter",
  advice: /cannot be opened: .* \(there is: testsrc2=size=64x48:rate=100, color=red/,
});

test("frames are numbered as they come, their clock is the device's, and a film that ends is the end", async () => {
  await using camera = await cameras.open("testsrc2=size=64x48:rate=100:duration=1", { color: "gray" });
  expect(camera.info).toEqual({ width: 64, height: 48, channels: 1, dtype: "uint8", color: "gray" });
  const frames: CameraFrame[] = [];
  for await (const frame of camera) frames.push(frame);
  expect(frames.map(({ number }) => number)).toEqual(Array.from({ length: 100 }, (_, at) => at));
  for (const [at, { cameraTime }] of frames.entries()) expect(cameraTime).toBeCloseTo(at / 100, 6);
  expect([camera.rate, camera.counts]).toEqual([100, undefined]);
});

test("nothing is the usual one", async () => {
  await using camera = await cameras.open("");
  for await (const { image } of camera) {
    const [blue, green, red] = image.data as Uint8Array;
    expect(blue! < 5 && green! < 5 && red! > 250).toBe(true);
    break;
  }
});

test("what this build of FFmpeg does not have is said by name", async () => {
  for (const { name } of Object.values(inputDevices)) {
    const driver = ffmpegCameras({ ...standIn, name: `${name}_of_another_system` });
    const failure = await driver.open("0").catch((error) => error);
    expect(failure).toBeInstanceOf(CameraError);
    expect(failure.message).toMatch(new RegExp(`FFmpeg has no input device "${name}_of`));
  }
  expect(inputDevices.darwin!.urlOf("FaceTime")).toBe("FaceTime:none");
  expect(inputDevices.win32!.urlOf("Cam")).toBe("video=Cam");
  const options = { width: 640, height: 480, rate: 30, pixelFormat: "uyvy422" };
  expect(inputDevices.darwin!.optionsOf(options)).toEqual({
    ...{ video_size: "640x480", framerate: "30", pixel_format: "uyvy422" },
  });
});
