import { zoneOffset } from "../transforms/drawing/zone-offset.js";

/** The instants at which a clock on the wall shows a certain time. */
export interface LocalInstants {
  /** Seconds since 1970, earliest first: none if the clock jumps over it, two if it is set back over it. */
  readonly times: readonly number[];
  /** The first instant at which the clock shows that time or a later one. */
  readonly after: number;
}

/** The clocks of a zone. */
export interface ZoneInstants {
  /** How far they are ahead of UTC at that instant, in seconds. */
  offset(time: number): number;
  /** @param shown what they show, in seconds since 1970 as if they showed UTC. */
  of(shown: number): LocalInstants;
}

/** IANA's name of the machine's zone. */
export function machineZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Zones change their clocks at whole quarters of an hour, and not twice in two days. */
const quarter = 900;
const day = 86_400;

/** Of a zone, by its name: making a calendar takes longer than all questions to it. */
const calendars = new Map<string, ZoneInstants>();
/** Offsets that are kept of each: three years of quarters. */
const mostKnown = 100_000;

/**
 * Asks when the clocks of a zone show a time.
 * @param zone IANA's name, "UTC" or "+02:00". @default the machine's
 * @throws {RangeError} if there is no such zone.
 */
export function localInstants(zone: string = machineZone()): ZoneInstants {
  const instants = calendars.get(zone) ?? calendarOf(zone);
  calendars.set(zone, instants);
  return instants;
}

function calendarOf(zone: string): ZoneInstants {
  const ask = zoneOffset(zone);
  const known = new Map<number, number>();
  const offset = (time: number): number => {
    const start = Math.floor(time / quarter) * quarter;
    const found = known.get(start);
    if (found !== undefined) return found;
    if (known.size >= mostKnown) known.clear();
    const value = ask(start);
    known.set(start, value);
    return value;
  };
  const of = (shown: number): LocalInstants => {
    // What is looked for lies within a day, whatever the zone; so these two are the offsets that it can have.
    const [before, after] = [offset(shown - day), offset(shown + day)];
    if (before === after) return { times: [shown - before], after: shown - before };
    const times = [shown - before, shown - after].filter((time) => time + offset(time) === shown);
    times.sort((a, b) => a - b);
    return { times, after: times[0] ?? jumpBetween(shown - after, shown - before, offset) };
  };
  return { offset, of };
}

/** When the clocks were changed. */
function jumpBetween(from: number, to: number, offset: (time: number) => number): number {
  const old = offset(from);
  let [before, after] = [Math.floor(from / quarter), Math.ceil(to / quarter)];
  while (after - before > 1) {
    const middle = (before + after) >> 1;
    if (offset(middle * quarter) === old) before = middle;
    else after = middle;
  }
  return after * quarter;
}
