import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, expect, test } from "vitest";
import { followLines, listenForLines } from "../src/view/index.js";
import { FakeRecording, until } from "./live-recordings.js";

const folder = mkdtempSync(join(tmpdir(), "marey-lines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes lines to a socket and gives what is answered. */
function say(path: string, text: string): Promise<Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(path, () => socket.end(text));
    socket.setEncoding("utf8").on("data", (piece) => {
      answer += piece;
    });
    socket.on("error", reject);
    socket.on("close", () =>
      resolve(
        answer
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line)),
      ),
    );
  });
}

test("lines steer a recording, and each is answered with a line", async () => {
  const live = new FakeRecording();
  await using socket = await listenForLines(live, join(folder, "a.sock"));
  const answers = await say(
    socket.path,
    [
      'extra {"early": 1}',
      "begin",
      "",
      '{"odor": "on"}\r',
      'extra {"odor": "off"}',
      'extra cam2 {"x": "ä \\u0000"}',
      "status",
      "end",
      "stop",
    ].join("\n"),
  );
  expect(answers).toMatchObject([
    { ok: false, error: { code: "NOT_SAVING" } },
    { ok: true, isSaving: true, onset: 1234.5 },
    {
      ok: true,
      frames: [
        { camera: "cam1", number: "7", index: 6 },
        { camera: "cam2", number: "7" },
      ],
    },
    { ok: true },
    { ok: true, frames: [{ camera: "cam2" }] },
    { ok: true, status: { isSaving: true, cameras: [{ name: "cam1", state: "opening" }, { name: "cam2" }] } },
    { ok: true, isSaving: false },
    { ok: true },
  ]);
  expect(live.asked).toEqual([
    "begin",
    'extra all {"odor":"on"}',
    'extra all {"odor":"off"}',
    'extra cam2 {"x":"ä \\u0000"}',
    "end",
    "stop",
  ]);
  expect(await say(socket.path, "begin\n")).toMatchObject([{ ok: false, error: { code: "OVER" } }]);
});

test("what is no command is answered with an error, and the next line counts again", async () => {
  const live = new FakeRecording();
  const [input, output] = [new PassThrough(), new PassThrough()];
  const done = followLines(live, input, output);
  const bad = [
    "Begin",
    "begin now",
    "extra",
    "extra 7",
    "extra cam1",
    "{",
    "{]",
    "[1]",
    "extra {",
    'extra cam9 {"a": 1}',
    "{}",
    "\u0000",
  ];
  input.end(`${["begin", ...bad, "status"].join("\n")}\n`);
  await done;
  const answers = String(output.read())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(answers.map(({ ok, error }) => (ok ? "ok" : error.code))).toEqual([
    ...[
      "ok",
      "BAD_REQUEST",
      "BAD_REQUEST",
      "BAD_REQUEST",
      "BAD_REQUEST",
      "BAD_REQUEST",
      "BAD_REQUEST",
      "BAD_REQUEST",
    ],
    ...["BAD_REQUEST", "BAD_REQUEST", "CAMERA", "BAD_REQUEST", "BAD_REQUEST", "ok"],
  ]);
  expect(live.asked).toEqual(["begin"]);
});

test("a line without an end is not kept, and ends the connection", async () => {
  const live = new FakeRecording();
  await using socket = await listenForLines(live, join(folder, "long.sock"));
  expect(await say(socket.path, `begin\n${"x".repeat(100_000)}`)).toMatchObject([
    { ok: true },
    { ok: false, error: { code: "TOO_LARGE" } },
  ]);
});

test("the socket is for this user alone, and gone when it is closed", async () => {
  const path = join(folder, "mine.sock");
  const socket = await listenForLines(new FakeRecording(), path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const idle = connect(path);
  await until(() => idle.readyState === "open");
  await socket.close();
  await socket.close();
  await until(() => idle.destroyed);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  expect(existsSync(path)).toBe(false);
});

test("a socket of a process that died is replaced; one where somebody listens, and other files, are not", async () => {
  const path = join(folder, "stale.sock");
  const program = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", program]);
  expect(existsSync(path)).toBe(true);
  const live = new FakeRecording();
  await using socket = await listenForLines(live, path);
  expect(await say(path, "begin")).toMatchObject([{ ok: true }]);
  await expect(listenForLines(live, path)).rejects.toThrow(/another process listens there/);
  expect(await say(socket.path, "status")).toMatchObject([{ ok: true }]);

  const other = createServer().listen(join(folder, "other.sock"));
  await until(() => other.listening);
  await expect(listenForLines(live, join(folder, "other.sock"))).rejects.toMatchObject({ code: "LISTEN" });
  other.close();
  writeFileSync(join(folder, "file"), "precious");
  await expect(listenForLines(live, join(folder, "file"))).rejects.toThrow(/it is no socket/);
  await expect(listenForLines(live, join(folder, "none", "a.sock"))).rejects.toMatchObject({
    code: "LISTEN",
  });
  await expect(listenForLines(live, join(folder, "x".repeat(120)))).rejects.toThrow(/100 bytes/);
  chmodSync(folder, 0o700);
});

test("who does not read the answers is not listened to, and others are", async () => {
  const live = new FakeRecording();
  await using socket = await listenForLines(live, join(folder, "deaf.sock"));
  const deaf = connect(socket.path);
  deaf.pause();
  deaf.on("error", () => {});
  let refused = 0;
  for (let i = 0; i < 2000; i++) if (!deaf.write("status\n".repeat(20))) refused++;
  expect(refused).toBeGreaterThan(0);
  expect(await say(socket.path, "begin")).toMatchObject([{ ok: true }]);
  deaf.destroy();
});
