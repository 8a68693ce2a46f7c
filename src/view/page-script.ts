/** Of the live page; runs in a browser as it stands here. */
export const pageScript = `"use strict";
const byId = (id) => document.getElementById(id);
const tiles = new Map();
let socket, token, names = [], wait = 500, state = "connecting";

// The token goes out of the address bar, and stays with this tab.
{
  const address = new URL(location.href);
  token = address.searchParams.get("token");
  try {
    if (token) sessionStorage.setItem("marey-token", token);
    else token = sessionStorage.getItem("marey-token");
  } catch {}
  if (address.searchParams.has("token")) history.replaceState(null, "", location.pathname);
  byId("hint").hidden = Boolean(token);
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss://" : "ws://";
  socket = new WebSocket(scheme + location.host + "/live");
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    wait = 500;
    for (const tile of tiles.values()) tile.asked = "";
  };
  socket.onmessage = ({ data }) => {
    if (typeof data !== "string") return show(data);
    const message = JSON.parse(data);
    if (message.type === "status") showStatus(message);
    else if (message.type === "event") showEvent(message.event);
    else if (message.type === "error") say(message.error.message, true);
  };
  socket.onclose = () => {
    showState("no connection; trying again", false);
    for (const id of ["begin", "end"]) byId(id).disabled = true;
    setTimeout(connect, wait);
    wait = Math.min(10000, wait * 2);
  };
}

function send(message) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

// ---- pictures

function show(data) {
  const view = new DataView(data);
  if (view.getUint8(0) !== 1) return;
  const tile = tiles.get(names[view.getUint16(2, true)]);
  if (!tile) return;
  const kind = view.getUint8(1);
  const picture = new Uint8Array(data, view.getUint32(4, true));
  tile.time = view.getFloat64(8, true);
  tile.number = view.getBigInt64(16, true);
  if (kind === 0) showJpeg(tile, picture);
  else showVideo(tile, picture, kind === 2);
}

async function showJpeg(tile, picture) {
  try {
    const bitmap = await createImageBitmap(new Blob([picture], { type: "image/jpeg" }));
    draw(tile, bitmap, bitmap.width, bitmap.height);
    bitmap.close();
  } catch {}
  send({ type: "shown", camera: tile.name });
}

function draw(tile, picture, width, height) {
  const { canvas } = tile;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  canvas.getContext("2d").drawImage(picture, 0, 0);
  canvas.dataset.number = String(tile.number);
  canvas.dataset.shown = String(Number(canvas.dataset.shown || 0) + 1);
}

function showVideo(tile, picture, isKey) {
  const shown = () => send({ type: "shown", camera: tile.name });
  if (isKey && (!tile.decoder || tile.decoder.state === "closed")) {
    const codec = codecOf(picture);
    if (!codec) return shown();
    tile.decoder = new VideoDecoder({
      output: (frame) => {
        draw(tile, frame, frame.displayWidth, frame.displayHeight);
        frame.close();
        shown();
      },
      error: (error) => {
        say(tile.name + ": " + error.message, true);
        // From the next keyframe on, with none on its way.
        tile.asked = "";
        ask();
      },
    });
    tile.decoder.configure({ codec, optimizeForLatency: true });
  }
  if (!tile.decoder || tile.decoder.state !== "configured") return shown();
  tile.decoder.decode(
    new EncodedVideoChunk({ type: isKey ? "key" : "delta", timestamp: Math.round(tile.time * 1e6), data: picture }),
  );
}

// Profile, constraints and level stand behind the first byte of the SPS, which is NAL unit 7.
function codecOf(bytes) {
  for (let i = 0; i + 6 < bytes.length; i++) {
    if (bytes[i] === 0 && bytes[i + 1] === 0 && bytes[i + 2] === 1 && (bytes[i + 3] & 31) === 7) {
      return "avc1." + [4, 5, 6].map((at) => bytes[i + at].toString(16).padStart(2, "0")).join("");
    }
  }
}

// Nothing is asked for that nobody sees.
function ask() {
  const isVideo = byId("kind").value === "h264" && "VideoDecoder" in window;
  for (const tile of tiles.values()) {
    const isSeen = !document.hidden && tile.isSeen;
    const pixels = Math.ceil((tile.canvas.clientWidth || 320) * Math.min(2, devicePixelRatio || 1));
    const width = Math.max(160, Math.min(1280, Math.ceil(pixels / 160) * 160));
    const message = isSeen
      ? { type: "subscribe", camera: tile.name, rate: Number(byId("rate").value), width, video: isVideo, tells: true }
      : { type: "unsubscribe", camera: tile.name };
    const asked = JSON.stringify(message);
    if (tile.asked === asked || socket.readyState !== WebSocket.OPEN) continue;
    if (!isVideo && tile.decoder) {
      if (tile.decoder.state !== "closed") tile.decoder.close();
      tile.decoder = undefined;
    }
    tile.asked = asked;
    socket.send(asked);
  }
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const tile = tiles.get(target.dataset.camera);
    if (tile) tile.isSeen = isIntersecting;
  }
  ask();
});
document.addEventListener("visibilitychange", ask);
addEventListener("resize", ask);
byId("kind").addEventListener("change", ask);
byId("rate").addEventListener("change", ask);
if (!("VideoDecoder" in window)) byId("kind").options[1].disabled = true;

// ---- figures

const facts = [
  ["frame", "Frame"], ["fps", "Frames a second"], ["written", "Written"], ["waiting", "In the queue"],
  ["lost", "Lost"], ["latency", "Latency"], ["disk", "Disk left"],
];

function makeTile(name) {
  const article = document.createElement("article");
  article.setAttribute("aria-label", "Camera " + name);
  const canvas = document.createElement("canvas");
  canvas.width = 320;
  canvas.height = 240;
  canvas.dataset.camera = name;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "What " + name + " sees");
  const box = document.createElement("div");
  box.className = "facts";
  const title = document.createElement("div");
  title.className = "title";
  const heading = document.createElement("h2");
  heading.textContent = name;
  const link = document.createElement("a");
  link.href = "/cameras/" + encodeURIComponent(name) + ".png";
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = "Snapshot";
  link.setAttribute("aria-label", "Snapshot of " + name + ", whole, as PNG");
  title.append(heading, link);
  const list = document.createElement("dl");
  const values = {};
  for (const [key, label] of facts) {
    const pair = document.createElement("div");
    const term = document.createElement("dt");
    term.textContent = label;
    values[key] = document.createElement("dd");
    values[key].dataset.fact = key;
    pair.append(term, values[key]);
    list.append(pair);
  }
  const trouble = document.createElement("p");
  trouble.className = "trouble";
  box.append(title, list, trouble);
  article.append(canvas, box);
  byId("cameras").append(article);
  const option = document.createElement("option");
  option.value = option.textContent = name;
  byId("of").append(option);
  const tile = { name, article, canvas, values, trouble, asked: "", isSeen: false };
  tiles.set(name, tile);
  seen.observe(canvas);
}

function showStatus(status) {
  names = status.cameras.map(({ name }) => name);
  for (const name of names) if (!tiles.has(name)) makeTile(name);
  for (const camera of status.cameras) showCamera(tiles.get(camera.name), camera);
  const since = status.isSaving && status.onset ? " since " + new Date(status.onset * 1000).toLocaleTimeString() : "";
  showState(status.isSaving ? "saving" + since : "not saving", status.isSaving);
  byId("begin").disabled = !token || status.isSaving;
  byId("end").disabled = !token || !status.isSaving;
  for (const id of ["text", "of", "keep"]) byId(id).disabled = !token || !status.isSaving;
  ask();
}

// Only what changes, so that screen readers do not say it every second.
function showState(text, isSaving) {
  byId("state").classList.toggle("saving", isSaving);
  if (text === state) return;
  state = text;
  byId("state").textContent = text;
}

function showCamera(tile, camera) {
  const losses = Object.entries(camera.losses).filter(([, count]) => count > 0);
  const lost = losses.map(([cause, count]) => count.toLocaleString() + " " + cause).join(", ");
  const texts = {
    frame: camera.frame && camera.frame.number !== null ? camera.frame.number.toLocaleString() : "–",
    fps: camera.fps.toFixed(1),
    written: camera.written.toLocaleString(),
    waiting: camera.waiting.toLocaleString(),
    lost: lost || "none",
    latency: camera.latency ? Math.round(camera.latency.median * 1000) + " ms, p95 " + Math.round(camera.latency.p95 * 1000) : "–",
    disk: camera.diskHours === undefined ? bytes(camera.diskFree) : hours(camera.diskHours),
  };
  for (const [key, text] of Object.entries(texts)) {
    if (tile.values[key].textContent !== text) tile.values[key].textContent = text;
  }
  tile.values.lost.classList.toggle("bad", losses.length > 0);
  tile.values.disk.classList.toggle("bad", camera.diskHours < 1);
  const trouble = camera.failure || (camera.state === "lost" ? "the camera is lost; it is looked for" : camera.state === "ended" ? "the camera has ended" : "");
  if (tile.trouble.textContent !== trouble) tile.trouble.textContent = trouble;
  tile.article.classList.toggle("bad", Boolean(trouble));
}

function hours(value) {
  if (value < 1) return Math.round(value * 60) + " min";
  return value < 72 ? value.toFixed(1) + " h" : Math.round(value / 24).toLocaleString() + " days";
}

function bytes(value) {
  return value === undefined ? "–" : (value / 1e9).toFixed(1) + " GB";
}

function showEvent({ track, time, kind, text }) {
  const item = document.createElement("li");
  item.textContent = [new Date(time * 1000).toLocaleTimeString(), track, kind, text].filter(Boolean).join("  ");
  byId("events").prepend(item);
  while (byId("events").children.length > 50) byId("events").lastChild.remove();
}

// ---- what is asked

function say(text, isBad) {
  byId("answer").textContent = text;
  byId("answer").classList.toggle("bad", isBad);
}

async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: "Bearer " + token },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!answer.ok) say(answer.error.message, true);
    return answer;
  } catch (error) {
    say("no connection: " + error.message, true);
    return { ok: false };
  }
}

byId("begin").addEventListener("click", async () => {
  if ((await post("/begin", {})).ok) say("", false);
});
byId("end").addEventListener("click", async () => {
  if ((await post("/end", {})).ok) say("", false);
});
byId("note").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = byId("text").value.trim();
  if (text === "") return;
  const camera = byId("of").value;
  const answer = await post("/extra" + (camera ? "?camera=" + encodeURIComponent(camera) : ""), { note: text });
  if (!answer.ok) return;
  byId("text").value = "";
  say("kept: " + answer.frames.map((frame) => frame.camera + " frame " + frame.number).join(", "), false);
});

connect();
`;
