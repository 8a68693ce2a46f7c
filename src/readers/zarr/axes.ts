import { UnsupportedError } from "../../core/errors.js";
import { guessAxes } from "../../images/array-axes.js";
import type { ZarrArray } from "./array.js";
import type { AxisRole } from "./frames.js";
import { isObject } from "./json.js";

/** What programs call the axes of pictures. */
const roleOfName: { readonly [name: string]: "t" | "h" | "w" | "c" | "z" } = {
  ...{ t: "t", time: "t", frame: "t", frames: "t" },
  ...{ y: "h", h: "h", height: "h", row: "h", rows: "h" },
  ...{ x: "w", w: "w", width: "w", col: "w", column: "w", columns: "w" },
  ...{ c: "c", channel: "c", channels: "c", ch: "c", band: "c", color: "c" },
  ...{ z: "z", depth: "z", plane: "z", slice: "z" },
};

export interface AxesAsked {
  /** One letter each, as the user says. */
  readonly axes?: string | undefined;
  /** What a group says of its arrays, as OME-Zarr does. */
  readonly names?: readonly (string | null)[] | undefined;
}

/**
 * What each axis of an array is: as it is told; or by its name, if all have names that are known; or else guessed from its
 * shape, where axes of length 1 beyond the fourth are left out.
 * @throws {TypeError} for axes that do not fit; {UnsupportedError} for several planes, or a shape that is no pictures.
 */
export function axisRoles({ shape, axisNames, folder }: ZarrArray, { axes, names }: AxesAsked): AxisRole[] {
  if (axes !== undefined) return toldRoles(axes, shape);
  const known = (names ?? axisNames)?.map((name) => roleOfName[name?.toLowerCase() ?? ""]);
  if (known?.length === shape.length && isWhole(known))
    return known.map((role, axis) => planeOf(role, shape[axis]!, folder));
  const spare = Math.max(0, shape.length - 4);
  const left = shape.map((length, axis) => (length === 1 ? axis : -1)).filter((axis) => axis >= 0);
  const dropped = new Set(left.slice(0, spare));
  const kept = shape.filter((_, axis) => !dropped.has(axis));
  const letters = [...guessAxes(kept, folder)] as AxisRole[];
  return shape.map((_, axis) => (dropped.has(axis) ? 0 : letters.shift()!));
}

function isWhole(roles: readonly (string | undefined)[]): roles is ("t" | "h" | "w" | "c" | "z")[] {
  const isEach = roles.every((role) => role !== undefined) && new Set(roles).size === roles.length;
  return isEach && roles.includes("h") && roles.includes("w");
}

function planeOf(role: "t" | "h" | "w" | "c" | "z", length: number, folder: string): AxisRole {
  if (role !== "z") return role;
  if (length === 1) return 0;
  throw new UnsupportedError("Zarr volume", `${length} planes (z) in ${folder}`, ["one plane"]);
}

function toldRoles(axes: string, shape: readonly number[]): AxisRole[] {
  const letters = [...axes];
  const fits =
    letters.every((letter) => "thwcz".includes(letter)) &&
    new Set(letters).size === letters.length &&
    letters.includes("h") &&
    letters.includes("w");
  if (!fits) throw new TypeError(`axes are h, w and maybe t, c and z, such as "thw"; got "${axes}"`);
  if (letters.length !== shape.length) {
    throw new TypeError(`axes "${axes}" for an array of shape (${shape.join(", ")})`);
  }
  return letters.map((letter, axis) =>
    planeOf(letter as "t", shape[axis]!, `an array of shape (${shape.join(", ")})`),
  );
}

/** What OME-Zarr says of the pictures of a group (https://ngff.openmicroscopy.org). */
export interface Multiscale {
  /** Paths of the arrays, that in full size first. */
  readonly paths: readonly [string, ...string[]];
  readonly names: readonly string[];
  /** Frames a second, where its time has a unit. */
  readonly rate: number | undefined;
}

type NamedPath = Readonly<Record<string, unknown>> & { readonly path: string };

const secondsOfUnit: { readonly [unit: string]: number } = {
  ...{ second: 1, millisecond: 1e-3, microsecond: 1e-6, nanosecond: 1e-9, minute: 60, hour: 3600 },
};

/** The first image of a group, if it is OME-Zarr. */
export function multiscaleOf(attributes: Readonly<Record<string, unknown>>): Multiscale | undefined {
  const { multiscales } = isObject(attributes.ome) ? attributes.ome : attributes;
  const first: unknown = Array.isArray(multiscales) ? multiscales[0] : undefined;
  const datasets: unknown[] = isObject(first) && Array.isArray(first.datasets) ? first.datasets : [];
  const [full, ...smaller] = datasets.filter(
    (one) => isObject(one) && typeof one.path === "string",
  ) as NamedPath[];
  if (!isObject(first) || full === undefined) return undefined;
  // Before 0.3 they were always these.
  const axes = Array.isArray(first.axes) ? first.axes : ["t", "c", "z", "y", "x"];
  const names = axes.map((axis) => String(isObject(axis) ? axis.name : axis));
  return { paths: [full.path, ...smaller.map(({ path }) => path)], names, rate: rateOf(axes, full) };
}

function rateOf(
  axes: readonly unknown[],
  { coordinateTransformations: list }: Readonly<Record<string, unknown>>,
) {
  const at = axes.findIndex((axis) => isObject(axis) && axis.type === "time");
  const axis = axes[at];
  const unit = isObject(axis) ? secondsOfUnit[String(axis.unit)] : undefined;
  const scale = Array.isArray(list) ? list.find((one) => isObject(one) && one.type === "scale") : undefined;
  const step = isObject(scale) && Array.isArray(scale.scale) ? Number(scale.scale[at]) : Number.NaN;
  return unit !== undefined && step > 0 ? 1 / (step * unit) : undefined;
}
