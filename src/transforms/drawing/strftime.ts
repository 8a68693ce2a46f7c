import { zoneOffset } from "./zone-offset.js";

/** What stands for a time that is not known. */
export const unknownTime = "–";

const months = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"],
];
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const pad = (value: number, width = 2): string => String(value).padStart(width, "0");

interface Moment {
  /** In the zone. */
  readonly date: Date;
  readonly microseconds: number;
  /** Whole seconds since 1970, UTC. */
  readonly unix: number;
  /** Of the zone, in seconds. */
  readonly offset: number;
}

const directives: Readonly<Record<string, (moment: Moment, zone: string) => string>> = {
  Y: ({ date }) => pad(date.getUTCFullYear(), 4),
  y: ({ date }) => pad(date.getUTCFullYear() % 100),
  m: ({ date }) => pad(date.getUTCMonth() + 1),
  d: ({ date }) => pad(date.getUTCDate()),
  e: ({ date }) => String(date.getUTCDate()).padStart(2),
  H: ({ date }) => pad(date.getUTCHours()),
  I: ({ date }) => pad(date.getUTCHours() % 12 || 12),
  p: ({ date }) => (date.getUTCHours() < 12 ? "AM" : "PM"),
  M: ({ date }) => pad(date.getUTCMinutes()),
  S: ({ date }) => pad(date.getUTCSeconds()),
  j: ({ date }) => pad(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / 86_400_000) + 1, 3),
  B: ({ date }) => months[date.getUTCMonth()]!,
  b: ({ date }) => months[date.getUTCMonth()]!.slice(0, 3),
  A: ({ date }) => days[date.getUTCDay()]!,
  a: ({ date }) => days[date.getUTCDay()]!.slice(0, 3),
  F: ({ date }) => date.toISOString().slice(0, 10),
  T: ({ date }) => date.toISOString().slice(11, 19),
  s: ({ unix }) => String(unix),
  z: ({ offset }) => {
    const minutes = Math.floor(Math.abs(offset) / 60);
    return `${offset < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}${pad(minutes % 60)}`;
  },
  Z: (_, zone) => zone,
};

const span: Readonly<Record<string, (seconds: number) => string>> = {
  H: (seconds) => pad(Math.floor(seconds / 3600)),
  M: (seconds) => pad(Math.floor(seconds / 60) % 60),
  S: (seconds) => pad(seconds % 60),
  s: (seconds) => String(seconds),
};

type Piece = string | { readonly letter: string; readonly digits: number };

/** @throws {RangeError} for what `known` has not. */
function piecesOf(format: string, known: readonly string[]): Piece[] {
  return [...format.matchAll(/%(\d?)(.?)|[^%]+/gs)].map(([whole, digits, letter]) => {
    if (letter === undefined) return whole;
    if (letter === "%" && digits === "") return "%";
    if (letter === "f") return { letter, digits: Number(digits || 6) };
    if (digits === "" && known.includes(letter)) return { letter, digits: 0 };
    throw new RangeError(`"${whole}" is none of ${known.map((one) => `%${one}`).join(" ")} %f %3f %%`);
  });
}

/** Whole seconds and microseconds, rounded as Python's `datetime.fromtimestamp` does. */
function split(seconds: number): { readonly whole: number; readonly microseconds: number } {
  const whole = Math.floor(seconds);
  const microseconds = Math.round((seconds - whole) * 1e6);
  return microseconds === 1e6 ? { whole: whole + 1, microseconds: 0 } : { whole, microseconds };
}

function fraction(microseconds: number, digits: number): string {
  return pad(microseconds, 6).padEnd(digits, "0").slice(0, digits);
}

/**
 * Unix seconds as text in a zone, as C's and Python's `strftime` write it in English: %Y %y %m %d %e %H %I %p %M %S %j %B %b
 * %A %a %F %T %s %z %Z %% and %f, microseconds (%3f: cut to three digits).
 * @throws {RangeError} for other directives, and unknown zones.
 */
export function compileTime(format: string, zone = "UTC"): (seconds: number) => string {
  const pieces = piecesOf(format, Object.keys(directives));
  const offsetOf = zoneOffset(zone);
  return (seconds) => {
    // A date of JavaScript ends 100 million days from 1970.
    if (!(Math.abs(seconds) < 8.64e12 - 86_400)) return unknownTime;
    const { whole, microseconds } = split(seconds);
    const offset = offsetOf(whole);
    const moment: Moment = { date: new Date((whole + offset) * 1000), microseconds, unix: whole, offset };
    return pieces
      .map((piece) => {
        if (typeof piece === "string") return piece;
        return piece.letter === "f"
          ? fraction(microseconds, piece.digits)
          : directives[piece.letter]!(moment, zone);
      })
      .join("");
  };
}

/**
 * A length of time as text: %H hours (as many as there are), %M minutes, %S seconds, %s seconds in all, %f microseconds
 * (%3f milliseconds), %%.
 * @throws {RangeError} for other directives.
 */
export function compileSpan(format: string): (seconds: number) => string {
  const pieces = piecesOf(format, Object.keys(span));
  return (seconds) => {
    if (!Number.isFinite(seconds)) return unknownTime;
    const { whole, microseconds } = split(Math.abs(seconds));
    const text = pieces
      .map((piece) => {
        if (typeof piece === "string") return piece;
        return piece.letter === "f" ? fraction(microseconds, piece.digits) : span[piece.letter]!(whole);
      })
      .join("");
    return seconds < 0 ? `-${text}` : text;
  };
}
