// The process that reads one stream from the network; see `PacketStream`. It is told what to read by one line of JSON on
// its standard input, where addresses with passwords are seen by nobody, and ends when that closes.
import { Socket } from "node:net";
import { NetworkDemuxer, onMissedPackets } from "../ffmpeg/network-demuxer.js";
import { AccessUnits } from "./access-units.js";
import { CodedStream, type LiveFrame } from "./coded-stream.js";
import { encodeMessage, type WireMessage } from "./wire.js";

/** Bytes that may wait for whoever wants the frames; beyond that they are left out up to a keyframe. */
const MOST_WAITING = 2 ** 25;

/** Seconds between two signs of life while frames come that are of no use yet. */
const SIGN_OF_LIFE = 0.2;

/** Milliseconds that a read may go on when nobody wants the stream any more. */
const PATIENCE = 1000;

let leftOut = 0;
let isLeavingOut = false;

// `process.stdout` waits until what it writes is taken; frames would be late, and their times with them.
const output = new Socket({ fd: 1, readable: false, writable: true });
output.on("error", () => process.exit());

function say(message: WireMessage): void {
  output.write(encodeMessage(message));
}

function give(frame: LiveFrame): void {
  const isFull = output.writableLength > MOST_WAITING;
  if (isFull || (isLeavingOut && !frame.isKey)) {
    isLeavingOut = true;
    leftOut++;
    return;
  }
  isLeavingOut = false;
  say({ kind: "frame", frame, leftOut });
  leftOut = 0;
}

/** What was said before is written first. */
function end(last: WireMessage): void {
  output.write(encodeMessage(last), () => process.exit());
}

async function read(url: string, options: Record<string, string>): Promise<void> {
  const units = new AccessUnits();
  let isDamaged = false;
  onMissedPackets((packets) => {
    // Whether they were of the frame that is being put together or of the next, nobody says.
    units.damage();
    isDamaged = true;
    say({ kind: "missed", packets });
  });
  const demuxer = await NetworkDemuxer.open(url, options);
  say({ kind: "opened", container: demuxer.container });
  const stream = new CodedStream((coded) => say({ kind: "coded", coded }), give);
  let told = 0;
  for (;;) {
    const piece = isClosing ? undefined : await demuxer.read();
    const frames = piece === undefined ? units.finish() : units.add(piece);
    for (const frame of frames) {
      await stream.add(frame);
      if (!stream.isKnown && frame.arrived > told + SIGN_OF_LIFE) {
        told = frame.arrived;
        say({ kind: "waiting" });
      }
      if (isDamaged) units.damage();
      isDamaged = false;
    }
    if (piece === undefined) break;
  }
  await demuxer.close();
}

let isClosing = false;
let asked = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text: string) => {
  const isFirst = !asked.includes("\n");
  asked += text;
  if (!isFirst || !asked.includes("\n")) return;
  const { url, options } = JSON.parse(asked);
  read(url, options).then(
    () => end({ kind: "ended" }),
    (error: Error) => end({ kind: "failed", reason: error.message }),
  );
});
// The read that runs comes back with the next packet, and the server is told goodbye; from a silent one, none comes.
process.stdin.on("end", () => {
  isClosing = true;
  setTimeout(() => process.exit(), PATIENCE);
});
