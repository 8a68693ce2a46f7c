import type { ServerResponse } from "node:http";
import { NewestOnly } from "./newest-only.js";
import type { PreviewHub, Wish } from "./preview-hub.js";
import type { Viewer, Viewers } from "./viewers.js";

const boundary = "marey-frame";

/**
 * Pictures without an end, for whatever shows an image and no more. Each part says the frame's number and time; each ends with
 * the next boundary, since browsers show a picture when they see it.
 * @throws {RequestError} if there are too many viewers.
 */
export function sendMotionJpeg(
  response: ServerResponse,
  hub: PreviewHub,
  wish: Wish,
  viewers: Viewers,
): void {
  viewers.checkRoom();
  response.writeHead(200, {
    "Content-Type": `multipart/x-mixed-replace; boundary=${boundary}`,
    Connection: "close",
  });
  response.write(`--${boundary}\r\n`);
  const newest = new NewestOnly({
    send: ({ bytes, stamp }, sent) => {
      const head = [
        "Content-Type: image/jpeg",
        `Content-Length: ${bytes.length}`,
        `X-Frame-Number: ${stamp.number}`,
        `X-Frame-Time: ${stamp.time}`,
      ].join("\r\n");
      const part = [Buffer.from(`${head}\r\n\r\n`), bytes, Buffer.from(`\r\n--${boundary}\r\n`)];
      response.write(Buffer.concat(part), () => sent());
    },
    most: 1,
    askKey: () => {},
  });
  const seat = hub.sit(wish, (picture) => newest.offer(picture));
  const viewer: Viewer = {
    get stalled() {
      return newest.stalled;
    },
    drop: () => response.destroy(),
  };
  viewers.add(viewer);
  response.on("error", () => {});
  response.once("close", () => {
    seat.leave();
    viewers.delete(viewer);
  });
}
