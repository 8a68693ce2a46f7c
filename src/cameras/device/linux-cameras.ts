import type { CameraDriver } from "../../capture/camera.js";
import { DeviceCamera } from "./device-camera.js";
import { DeviceThread } from "./device-thread.js";

/** Cameras of Linux: each in a thread of its own. */
export const linuxCameras: Pick<CameraDriver, "list" | "open"> = {
  list: async () => {
    const thread = new DeviceThread({ list: true });
    try {
      const answer = await thread.answer();
      return answer && "listed" in answer ? answer.listed : [];
    } finally {
      await thread.end();
    }
  },
  open: (address, options = {}) => DeviceCamera.open(address, options),
};
