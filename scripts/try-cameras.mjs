// Captures for real from every camera of the driver "vivid" (see cameras-in-qemu.sh): its formats, counts, stamps, controls
// and faults, as `device:` gives them. Prints a line a trial; exit code 1 if one of them fails.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { applySettings, listControls } from "../dist/cameras/device/controls.js";
import { linuxKernel } from "../dist/cameras/device/kernel.js";
import { findPixelFormat } from "../dist/cameras/device/pixel-format.js";
import { V4l2Device } from "../dist/cameras/device/v4l2-device.js";
import { bytesOf, createStore, device, openStore, record, toColor } from "../dist/index.js";

const size = { width: 320, height: 180 };
/** A picture that stands still, so that one format can be held against another. */
const still = {
  ...{ test_pattern: "100% Colorbar", osd_text_mode: "None", horizontal_movement: 3, vertical_movement: 3 },
  ...{ show_border: 0, show_square: 0 },
};

let failed = 0;
async function trial(name, run) {
  const started = performance.now();
  try {
    const found = await run();
    console.log(`ok    ${name}: ${found} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${error.stack}`);
  }
}

function need(truth, found) {
  if (!truth) throw new Error(found);
}

async function capture(address, options, count) {
  const camera = await device.open(address, { timeout: 20, ...options });
  const frames = [];
  try {
    for await (const frame of camera) if (frames.push(frame) === count) break;
    return { camera, frames };
  } finally {
    await camera.close();
  }
}

/** Presses or sets a control by another descriptor, while the camera runs. */
function press(path, settings) {
  const other = new V4l2Device(linuxKernel(), path);
  applySettings(other, settings);
  other.close();
}

