import { parentPort, workerData } from "node:worker_threads";
import type { CameraOptions } from "../../capture/camera.js";
import { listControls } from "./controls.js";
import { type DeviceAnswer, type DeviceTask, Flag, mostWaiting } from "./device-talk.js";
import { findDevices, resolveDevice } from "./find-devices.js";
import { linuxKernel } from "./kernel.js";
import { infoOf } from "./pixel-format.js";
import { V4l2Device } from "./v4l2-device.js";
import { V4l2Stream } from "./v4l2-stream.js";

// A thread for one device: its driver may take its time without holding up anything else.

const port = parentPort!;
const send = (answer: DeviceAnswer, transfer: ArrayBuffer[] = []): void => port.postMessage(answer, transfer);

function fail(error: unknown, camera: string): void {
  const { camera: named = camera, message } = error as Error & { camera?: string };
  const prefix = `camera ${named}: `;
  send({ failed: message.startsWith(prefix) ? message.slice(prefix.length) : message, camera: named });
}

async function open(address: string, options: CameraOptions, shared: SharedArrayBuffer): Promise<void> {
  const flags = new Int32Array(shared);
  const { path, id } = await resolveDevice(address, linuxKernel());
  const device = new V4l2Device(linuxKernel(), path);
  try {
    const { card, driver, bus } = device.facts();
    const stream = new V4l2Stream(device, options);
    const { format, geometry, color, rate, clock, stamped } = stream.facts;
    const controls = listControls(device).map((each) => [each.name, each.now] as const);
    send({
      opened: {
        ...{ id, clock, info: infoOf(format, geometry, color), isCoded: format.isCoded === true },
        ...(rate !== undefined && { rate }),
        facts: {
          ...{ model: card, driver, bus, path, pixelFormat: format.name },
          ...{ width: geometry.width, height: geometry.height, ...(rate !== undefined && { rate }), stamped },
          controls: Object.fromEntries(controls.filter(([, now]) => now !== undefined)),
        },
      },
    });
    port.on("message", (word: "start" | "close") => {
      if (word === "close") {
        device.close();
        port.close();
        return;
      }
      try {
        stream.run(
          ({ bytes, ...stamp }) => {
            const isCoded = format.isCoded === true;
            const image = isCoded ? undefined : format.unpack(bytes, geometry, color);
            Atomics.add(flags, Flag.waiting, 1);
            if (image) send({ frame: { ...stamp, image } }, [image.data.buffer as ArrayBuffer]);
            else send({ frame: { ...stamp, coded: bytes } }, [bytes.buffer]);
          },
          () => Atomics.load(flags, Flag.waiting) < mostWaiting,
          () => Atomics.load(flags, Flag.stop) !== 0,
        );
        send({ ended: true });
      } catch (error) {
        fail(error, path);
      }
    });
  } catch (error) {
    device.close();
    throw error;
  }
}

const task = workerData as DeviceTask;
try {
  if ("list" in task) send({ listed: await findDevices(linuxKernel()) });
  else await open(task.open, task.options, task.flags);
} catch (error) {
  fail(error, "open" in task ? task.open : "device");
}
