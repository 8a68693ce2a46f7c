import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { CameraListing } from "../../capture/camera.js";
import { CameraError } from "../../core/errors.js";
import { describeControl, listControls } from "./controls.js";
import type { Kernel } from "./kernel.js";
import { V4l2Device } from "./v4l2-device.js";

/** Where the system keeps its devices. */
export interface DeviceRoots {
  /** @default "/dev" */
  readonly dev?: string;
  /** @default "/sys/class/video4linux" */
  readonly sys?: string;
}

/** A node of /dev that gives video. */
export interface FoundDevice {
  readonly path: string;
  /** Its serial number with its maker's and model's, or else the port that it is plugged into. */
  readonly id: string;
  /** Names that it can be asked for by, beside its path and its id: video0, those in /dev/v4l. */
  readonly names: readonly string[];
}

/** Every camera with its modes and controls. */
export async function findDevices(kernel: Kernel, roots: DeviceRoots = {}): Promise<CameraListing[]> {
  const listings: CameraListing[] = [];
  for (const { path, id, names } of await findNodes(kernel, roots)) {
    const device = openOrSkip(kernel, path);
    if (!device) continue;
    try {
      const { card, isMultiPlanar, isCamera } = device.facts();
      const modes = isCamera ? device.modes() : [];
      const remark =
        isMultiPlanar && !isCamera ? ", gives frames in several planes, which is not read here" : "";
      listings.push({
        address: isSerial(id) ? id : names[0]!,
        title: `${card} (${path})${remark}`,
        modes: modes.map(({ width, height, rates, pixelFormat, slowest }) => ({
          ...{ width, height, pixelFormat },
          rates: slowest === undefined || rates.includes(slowest) ? rates : [...rates, slowest],
        })),
        settings: Object.fromEntries(listControls(device).map((each) => [each.name, describeControl(each)])),
      });
    } catch (error) {
      if (!(error instanceof CameraError)) throw error; // it went while it was looked at
    } finally {
      device.close();
    }
  }
  return listings;
}

/**
 * The one device that is meant.
 * @param address a path, a number as in /dev/video0, a name in /dev/v4l, an id; empty for the first camera.
 * @throws {CameraError} if there is none; it says which there are.
 */
export async function resolveDevice(
  address: string,
  kernel: Kernel,
  roots: DeviceRoots = {},
): Promise<FoundDevice> {
  const found = await findNodes(kernel, roots);
  const wanted = /^\d+$/.test(address) ? `video${address}` : address;
  const meant =
    wanted === ""
      ? found[0]
      : found.find(({ path, id, names }) => path === wanted || id === wanted || names.includes(wanted));
  if (meant) return meant;
  const known = found.map(({ id, names }) => (isSerial(id) ? `${id} (${names[0]})` : names[0]));
  const there = known.length > 0 ? `there is: ${known.join(", ")}` : "there is none";
  throw new CameraError(`device:${address}`, `no such camera (${there})`);
}

/** Nodes that give video, in the order of their numbers. */
async function findNodes(kernel: Kernel, roots: DeviceRoots): Promise<FoundDevice[]> {
  const { dev = "/dev", sys = "/sys/class/video4linux" } = roots;
  const nodes = (await readdir(dev).catch(() => [])).filter((name) => /^video\d+$/.test(name));
  nodes.sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
  const links = await namesInDev(dev);
  const found: FoundDevice[] = [];
  for (const node of nodes) {
    const path = join(dev, node);
    const device = openOrSkip(kernel, path);
    if (!device) continue;
    try {
      const { isCamera, isMultiPlanar, card, bus } = device.facts();
      if (!isCamera && !isMultiPlanar) continue;
      const id = (await serialOf(join(sys, node))) ?? `${card}@${bus}#${await indexOf(join(sys, node))}`;
      found.push({ path, id, names: [node, ...(links.get(node) ?? [])] });
    } catch (error) {
      if (!(error instanceof CameraError)) throw error;
    } finally {
      device.close();
    }
  }
  return found;
}

/** A node that may not be opened, or has just gone, is none. */
function openOrSkip(kernel: Kernel, path: string): V4l2Device | undefined {
  try {
    return new V4l2Device(kernel, path);
  } catch {
    return undefined;
  }
}

function isSerial(id: string): boolean {
  return !id.includes("@");
}

/** The names that udev gives, by node. */
async function namesInDev(dev: string): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  for (const folder of ["by-id", "by-path"]) {
    const at = join(dev, "v4l", folder);
    for (const name of await readdir(at).catch(() => [])) {
      const node = basename(await readlink(join(at, name)).catch(() => ""));
      names.set(node, [...(names.get(node) ?? []), name]);
    }
  }
  return names;
}

/** Maker, model and serial number of a device on USB, and which of its nodes it is; undefined where it has no serial. */
async function serialOf(node: string): Promise<string | undefined> {
  let at = await realpath(join(node, "device")).catch(() => undefined);
  for (let depth = 0; at !== undefined && at !== "/" && depth < 8; depth++, at = dirname(at)) {
    const [vendor, product, serial] = await Promise.all(
      ["idVendor", "idProduct", "serial"].map((name) => line(join(at!, name))),
    );
    if (vendor === undefined || product === undefined) continue;
    if (!serial) return undefined;
    const index = await indexOf(node);
    return `${vendor}-${product}-${serial.replace(/[^\w.-]+/g, "_")}${index === "0" ? "" : `-${index}`}`;
  }
  return undefined;
}

async function indexOf(node: string): Promise<string> {
  return (await line(join(node, "index"))) ?? "0";
}

async function line(path: string): Promise<string | undefined> {
  const content = await readFile(path, "utf8").catch(() => undefined);
  return content?.trim();
}