async function failureOf(promise) {
  try {
    await promise;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
  return "none";
}

const judge = spawnSync("v4l2-ctl", ["--version"]).status === 0;
if (!judge) console.log("note  v4l2-ctl is not there: nothing is held against another program");
function v4l2ctl(...args) {
  const { status, stdout, stderr } = spawnSync("v4l2-ctl", ["-d", "/dev/video0", ...args], {
    encoding: "utf8",
  });
  need(status === 0, `v4l2-ctl ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Mean distance of samples, and how alike two series are (Pearson). */
function compare(a, b) {
  let [distance, sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [a[at], b[at]];
    distance += Math.abs(x - y);
    [sa, sb, saa, sbb, sab] = [sa + x, sb + y, saa + x * x, sbb + y * y, sab + x * y];
  }
  const n = a.length;
  const alike = (n * sab - sa * sb) / Math.sqrt((n * saa - sa * sa) * (n * sbb - sb * sb));
  return { distance: distance / n, alike };
}

const listed = await device.list();
await trial("two cameras are listed, with modes and settings", () => {
  need(listed.length === 2, JSON.stringify(listed.map(({ address }) => address)));
  need(
    listed.every(({ modes, settings }) => modes.length > 50 && settings.test_pattern),
    "no modes",
  );
  return listed.map(({ address, title, modes }) => `${address} ${title} ${modes.length} modes`).join(", ");
});
const names = [...new Set(listed[0].modes.map(({ pixelFormat }) => pixelFormat))];
const readable = names.filter((name) => findPixelFormat(name));
console.log(
  `note  read: ${readable.join(" ")}; not read: ${names.filter((name) => !findPixelFormat(name)).join(" ")}`,
);

let reference;
await trial("a colour picture to hold the others against", async () => {
  const { frames } = await capture("0", { ...size, rate: 25, pixelFormat: "BGR3", settings: still }, 2);
  reference = frames[1].image;
  return `${reference.width}x${reference.height} ${reference.color}`;
});
const luma = toColor(reference, "gray").data;
for (const pixelFormat of readable) {
  await trial(`format ${pixelFormat}`, async () => {
    const options = { ...size, rate: 25, pixelFormat, settings: still };
    const { camera, frames } = await capture("0", options, 3);
    const { image } = frames[2];
    const { data, color } = image;
    need(data.length === image.width * image.height * image.channels, "wrong size");
    let wanted = color === "bgr" ? reference.data : luma;
    if (color.startsWith("bayer-")) {
      const [first, second] = color.slice(6);
      const other = { r: "b", b: "r" };
      const sites = second === "g" ? [first, "g", "g", other[first]] : ["g", second, other[second], "g"];
      wanted = data.map((_, at) => {
        const [y, x] = [Math.floor(at / image.width), at % image.width];
        return reference.data[at * 3 + "bgr".indexOf(sites[(y % 2) * 2 + (x % 2)])];
      });
    }
    const scale = 255 / (2 ** (image.bits ?? (image.dtype === "uint8" ? 8 : 16)) - 1);
    const { distance, alike } = compare(
      [...data].map((value) => value * scale),
      wanted,
    );
    need(alike > 0.98, `${color}: alike ${alike}, distance ${distance}`);
    let verdict = "";
    if (judge && (color !== "bgr" || /^(BGR3|GREY)$/.test(pixelFormat))) {
      v4l2ctl(`--set-fmt-video=width=320,height=180,pixelformat=${pixelFormat.padEnd(4)}`);
      v4l2ctl("--stream-mmap", "--stream-skip=1", "--stream-count=1", "--stream-to=/tmp/judge.raw");
      const judged = readFileSync("/tmp/judge.raw");
      if (pixelFormat.endsWith("-BE")) judged.swap16();
      need(Buffer.compare(judged, bytesOf(image)) === 0, "v4l2-ctl has other bytes");
      verdict = ", the bytes of v4l2-ctl";
    }
    const gray = color === "bgr" ? await capture("0", { ...options, color: "gray" }, 2) : undefined;
    if (gray) {
      // Luma comes as it is, of limited range: alike is enough.
      const found = compare(gray.frames[1].image.data, luma);
      need(gray.camera.info.color === "gray" && found.alike > 0.98, `gray: alike ${found.alike}`);
      verdict += `, as gray alike ${found.alike.toFixed(4)}`;
    }
    const { dtype, bits } = camera.info;
    return `${color} ${dtype}${bits ? ` (${bits} bits)` : ""}, alike ${alike.toFixed(4)}, distance ${distance.toFixed(2)}${verdict}`;
  });
}

await trial("a hundred frames: numbers, stamps, rate", async () => {
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const { camera, frames } = await capture("0", { ...size, rate: 25 }, 100);
  loop.disable();
  const numbers = frames.map(({ number }) => number);
  need(
    numbers.every((number, at) => at === 0 || number > numbers[at - 1]),
    `numbers ${numbers}`,
  );
  const stamps = frames.map(({ cameraTime }) => cameraTime);
  const rate = (numbers.at(-1) - numbers[0]) / (stamps.at(-1) - stamps[0]);
  need(Math.abs(rate - 25) < 0.5 && camera.rate === 25 && camera.clock === "monotonic", `rate ${rate}`);
  const lost = numbers.at(-1) - numbers[0] - 99;
  return `${rate.toFixed(3)} frames/s by the driver's stamps, ${lost} lost, loop delay p99 ${(loop.percentile(99) / 1e6).toFixed(1)} ms`;
});

await trial("the start of exposure is told by the driver's flag", async () => {
  const settings = { timestamp_source: "Start of Exposure" };
  const { camera } = await capture("0", { ...size, settings }, 2);
  need(camera.describe().stamped === "start of exposure", camera.describe().stamped);
  press("/dev/video0", { timestamp_source: 0 });
  return camera.describe().stamped;
});

await trial("a count of 32 bits that starts over goes on", async () => {
  const { frames } = await capture("0", { ...size, rate: 50, settings: { wrap_sequence_number: true } }, 150);
  press("/dev/video0", { wrap_sequence_number: 0 });
  const numbers = frames.map(({ number }) => number);
  need(numbers[0] < 2 ** 32 && numbers.at(-1) > 2 ** 32, `from ${numbers[0]} to ${numbers.at(-1)}`);
  need(
    numbers.every((number, at) => at === 0 || (number > numbers[at - 1] && number < numbers[at - 1] + 100)),
    `${numbers}`,
  );
  return `from ${numbers[0]} to ${numbers.at(-1)}`;
});

await trial("frames that the driver drops are gaps", async () => {
  const { frames } = await capture(
    "0",
    { ...size, rate: 50, settings: { percentage_of_dropped_buffers: 30 } },
    60,
  );
  press("/dev/video0", { percentage_of_dropped_buffers: 0 });
  const lost = frames.at(-1).number - frames[0].number - 59;
  need(lost > 5, `${lost} lost`);
  return `${lost} lost of ${lost + 60}`;
});

await trial("a frame that the driver calls damaged is not given, its number is missing", async () => {
  const camera = await device.open("0", { ...size, rate: 15, timeout: 20 });
  const numbers = [];
  for await (const { number } of camera) {
    if (numbers.push(number) % 10 === 0) press("/dev/video0", { inject_v4l2_buf_flag_error: true });
    if (numbers.length === 45) break;
  }
  await camera.close();
  const lost = numbers.at(-1) - numbers[0] - 44;
  need(lost >= 4, `${lost} lost`);
  return `${lost} lost, 4 of them damaged`;
});

await trial("a silent camera is a lost one", async () => {
  const settings = { percentage_of_dropped_buffers: 100 };
  const failure = await failureOf(capture("0", { ...size, rate: 25, settings, timeout: 1 }, 1));
  press("/dev/video0", { percentage_of_dropped_buffers: 0 });
  need(/CameraError: .*no frame for 1 s/.test(failure), failure);
  return failure;
});

await trial("a driver that breaks down is a lost camera, and comes back when it is opened anew", async () => {
  const camera = await device.open("0", { ...size, rate: 25, timeout: 20 });
  const failure = await failureOf(
    (async () => {
      let count = 0;
      for await (const _ of camera)
        if (++count === 3) press("/dev/video0", { inject_fatal_streaming_error: true });
    })(),
  );
  await camera.close();
  need(/CameraError: .*the driver says EIO/.test(failure), failure);
  await capture("0", size, 2);
  return failure;
});

await trial("a reader who sleeps loses frames, and their numbers tell", async () => {
  const camera = await device.open("0", { ...size, rate: 50 });
  const numbers = [];
  for await (const { number } of camera) {
    numbers.push(number);
    if (numbers.length === 3) await new Promise((resolve) => setTimeout(resolve, 2000));
    if (numbers.length === 60) break;
  }
  await camera.close();
  const steps = numbers.slice(1).map((number, at) => number - numbers[at]);
  need(Math.max(...steps) > 40, `${numbers}`);
  return `gaps up to ${Math.max(...steps) - 1}`;
});

await trial("controls are set and read by name", async () => {
  const settings = {
    brightness: 77,
    menu: "Menu Item 4",
    boolean: false,
    integer_64_bits: 12345,
    "Test Pattern": 5,
  };
  const { camera } = await capture("1", { ...size, settings }, 1);
  const { controls } = camera.describe();
  const found = [
    controls.brightness,
    controls.menu,
    controls.boolean,
    controls.integer_64_bits,
    controls.test_pattern,
  ];
  need(found.join() === "77,4,0,12345,5", found.join());
  for (const [wrong, why] of [
    [{ brightness: 999 }, /brightness cannot be "999" \(0 … 255/],
    [{ brighness: 9 }, /no setting "brighness" \(known: brightness/],
    [{ menu: "Nothing" }, /menu cannot be "Nothing" \(1 "Menu Item 1"/],
    [{ read_only_integer_32_bits: 1 }, /can only be read/],
  ]) {
    const failure = await failureOf(device.open("1", { settings: wrong }));
    need(/CameraError/.test(failure) && why.test(failure), failure);
  }
  return found.join();
});

if (judge) {
  await trial("controls have the names, limits and values that v4l2-ctl tells", () => {
    const other = new V4l2Device(linuxKernel(), "/dev/video0");
    const ours = new Map(listControls(other).map((each) => [each.name, each]));
    other.close();
    let count = 0;
    for (const line of v4l2ctl("--list-ctrls").split("\n")) {
      const match =
        /^\s*(\w+) 0x\w+ \((int|bool|menu|int64|intmenu)\)\s*: (?:min=(-?\d+) max=(-?\d+) (?:step=(\d+) )?)?default=(-?\d+)(?: value=(-?\d+))?/.exec(
          line,
        );
      if (!match) continue;
      const [, name, , least, most, , usual, now] = match;
      const found = ours.get(name);
      need(found, `${name} is missing`);
      if (least !== undefined)
        need(found.minimum === Number(least) && found.maximum === Number(most), `${name}: ${least} ${most}`);
      need(found.usual === Number(usual), `${name}: usual ${found.usual}, ${usual}`);
      if (now !== undefined && !line.includes("volatile"))
        need(found.now === Number(now), `${name}: now ${found.now}, ${now}`);
      count++;
    }
    need(count > 20, `${count} controls`);
    return `${count} controls`;
  });
}

await trial(
  "one that is in use is said to be, one that is not there is told from those that are",
  async () => {
    const camera = await device.open("0", size);
    const busy = await failureOf(device.open("/dev/video0", size));
    await camera.close();
    need(/CameraError: .*in use by another program/.test(busy), busy);
    const none = await failureOf(device.open("video7"));
    need(/CameraError: .*no such camera \(there is: .*video0/.test(none), none);
    const colors = await failureOf(device.open("0", { pixelFormat: "MJPG" }));
    need(
      /CameraError: .*does not give MJPG \(it has: YUYV|CameraError: .*does not give MJPG/.test(colors),
      colors,
    );
    return `${busy}; ${none}`;
  },
);

await trial("two cameras are recorded at a time", async () => {
  const cameras = await Promise.all(["0", "1"].map((address) => device.open(address, { ...size, rate: 15 })));
  const stores = await Promise.all(
    cameras.map(({ info }, at) => createStore(`/tmp/store${at}`, { info, format: "raw" })),
  );
  const tracks = cameras.map((source, at) => ({ name: source.id, source, sink: stores[at] }));
  const receipt = await record(tracks, { seconds: 5 });
  await Promise.all([...stores, ...cameras].map((each) => each.close()));
  const found = [];
  for (const [at, { written, missing }] of receipt.tracks.entries()) {
    const store = await openStore(`/tmp/store${at}`);
    need(store.index.length === written && written > 20, `${store.index.length} of ${written}`);
    found.push(`${written} written, ${missing} missing`);
    await store.close();
    rmSync(`/tmp/store${at}`, { recursive: true });
  }
  return found.join("; ");
});

await trial("the loop ends when the camera is closed, and it can be opened again", async () => {
  for (let turn = 0; turn < 3; turn++) {
    const camera = await device.open("1", { ...size, rate: 25 });
    let count = 0;
    for await (const _ of camera) if (++count === 3) setImmediate(() => void camera.close());
    need(count < 30, `${count} frames after it was closed`);
  }
  return "three times";
});

// The last: the camera does not come back.
await trial("one that is unplugged is a lost camera", async () => {
  const camera = await device.open("1", { ...size, rate: 25 });
  const failure = await failureOf(
    (async () => {
      let count = 0;
      for await (const _ of camera) if (++count === 5) press("/dev/video1", { disconnect: true });
    })(),
  );
  await camera.close();
  need(/CameraError: .*(unplugged)/.test(failure), failure);
  return failure;
});

console.log(failed === 0 ? "all trials passed" : `${failed} trials failed`);
process.exit(failed === 0 ? 0 : 1);
