import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type LiveServer, type ServeOptions, serveLive } from "../src/view/index.js";
import { FakeRecording, pause, until } from "./live-recordings.js";

const open: LiveServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve(options: ServeOptions = {}) {
  const live = new FakeRecording();
  const server = await serveLive(live, { token: "the-right-token", ...options });
  open.push(server);
  return { live, server };
}

/** Sends bytes as they are, and gives all that comes back until the other side closes. */
function raw(port: number, text: string | Buffer, patience = 20_000): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.setTimeout(patience, () => socket.destroy());
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

async function ask(port: number, { method = "GET", path = "/status", headers = {}, body = "" }: Asked = {}) {
  const all = {
    Host: `127.0.0.1:${port}`,
    Connection: "close",
    ...(method === "POST" && { "Content-Length": String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  const answer = await raw(port, `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
  const [head = "", ...rest] = answer.split("\r\n\r\n");
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
    head,
    code: /"code":"(\w+)"/.exec(rest.join(""))?.[1],
  };
}

const json = { "Content-Type": "application/json", Authorization: "Bearer the-right-token" };

test("only requests for this machine's own name are answered", async () => {
  const { server } = await serve({ hosts: ["Lab.example"] });
  const { port } = server;
  for (const host of ["127.0.0.1", `localhost:${port}`, "[::1]:1", "127.8.8.8", "lab.EXAMPLE:9000"]) {
    expect(await ask(port, { headers: { Host: host } })).toMatchObject({ status: 200 });
  }
  const others = [
    "evil.example",
    `evil.example:${port}`,
    "10.0.0.1",
    "127.0.0.1.evil.example",
    "localhost@evil.example",
  ];
  for (const host of [...others, "", "a b"]) {
    const { status, code } = await ask(port, { headers: { Host: host } });
    expect([421, 400]).toContain(status);
    expect(code ?? "HOST").toBe("HOST");
  }
  const twice = await raw(
    port,
    "GET /status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
  );
  expect(twice).not.toMatch(/^HTTP\/1\.1 200/);
});

test("pages from elsewhere may neither steer nor look", async () => {
  const { live, server } = await serve();
  const { port } = server;
  for (const origin of [
    "http://evil.example",
    "null",
    `http://127.0.0.1:${port + 1}`,
    `http://localhost:${port}`,
  ]) {
    const headers = { ...json, Origin: origin };
    expect(await ask(port, { method: "POST", path: "/begin", headers, body: "{}" })).toMatchObject({
      status: 403,
      code: "ORIGIN",
    });
  }
  expect(
    await ask(port, { headers: { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" } }),
  ).toMatchObject({
    code: "ORIGIN",
  });
  // A link to the page is one that may be followed.
  const followed = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" };
  expect(await ask(port, { path: "/", headers: followed })).toMatchObject({ status: 200 });
  const refused = await new Promise<string>((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, { origin: "http://evil.example" });
    socket.on("error", (error) => resolve(error.message));
    socket.on("open", () => resolve("open"));
  });
  expect(refused).toBe("Unexpected server response: 403");
  expect(live.asked).toEqual([]);
  const own = { ...json, Origin: `http://127.0.0.1:${port}` };
  expect(await ask(port, { method: "POST", path: "/begin", headers: own, body: "{}" })).toMatchObject({
    status: 200,
  });
  expect(live.asked).toEqual(["begin"]);
});

test("whoever steers needs the token; a cookie is not enough", async () => {
  const { live, server } = await serve();
  const { port } = server;
  const type = { "Content-Type": "application/json" };
  const wrong: Asked[] = [
    { headers: type },
    { headers: { ...type, Authorization: "Bearer wrong" } },
    { headers: { ...type, Authorization: "Bearer the-right-token-" } },
    { headers: { ...type, Authorization: "Basic the-right-token" } },
    { headers: { ...type, Cookie: `marey-${port}=the-right-token` } },
    { headers: type, path: "/begin?token=the-right" },
  ];
  for (const each of wrong) {
    expect(await ask(port, { path: "/begin", method: "POST", body: "{}", ...each })).toMatchObject({
      status: 401,
      code: "TOKEN",
    });
  }
  expect(live.asked).toEqual([]);
  const right: Asked[] = [{ headers: json }, { headers: type, path: "/begin?token=the-right-token" }];
  for (const each of right) {
    expect(await ask(port, { path: "/begin", method: "POST", body: "", ...each })).toMatchObject({
      status: 200,
    });
  }
  expect(live.asked).toEqual(["begin", "begin"]);
});

test("seen from other machines, everything needs the token", async () => {
  const { server } = await serve({ host: "0.0.0.0" });
  const { port } = server;
  expect(server.url).toMatch(new RegExp(`^http://[^/]+:${port}/\\?token=the-right-token$`));
  for (const path of ["/", "/status", "/cameras/cam1.png", "/cameras/cam1.mjpeg", "/nothing"]) {
    expect(await ask(port, { path })).toMatchObject({ status: 401, code: "TOKEN" });
  }
  const unknown = await new Promise<string>((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/live`);
    socket.on("error", (error) => resolve(error.message));
    socket.on("open", () => resolve("open"));
  });
  expect(unknown).toBe("Unexpected server response: 401");
  const { status, head } = await ask(port, { path: "/?token=the-right-token" });
  expect(status).toBe(200);
  const [, cookie] = /Set-Cookie: ([^;]+); HttpOnly; SameSite=Strict/i.exec(head) ?? [];
  expect(await ask(port, { headers: { Cookie: `other=1; ${cookie}` } })).toMatchObject({ status: 200 });
  expect(await ask(port, { headers: { Host: "192.168.1.5:80", Cookie: cookie } })).toMatchObject({
    status: 200,
  });
  expect(await ask(port, { headers: { Host: "evil.example", Cookie: cookie } })).toMatchObject({
    status: 421,
  });
});

test("what is sent has to be JSON, and short", async () => {
  const { live, server } = await serve();
  const { port } = server;
  await live.begin();
  const post = (headers: Asked["headers"], body: string, path = "/extra") =>
    ask(port, { method: "POST", path, headers: { ...json, ...headers }, body });
  expect(await post({ "Content-Type": "text/plain" }, "{}")).toMatchObject({
    status: 415,
    code: "CONTENT_TYPE",
  });
  expect(await post({ "Content-Type": undefined }, "{}", "/begin")).toMatchObject({ status: 415 });
  expect(await post({}, "{odor")).toMatchObject({ status: 400, code: "BAD_REQUEST" });
  for (const body of ["[1]", "7", "null", "{}", ""]) {
    expect(await post({}, body)).toMatchObject({ status: 400, code: "BAD_REQUEST" });
  }
  expect(await post({}, `{"a":${"[".repeat(200)}${"]".repeat(200)}}`)).toMatchObject({ status: 400 });
  expect(await post({}, `{"a":"${"x".repeat(70_000)}"}`)).toMatchObject({ status: 413, code: "TOO_LARGE" });
  expect(await post({ "Content-Length": "999999999" }, "{")).toMatchObject({ status: 413 });
  const chunked = `POST /extra HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer the-right-token\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const endless = await raw(port, chunked + `4000\r\n${"x".repeat(0x4000)}\r\n`.repeat(6));
  expect(endless).toMatch(/^HTTP\/1\.1 413/);
  expect(await post({}, '{"odor": "on"}', "/extra?camera=cam9")).toMatchObject({
    status: 404,
    code: "CAMERA",
  });
  expect(live.asked).toEqual(["begin"]);
  expect(await post({}, '{"odor": "on", "__proto__": {"a": 1}}', "/extra?camera=cam2")).toMatchObject({
    status: 200,
  });
  expect(live.asked.at(-1)).toBe('extra cam2 {"odor":"on","__proto__":{"a":1}}');
});

test("no address leads anywhere but to what there is, and looking changes nothing", async () => {
  const { live, server } = await serve();
  const { port } = server;
  const nowhere = [
    ...["/nothing", "/cameras/", "/cameras/cam1", "/cameras/cam1.gif", "/..", "/../package.json", "//status"],
    ...["/cameras/..%2f..%2fpackage.json", "/cameras/%2e%2e/cam1.png", "/cameras/cam1.png%00", "/status/"],
    ...["/cameras/cam9.png", "/cameras/__proto__.png", "/cameras/constructor.jpg", "/cameras/cam1.png/.."],
  ];
  for (const path of nowhere) expect([path, (await ask(port, { path })).status]).toEqual([path, 404]);
  for (const path of ["/cameras/%zz.png", "http://evil.example/status", "*", "/cameras/cam1.jpg?width=1e9"]) {
    expect([path, (await ask(port, { path })).status]).toEqual([path, 400]);
  }
  for (const path of ["/begin", "/end", "/stop", "/extra"]) {
    const { status, head } = await ask(port, { path });
    expect([status, /Allow: (.*)/i.exec(head)?.[1]]).toEqual([405, "POST"]);
  }
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    expect((await ask(port, { method, path: "/status", headers: json })).status).toBe(405);
  }
  expect(live.asked).toEqual([]);
});

test("every answer says that it is for this page alone", async () => {
  const { server } = await serve();
  for (const path of ["/", "/status", "/nothing", "/cameras/cam1.png"]) {
    const { head } = await ask(server.port, { path });
    expect(head).toMatch(/X-Content-Type-Options: nosniff/i);
    expect(head).toMatch(/Cross-Origin-Resource-Policy: same-origin/i);
    expect(head).toMatch(/Content-Security-Policy: default-src 'none';/i);
    expect(head).toMatch(/frame-ancestors 'none'/i);
    expect(head).toMatch(/Cache-Control: no-store/i);
    expect(head).not.toMatch(/Access-Control/i);
  }
});

test("connections that say nothing, or never end what they say, are closed; many of them keep nobody out for long", async () => {
  const { server } = await serve();
  const slow = Promise.all([
    raw(server.port, ""),
    raw(server.port, "GET /status HTTP/1.1\r\nHost: localhost\r\nX-A: "),
    raw(
      server.port,
      `POST /extra HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer the-right-token\r\nContent-Length: 10\r\n\r\n{`,
    ),
  ]);
  const many = Array.from({ length: 1000 }, () => connect(server.port, "127.0.0.1").on("error", () => {}));
  await pause(0.5);
  for (const socket of many) socket.destroy();
  await until(() => many.every((socket) => socket.destroyed));
  let status: number | undefined;
  for (let i = 0; i < 100 && status !== 200; i++) ({ status } = await ask(server.port));
  expect(status).toBe(200);
  expect(
    (await raw(server.port, `GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ${"x".repeat(20_000)}\r\n\r\n`)).slice(
      0,
      12,
    ),
  ).not.toBe("HTTP/1.1 200");
  for (const answer of await slow) expect(answer).not.toMatch(/^HTTP\/1\.1 200/);
});

test("what is no message is answered with an error; too long ones end the connection", async () => {
  const { live, server } = await serve();
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/live`);
  const errors: string[] = [];
  socket.on("message", (data, isBinary) => {
    const message = isBinary ? {} : JSON.parse(String(data));
    if (message.type === "error") errors.push(message.error.code);
  });
  await until(() => socket.readyState === WebSocket.OPEN);
  const bad = [
    ...["", "[]", "null", "{", '{"type":"begin"}', '{"type":"begin","camera":"cam1"}'],
    ...['{"type":"subscribe","camera":"cam9"}', '{"type":"subscribe","camera":"__proto__"}'],
    ...['{"type":"subscribe","camera":"cam1","rate":1e9}', '{"type":"subscribe","camera":"cam1","width":-1}'],
    ...[
      '{"type":"subscribe","camera":"cam1","rate":{}}',
      '{"type":"subscribe","camera":"cam1","width":null,"rate":"x"}',
    ],
  ];
  for (const text of bad) socket.send(text);
  socket.send(Buffer.from([1, 2, 3]));
  await until(() => errors.length === bad.length + 1);
  expect(new Set(errors)).toEqual(new Set(["BAD_REQUEST", "CAMERA"]));
  socket.send(JSON.stringify({ type: "subscribe", camera: "x".repeat(5000) }));
  await until(() => socket.readyState === WebSocket.CLOSED);
  expect(live.tracks.map(({ asked }) => asked)).toEqual([[], []]);
  expect(live.asked).toEqual([]);
});
