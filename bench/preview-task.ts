// One measurement of bench/preview.ts, in a process of its own. Prints one JSON line.
//   preview-task.js latency PORT ws|h264|mjpeg WIDTH SECONDS     from the camera's stamp to the picture in the client, ms
//   preview-task.js floor SECONDS                                the same way for a few bytes: what the machine itself takes, ms
//   preview-task.js cpu WIDTH SECONDS TURNS                      of a camera's process that saves nothing, ms of CPU a second
import { fork } from "node:child_process";
import { get } from "node:http";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { startRecording } from "../src/recording/index.js";
import { readPictureMessage } from "../src/view/index.js";

const [task, ...args] = process.argv.slice(2);
const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const late: number[] = [];

async function report(seconds: number): Promise<never> {
  await pause(1);
  late.length = 0;
  await pause(seconds);
  late.sort((a, b) => a - b);
  const at = (share: number): number => late[Math.min(late.length - 1, Math.floor(late.length * share))]!;
  console.log(JSON.stringify({ p50: at(0.5), p95: at(0.95), rate: late.length / seconds }));
  process.exit(0);
}

if (task === "latency") {
  const [port, way, width, seconds] = args as [string, string, string, string];
  // Whole milliseconds, cut off: half of one is what is missing on average.
  const seen = (time: number): void => void late.push(Date.now() + 0.5 - time * 1000);
  if (way === "mjpeg") {
    const address = `http://127.0.0.1:${port}/cameras/cam1.mjpeg?rate=30&width=${width}`;
    get(address, (response) => {
      let rest = Buffer.alloc(0);
      response.on("data", (piece: Buffer) => {
        rest = Buffer.concat([rest, piece]);
        for (;;) {
          const end = rest.indexOf("\r\n\r\n");
          const head = end < 0 ? "" : rest.subarray(0, end).toString();
          const length = Number(/Content-Length: (\d+)/.exec(head)?.[1]);
          if (!(rest.length >= end + 4 + length)) return;
          seen(Number(/X-Frame-Time: ([\d.]+)/.exec(head)?.[1]));
          rest = rest.subarray(end + 4 + length + 2);
        }
      });
    });
  } else {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/live`);
    socket.on("open", () => {
      const wish = { rate: 30, width: Number(width), video: way === "h264" };
      socket.send(JSON.stringify({ type: "subscribe", camera: "cam1", ...wish }));
    });
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) seen(readPictureMessage(data).time);
    });
  }
  await report(Number(seconds));
} else if (task === "floor") {
  // As the camera's process, the recording and the client.
  fork(fileURLToPath(import.meta.url), ["relay"]).on("message", (due) =>
    late.push(Date.now() + 0.5 - Number(due)),
  );
  await report(Number(args[0]));
} else if (task === "relay") {
  fork(fileURLToPath(import.meta.url), ["beat"]).on("message", (due) => process.send!(due as number));
  process.on("disconnect", () => process.exit());
} else if (task === "beat") {
  process.on("disconnect", () => process.exit());
  for (let due = Date.now(); ; due += 1000 / 30) {
    await pause(Math.max(0, due - Date.now()) / 1000);
    process.send!(due);
  }
} else if (task === "cpu") {
  const [width, seconds, turns] = args as [string, string, string];
  const recording = await startRecording({
    cameras: [{ name: "cam1", camera: "synthetic:1280x1024@30" }],
    armed: true,
  });
  const track = recording.tracks[0]!;
  const spent = { none: 0, jpeg: 0, h264: 0 };
  // Code that has run a while is faster, and a recording runs for days.
  track.preview(30, Number(width), () => {});
  track.video(30, Number(width), () => {});
  await pause(20);
  for (let turn = 0; turn < Number(turns); turn++) {
    for (const what of ["none", "jpeg", "h264"] as const) {
      track.preview(what === "jpeg" ? 30 : 0, Number(width), () => {});
      track.video(what === "h264" ? 30 : 0, Number(width), () => {});
      await pause(1);
      const before = { cpu: track.status!.cpu, offered: track.status!.offered };
      await pause(Number(seconds));
      // By frames, for the status is some moments old.
      const frames = track.status!.offered - before.offered;
      spent[what] += ((track.status!.cpu - before.cpu) / frames) * 30 * 1000;
    }
  }
  await recording.stop();
  const [none, jpeg, h264] = Object.values(spent).map((each) => each / Number(turns));
  console.log(JSON.stringify({ none, jpeg, h264 }));
}
