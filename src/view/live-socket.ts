import type { WebSocket } from "ws";
import { describeError } from "./commands.js";
import { NewestOnly } from "./newest-only.js";
import { pictureHeader } from "./picture-message.js";
import type { Picture, PreviewHub, Seat, Wish } from "./preview-hub.js";
import { RequestError } from "./request-error.js";
import type { Viewer } from "./viewers.js";
import { readWish } from "./wish.js";

interface Look {
  readonly seat: Seat;
  readonly newest: NewestOnly;
  readonly kind: Wish["kind"];
}

/** Bytes of text that may wait for a client. */
const mostText = 262_144;
/** Messages a second that a client may send; those that tell of shown pictures are many. */
const mostMessages = 2000;
/** Pictures on their way: to clients that tell what they have shown, and to others. */
const most = { told: { jpeg: 2, h264: 12 }, untold: { jpeg: 1, h264: 2 } } as const;

/**
 * One client of the WebSocket. What it sends is JSON:
 *
 * - {"type": "subscribe", "camera", "rate"?, "width"?, "video"?, "tells"?}: pictures of a camera, see `readWish`; again to
 *   change it. With "tells": true the client says when it has shown one, so that links with large buffers show what is new, too.
 * - {"type": "shown", "camera"}: a picture of that camera has been shown.
 * - {"type": "unsubscribe", "camera"}
 *
 * It gets pictures as `picture-message.ts` says, and texts of JSON: {"type": "status", …} once a second, {"type": "event",
 * "event"}, {"type": "error", "error"}.
 */
export class LiveSocket implements Viewer {
  readonly #socket: WebSocket;
  readonly #hubs: ReadonlyMap<string, PreviewHub>;
  readonly #looks = new Map<string, Look>();
  #isAlive = true;
  #silentSince = 0;
  #messages = 0;

  constructor(socket: WebSocket, hubs: ReadonlyMap<string, PreviewHub>, left: () => void) {
    this.#socket = socket;
    this.#hubs = hubs;
    socket.on("message", (data, isBinary) => this.#hear(isBinary ? "" : String(data)));
    socket.on("pong", () => {
      this.#isAlive = true;
    });
    socket.on("error", () => {});
    socket.once("close", () => {
      for (const { seat } of this.#looks.values()) seat.leave();
      this.#looks.clear();
      left();
    });
  }

  get stalled(): number {
    return this.#isAlive ? 0 : performance.now() - this.#silentSince;
  }

  drop(): void {
    this.#socket.terminate();
  }

  /** Asks whether it is there; call it now and then. */
  ping(): void {
    this.#messages = 0;
    if (this.#isAlive) this.#silentSince = performance.now();
    this.#isAlive = false;
    this.#socket.ping();
  }

  /** Of those that nobody misses: a client that does not take its texts gets the next ones. */
  tell(text: string): void {
    if (this.#socket.bufferedAmount < mostText) this.#socket.send(text, () => {});
  }

  #hear(text: string): void {
    if (++this.#messages > mostMessages * 5) {
      this.#socket.close(1008, "too many messages");
      return;
    }
    try {
      this.#follow(text);
    } catch (error) {
      this.tell(JSON.stringify({ type: "error", error: describeError(error) }));
    }
  }

  #follow(text: string): void {
    const message = parse(text);
    const camera = String(message.camera);
    if (message.type === "shown") {
      this.#looks.get(camera)?.newest.sent();
      return;
    }
    const hub = this.#hubs.get(camera);
    if (hub === undefined) {
      const names = [...this.#hubs.keys()].join(", ");
      throw new RequestError("CAMERA", `no camera ${JSON.stringify(camera)} (there are: ${names})`);
    }
    if (message.type === "subscribe") this.#look(camera, hub, readWish(message), message.tells === true);
    else if (message.type === "unsubscribe") this.#leave(camera);
    else throw new RequestError("BAD_REQUEST", "type is subscribe, unsubscribe or shown");
  }

  #look(camera: string, hub: PreviewHub, wish: Wish, tells: boolean): void {
    const place = [...this.#hubs.keys()].indexOf(camera);
    const newest = new NewestOnly({
      send: (picture, sent) => this.#send(place, picture, tells ? () => {} : sent),
      most: most[tells ? "told" : "untold"][wish.kind],
      askKey: () => seat.askKey(),
    });
    const seat = hub.sit(wish, (picture) => newest.offer(picture));
    this.#leave(camera);
    this.#looks.set(camera, { seat, newest, kind: wish.kind });
  }

  #leave(camera: string): void {
    this.#looks.get(camera)?.seat.leave();
    this.#looks.delete(camera);
  }

  #send(place: number, picture: Picture, sent: () => void): void {
    // In two pieces of one message: the picture is not copied for every client.
    this.#socket.send(pictureHeader(place, picture), { binary: true, fin: false });
    this.#socket.send(picture.bytes, { binary: true, fin: true }, () => sent());
  }
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RequestError("BAD_REQUEST", "a message is JSON text", { cause });
  }
  if (typeof value !== "object" || value === null) {
    throw new RequestError("BAD_REQUEST", "a message is a JSON object");
  }
  return value as Record<string, unknown>;
}
