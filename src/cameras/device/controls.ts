import { constants } from "node:os";
import { CameraError } from "../../core/errors.js";
import type { V4l2Device } from "./v4l2-device.js";
import { control, extControl, extControls, queryExtCtrl, querymenu, requests } from "./v4l2-layout.js";

/** Something of a device that can be set: exposure, gain, a test pattern. */
export interface DeviceControl {
  readonly id: number;
  /** The driver's name in small letters, as v4l2-ctl writes it: "exposure_time_absolute". */
  readonly name: string;
  readonly type: "integer" | "boolean" | "menu" | "button" | "integer64" | "bitmask";
  readonly minimum: number;
  readonly maximum: number;
  readonly step: number;
  readonly usual: number;
  /** Absent where it can only be set. */
  readonly now?: number;
  readonly isReadOnly: boolean;
  /** It does nothing now, because another control does its work: automatic exposure. */
  readonly isInactive: boolean;
  /** Of a menu: what its values stand for. */
  readonly menu?: ReadonlyMap<number, string>;
}

const types: { readonly [code: number]: DeviceControl["type"] | "menu of integers" } = {
  1: "integer",
  2: "boolean",
  3: "menu",
  4: "button",
  5: "integer64",
  8: "bitmask",
  9: "menu of integers",
};

const flag = { disabled: 1, readOnly: 4, inactive: 0x10, writeOnly: 0x40 } as const;
/** Of an id: the one after it. */
const nextControl = 0x8000_0000;
const mostControls = 4096;
const mostMenuEntries = 1024;

/** A control's name as v4l2-ctl writes it: "Exposure Time, Absolute" is exposure_time_absolute. */
export function controlName(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_|_$/g, "");
}

/** Every control that is one number, in the driver's order. */
export function listControls(device: V4l2Device): DeviceControl[] {
  const found: DeviceControl[] = [];
  for (let id = 0, count = 0; count < mostControls; count++) {
    const bytes = queryExtCtrl.create({ id: id | nextControl });
    if (device.ask(requests.queryExtCtrl, bytes) !== 0) break;
    const next = queryExtCtrl.get(bytes, "id");
    if (next <= id) break;
    id = next;
    const kind = types[queryExtCtrl.get(bytes, "type")];
    const flags = queryExtCtrl.get(bytes, "flags");
    const isScalar = queryExtCtrl.get(bytes, "nr_of_dims") === 0;
    if (kind === undefined || !isScalar || flags & flag.disabled) continue;
    const type = kind === "menu of integers" ? "menu" : kind;
    const [minimum, maximum] = [queryExtCtrl.get(bytes, "minimum"), queryExtCtrl.get(bytes, "maximum")];
    const isReadable = !(flags & flag.writeOnly) && type !== "button";
    const now = isReadable ? readControl(device, id, type) : undefined;
    found.push({
      ...{ id, type, minimum, maximum },
      name: controlName(queryExtCtrl.text(bytes, "name")),
      step: queryExtCtrl.get(bytes, "step"),
      usual: queryExtCtrl.get(bytes, "default_value"),
      ...(now !== undefined && { now }),
      isReadOnly: (flags & flag.readOnly) !== 0,
      isInactive: (flags & flag.inactive) !== 0,
      ...(type === "menu" && { menu: readMenu(device, id, minimum, maximum, kind === "menu of integers") }),
    });
  }
  return found;
}

function readMenu(device: V4l2Device, id: number, first: number, last: number, isOfIntegers: boolean) {
  const menu = new Map<number, string>();
  for (let index = Math.max(0, first); index <= Math.min(last, first + mostMenuEntries); index++) {
    const bytes = querymenu.create({ id, index });
    if (device.ask(requests.querymenu, bytes) !== 0) continue; // menus have holes
    menu.set(index, isOfIntegers ? String(querymenu.get(bytes, "value")) : querymenu.text(bytes, "name"));
  }
  return menu;
}

/** @returns undefined where it cannot be read. */
export function readControl(device: V4l2Device, id: number, type: DeviceControl["type"]): number | undefined {
  if (type === "integer64") {
    const one = extControl.create({ id });
    const code = device.ask(requests.getExtCtrls, wrapped(device, one));
    return code === 0 ? extControl.get(one, "value64") : undefined;
  }
  const bytes = control.create({ id });
  return device.ask(requests.getCtrl, bytes) === 0 ? control.get(bytes, "value") : undefined;
}

