import { type TrackNews, type TrackOrder, tellError } from "./track-messages.js";
import { TrackWork } from "./track-work.js";

// A process of its own for each camera; the other side is `track-process.ts`.

// The recording says when to end. A terminal sends its signals to everybody; one of SIGTERM is for the recording, too.
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, () => {});

let work: TrackWork | undefined;

function tell(news: TrackNews, sent?: () => void): void {
  if (!process.connected) {
    sent?.();
    return;
  }
  process.send!(news, undefined, {}, () => {
    sent?.();
    if (news.kind === "closed") process.exit(0);
  });
}

process.on("message", (order: TrackOrder) => {
  if (order.kind === "open") {
    work = new TrackWork(order.plan, tell);
    work.start();
  } else work?.follow(order).catch((error) => tell({ kind: "failed", error: tellError(error) }));
});

// The recording has gone: what was saved is closed whole.
process.on("disconnect", () => {
  const left = work?.close() ?? Promise.resolve();
  left.finally(() => process.exit(0));
});
