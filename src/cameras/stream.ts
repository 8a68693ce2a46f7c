import type { CameraDriver } from "../capture/camera.js";
import { parseStreamAddress, streamSchemes } from "./stream/address.js";
import { streamSettings } from "./stream/settings.js";

/**
 * Network cameras: RTSP over TCP or UDP, RTMP, JPEG over HTTP (`multipart/x-mixed-replace`), MPEG-TS over UDP, TCP or SRT;
 * H.264, H.265, AV1 or Motion JPEG. `stream:rtsp://…` and `rtsp://…` mean the same. What only they have is set by
 * `CameraOptions.settings`, see `StreamSettings`; size, rate and dtype are the camera's own.
 *
 * Frames are numbered as they come. Where the transport says that something is missing, and when the connection breaks and
 * is made again, the numbers leave a gap: as many frames as the time between would have held, an estimate, and after a
 * break one at least. A frame that came damaged is not given, nor what leans on it up to the next keyframe; all of these
 * take their numbers. `arrived` is when the last byte of a frame was here, before it is decoded (over MPEG-TS, which does
 * not say where a frame ends: when the next one began). `cameraTime` is the stream's own clock; after a break it goes on
 * as arrival does. `describe()` tells of connections, breaks and bytes.
 *
 * User and password in an address are told to the camera alone, and are in no id, error or metadata.
 */
export const stream: CameraDriver = driver("stream", (address) => address);

/** The same by the scheme of the address: `rtsp://…` without `stream:` before it. */
export const streams: readonly CameraDriver[] = [
  stream,
  ...streamSchemes.map((scheme) => driver(scheme, (address) => `${scheme}:${address}`)),
];

function driver(scheme: string, complete: (address: string) => string): CameraDriver {
  return {
    scheme,
    // Nobody can list a network.
    list: async () => [],
    open: async (text, options = {}) => {
      const address = parseStreamAddress(complete(text));
      const settings = streamSettings(address.id, options.settings);
      const { StreamCamera } = await import("./stream/stream-camera.js");
      return StreamCamera.open(address, settings, options);
    },
  };
}