/** @returns 0 or errno. */
function writeControl(device: V4l2Device, { id, type }: DeviceControl, value: number): number {
  if (type === "integer64") {
    return device.ask(requests.setExtCtrls, wrapped(device, extControl.create({ id, value64: value })));
  }
  // A bitmask may have its highest bit set.
  return device.ask(requests.setCtrl, control.create({ id, value: value | 0 }));
}

function wrapped(device: V4l2Device, one: Buffer): Buffer {
  return extControls.create({ count: 1, controls: device.kernel.address(one) });
}

/** What it is and may be, for people. */
export function describeControl(given: DeviceControl): string {
  const { type, minimum, maximum, step, usual, now, menu, isReadOnly, isInactive } = given;
  const named = (value: number): string => (menu?.has(value) ? `"${menu.get(value)}"` : String(value));
  const range = menu
    ? [...menu].map(([value, title]) => `${value} "${title}"`).join(", ")
    : type === "button"
      ? "1 presses it"
      : type === "boolean"
        ? "0 or 1"
        : `${minimum} … ${maximum}${step > 1 ? `, step ${step}` : ""}`;
  const parts = [
    range,
    ...(type === "button" ? [] : [`usually ${named(usual)}`]),
    ...(now === undefined ? [] : [`now ${named(now)}`]),
    ...(isReadOnly ? ["read only"] : []),
    ...(isInactive ? ["not in effect now"] : []),
  ];
  return parts.join(", ");
}

/** The number that a setting stands for: itself, true and false, or the name of an entry of a menu. */
function numberOf(camera: string, given: DeviceControl, asked: string | number | boolean): number {
  const { name, minimum, maximum, step, menu, type } = given;
  const refuse = (): never => {
    throw new CameraError(camera, `${name} cannot be "${asked}" (${describeControl(given)})`);
  };
  if (typeof asked === "boolean") return type === "boolean" || type === "button" ? Number(asked) : refuse();
  if (menu) {
    const text = String(asked).trim().toLowerCase();
    const entry = [...menu].find(([value, title]) => String(value) === text || title.toLowerCase() === text);
    return entry ? entry[0] : refuse();
  }
  const text = String(asked).trim();
  if (type === "boolean" && /^(true|false)$/.test(text)) return text === "true" ? 1 : 0;
  const value = /^(-?\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : refuse();
  const isInside = type === "button" || (value >= minimum && value <= maximum);
  const isOnStep = type !== "integer" || step <= 1 || (value - minimum) % step === 0;
  return isInside && isOnStep ? value : refuse();
}

/**
 * Sets controls in the order given. One that the driver refuses now is tried again after the others: an exposure may be set
 * only when it is no longer automatic.
 * @throws {CameraError} if there is no such control, it cannot be that, or the driver refuses it.
 */
export function applySettings(
  device: V4l2Device,
  settings: Readonly<Record<string, string | number | boolean>>,
): void {
  const controls = listControls(device);
  const byName = new Map(controls.map((each) => [each.name, each]));
  let left = Object.entries(settings).map(([name, asked]) => {
    const found = byName.get(controlName(name));
    if (!found) {
      const known = controls.filter(({ isReadOnly }) => !isReadOnly).map((each) => each.name);
      throw new CameraError(device.path, `no setting "${name}" (known: ${known.join(", ") || "none"})`);
    }
    if (found.isReadOnly) throw new CameraError(device.path, `${found.name} can only be read`);
    return { found, value: numberOf(device.path, found, asked) };
  });
  for (;;) {
    const refused = left.flatMap((each) => {
      const code = writeControl(device, each.found, each.value);
      if (code === constants.errno.ENODEV) throw device.failure(code, "");
      return code === 0 ? [] : [{ ...each, code }];
    });
    if (refused.length === 0) return;
    if (refused.length === left.length) {
      const [{ found, value, code }] = refused as [(typeof refused)[number]];
      throw device.failure(code, `set ${found.name} to ${value} (${describeControl(found)})`);
    }
    left = refused;
  }
}
