import type { YamlNode, YamlScalar } from "../store/yaml-tree.js";
import { parseDuration, parseMoment, parseSize } from "./rig-values.js";

/** What the reading of one value needs to know. */
export interface FieldContext {
  /** Seconds since 1970, for times of day. */
  readonly now: number;
  readonly zone?: string;
}

/** How the value of a key is read. */
export interface RigField {
  /** What it must be, for errors: "a duration such as 30s". */
  readonly looks: string;
  /**
   * @param typed the value as YAML sees it.
   * @returns undefined if it is none.
   */
  read(node: YamlNode, typed: unknown, context: FieldContext): unknown;
}

/** A field that is one word or number in the file. @param read throws what it likes, or gives undefined, if it is none. */
function scalar(
  looks: string,
  read: (text: string, node: YamlScalar, context: FieldContext) => unknown,
): RigField {
  return {
    looks,
    read(node, _, context) {
      if (node.kind !== "scalar" || (node.text === "" && !node.isQuoted)) return undefined;
      try {
        return read(node.text, node, context);
      } catch (error) {
        if (error instanceof RangeError) return undefined;
        throw error;
      }
    },
  };
}

const plainNumber = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** Whole, from `least` on. */
export const whole = (least: number): RigField =>
  scalar(least > 0 ? `a whole number from ${least} on` : "a whole number", (text) => {
    const value = plainNumber.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(value) && value >= least ? value : undefined;
  });

export const positive = scalar("a number above 0", (text) => {
  const value = plainNumber.test(text) ? Number(text) : Number.NaN;
  return value > 0 && Number.isFinite(value) ? value : undefined;
});

export const anyNumber = scalar("a number", (text) => (plainNumber.test(text) ? Number(text) : undefined));

export const truth = scalar("true or false", (text, { isQuoted }) => {
  if (isQuoted) return undefined;
  return /^(true|yes|on)$/i.test(text) ? true : /^(false|no|off)$/i.test(text) ? false : undefined;
});

export const words = scalar("a text", (text) => text);

export const choice = (...options: readonly string[]): RigField =>
  scalar(`one of ${options.join(", ")}`, (text) => (options.includes(text) ? text : undefined));

export const size = scalar("a size such as 2 GiB, 500 MB or 4096", parseSize);

/** @param isZeroMeant 0 has a meaning. */
export const duration = (isZeroMeant = false): RigField =>
  scalar("a duration such as 30s, 10min or 2h", (text) => {
    const seconds = parseDuration(text);
    return seconds > 0 || isZeroMeant ? seconds : undefined;
  });

export const moment = scalar("a time such as 18:30 or 2026-03-01 18:30:00", (text, _, { now, zone }) =>
  parseMoment(text, now, zone),
);

export const rotationStep = scalar("hour, day, or a duration such as 30min", (text) =>
  text === "hour" || text === "day" ? text : parseDuration(text) || undefined,
);

/** Whatever YAML can spell, by name. */
export const anything: RigField = {
  looks: "names with values, such as fly: 12",
  read: (node, typed) =>
    node.kind === "mapping" && !(typed instanceof Map) ? (typed as Record<string, unknown>) : undefined,
};

/** Words, numbers and truths, by name. */
export const settings: RigField = {
  looks: "names with one text, number, true or false each",
  read: (node, typed) => {
    if (node.kind !== "mapping" || typed instanceof Map) return undefined;
    const isPlain = Object.values(typed as object).every((value) =>
      ["string", "number", "boolean"].includes(typeof value),
    );
    return isPlain ? typed : undefined;
  },
};

/** Of one camera; all but `name` and `camera` may stand in `defaults`, too. */
export const cameraFields: Readonly<Record<string, RigField>> = {
  name: scalar("a word of letters, digits, -, _ and ., that begins with a letter or digit", (text) =>
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(text) && !text.endsWith(".") ? text : undefined,
  ),
  camera: scalar("a camera such as synthetic:640x480@25 or device:/dev/video0", (text) =>
    /^[a-z][a-z0-9+.-]*(:.*)?$/i.test(text) ? text : undefined,
  ),
  width: whole(1),
  height: whole(1),
  rate: positive,
  dtype: choice("uint8", "uint16"),
  color: choice("gray", "bgr", "bayer-rg", "bayer-bg", "bayer-gr", "bayer-gb"),
  pixelFormat: words,
  settings,
  timeout: duration(true),
  format: words,
  chunkSize: whole(1),
  queueBytes: size,
  drop: choice("newest", "oldest", "fail"),
  metadata: anything,
  quality: anyNumber,
  gop: whole(1),
  preset: words,
  fps: positive,
  threads: whole(0),
  hardware: choice("none", "auto"),
};

/** Of the rig itself; `cameras`, `defaults`, `rotate`, `schedule` and `triggers` are read apart. */
export const rigFields: Readonly<Record<string, RigField>> = {
  directory: words,
  pattern: words,
  metadata: anything,
  durability: choice("flush", "second", "frame"),
  minFree: size,
  preTrigger: duration(true),
  seconds: duration(),
  frames: whole(1),
  until: moment,
  armed: truth,
  silence: duration(),
};

export const rotateFields: Readonly<Record<string, RigField>> = { every: rotationStep, bytes: size };

export const triggerFields: Readonly<Record<string, RigField>> = {
  file: words,
  signal: choice("SIGUSR1", "SIGUSR2"),
};

export const hoursFields: Readonly<Record<string, RigField>> = {
  cron: words,
  seconds: duration(),
  from: words,
  to: words,
};
