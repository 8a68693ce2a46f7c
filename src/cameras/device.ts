import type { Camera, CameraDriver, CameraListing, CameraOptions } from "../capture/camera.js";
import { CameraError } from "../core/errors.js";

/**
 * Cameras that the system itself knows: on Linux everything with a node in /dev, through V4L2, by Marey's own hand; on
 * macOS (AVFoundation) and Windows (DirectShow) through FFmpeg.
 *
 * On Linux `device:` takes a path ("/dev/video0"), a number, a name in /dev/v4l, or the id that is listed; nothing is the
 * first camera. Frames are numbered by the driver, which counts those that are lost, too; `cameraTime` is when the driver
 * stamped them, in seconds of the machine's monotonic clock, as most do. `settings` are the driver's controls by name, as
 * v4l2-ctl writes them: `{ exposure_time_absolute: 157, auto_exposure: "Manual Mode" }`.
 *
 * Gray, deep gray and Bayer mosaics come as they are; YUYV, NV12 and their like become bgr (BT.601, as OpenCV has it) or,
 * with `color: "gray"`, their luma as it is; MJPG is decoded. A frame that is damaged or cut short is never given.
 */
export const device: CameraDriver = {
  scheme: "device",
  list: async (): Promise<CameraListing[]> => (await systemDriver()).list(),
  open: async (address: string, options?: CameraOptions): Promise<Camera> =>
    (await systemDriver(address)).open(address, options),
};

async function systemDriver(address = ""): Promise<Pick<CameraDriver, "list" | "open">> {
  const { platform } = process;
  if (platform === "linux") return (await import("./device/linux-cameras.js")).linuxCameras;
  const { ffmpegCameras, inputDevices } = await import("./device/ffmpeg-cameras.js");
  const input = inputDevices[platform];
  if (input) return ffmpegCameras(input);
  throw new CameraError(`device:${address}`, `there is no driver for cameras of ${platform}`);
}
