import { CameraError } from "../../core/errors.js";

/** What goes wrong with a synthetic camera, and when. All seconds are those since its first frame was due. */
export interface Faults {
  /** Share of frames that are lost before anyone sees them. */
  readonly drop: number;
  /** Nothing comes for so long; the frames of that time are lost. */
  readonly stall?: { readonly from: number; readonly seconds: number };
  /** Its clock jumps. */
  readonly jump?: { readonly at: number; readonly seconds: number };
  /** It is lost, as if unplugged. */
  readonly die?: number;
  /** Its process is aborted, as a driver does that runs amok. */
  readonly crash?: number;
  /** One frame has only half of its rows. */
  readonly garbage?: number;
  /** From then on every frame has only half of its rows. */
  readonly resize?: number;
  /** How much faster its clock runs than the world's, in parts per million. It times its frames by that clock. */
  readonly drift: number;
  /** Frames arrive late by a random time of up to so many seconds. */
  readonly jitter: number;
  /** Another seed, other chances; the clock of the camera starts elsewhere, too. */
  readonly seed: number;
}

/** A number with its limits, or a second with a length, written 5+2. */
type Shape =
  | { readonly least: number; readonly most: number; readonly below?: true }
  | { readonly pair: true; readonly usual?: number; readonly backwards?: true };

const second = { least: 0, most: 1e9 } as const;

const shapes: { readonly [F in keyof Faults]-?: Shape } = {
  drop: { least: 0, most: 1, below: true },
  stall: { pair: true },
  jump: { pair: true, usual: 1, backwards: true },
  die: second,
  crash: second,
  garbage: second,
  resize: second,
  drift: { least: -100_000, most: 100_000 },
  jitter: { least: 0, most: 3600 },
  seed: { least: 0, most: 2 ** 31 - 1 },
};

/** What the settings are and may be, for people. */
export const faultSettings: Readonly<Record<keyof Faults, string>> = {
  drop: "share of frames lost at random: 0 … below 1, usually 0",
  stall: "5+2: silent for 2 s from second 5 on, the frames of that time are lost",
  jump: "8+3, 8-3600: at second 8 its clock jumps by so many seconds, 8 alone by one",
  die: "second at which it is lost, as if unplugged",
  crash: "second at which its process is aborted",
  garbage: "second at which one frame has only half of its rows",
  resize: "second from which all frames have only half of their rows",
  drift: "parts per million that its clock is too fast: -100000 … 100000, usually 0",
  jitter: "seconds that frames arrive late at most: 0 … 3600, usually 0",
  seed: "of all chances, and of where its clock starts: 0 … 2147483647, usually 1",
};

/**
 * Reads settings of a synthetic camera.
 * @throws {CameraError} if one is not known or out of range; it says which there are, or what it may be.
 */
export function readFaults(
  camera: string,
  settings: Readonly<Record<string, string | number | boolean>> = {},
): Faults {
  const found: Record<string, unknown> = { drop: 0, drift: 0, jitter: 0, seed: 1 };
  for (const [name, value] of Object.entries(settings)) {
    if (!Object.hasOwn(shapes, name)) {
      throw new CameraError(camera, `no setting "${name}" (known: ${Object.keys(shapes).join(", ")})`);
    }
    const fault = name as keyof Faults;
    const read = readValue(shapes[fault], String(value));
    if (read === undefined) {
      throw new CameraError(camera, `${name} cannot be "${value}" (${faultSettings[fault]})`);
    }
    found[name] = "pair" in shapes[fault] ? pairOf(fault, read as readonly [number, number]) : read;
  }
  return found as unknown as Faults;
}

const numeral = String.raw`\d+(?:\.\d+)?(?:e[+-]?\d+)?`;

function readValue(shape: Shape, text: string): number | readonly [number, number] | undefined {
  if ("pair" in shape) {
    const match = new RegExp(`^(${numeral})(?:([+-])(${numeral}))?$`).exec(text);
    const length = match?.[3] === undefined ? shape.usual : Number(`${match[2]}${match[3]}`);
    if (!match || length === undefined || (length < 0 && !shape.backwards)) return undefined;
    return [Number(match[1]), length];
  }
  const value = new RegExp(`^-?${numeral}$`).test(text) ? Number(text) : Number.NaN;
  const isInside = value >= shape.least && (shape.below ? value < shape.most : value <= shape.most);
  return isInside ? value : undefined;
}

function pairOf(fault: keyof Faults, [at, seconds]: readonly [number, number]): object {
  return fault === "stall" ? { from: at, seconds } : { at, seconds };
}
