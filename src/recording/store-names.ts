import { compileTime } from "../transforms/drawing/strftime.js";
import { countWriter, parseFields } from "../transforms/drawing/text-fields.js";

/** What a store is called after. */
export interface StoreFacts {
  /** Of the camera. */
  readonly name: string;
  /** Of its first frame, or when saving began: seconds since 1970. All stores of one moment are given the same. */
  readonly time: number;
  /** Of the moment in this recording, from 1. */
  readonly count: number;
}

/** A pattern that was read. */
export interface StorePattern {
  readonly text: string;
  /** @returns a path below the rig's folder, with `/` between its parts. */
  fill(facts: StoreFacts): string;
}

export const usualPattern = "{time:%Y%m%d_%H%M%S}/{name}";

export interface StorePatternOptions {
  /** Of the cameras. */
  readonly names: readonly string[];
  /** There may be more stores than one for each camera. @default false */
  readonly several?: boolean;
  /** IANA's name. @default the machine's */
  readonly zone?: string;
}

/** Bytes of one part of a path; what it is written under at first has a longer name. */
const longestPart = 200;
/** What no folder is called that may be copied to a disk of Windows, or a share. */
const forbidden = /[<>:"|?*\\\p{Cc}]/u;

/**
 * Reads how stores are to be called: text with `{name}` of the camera, `{time}` or `{time:%Y-%m-%d_%H-%M-%S}` of its first
 * frame in local time (see `compileTime`; without a format `%Y%m%d_%H%M%S`), and `{count}` or `{count:03d}`.
 * @throws {RangeError} if a field is unknown, if two cameras or two moments would get the same path, one store would lie in
 * another, or a path would leave the folder or could not be copied everywhere.
 */
export function parseStorePattern(text: string, options: StorePatternOptions): StorePattern {
  const zone = options.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const fill = parseFields<StoreFacts, "name" | "time" | "count">(
    text,
    ["name", "time", "count"],
    (field, format) => {
      if (field === "name") {
        if (format !== undefined) throw new RangeError(`{name:${format}}: a name has no format`);
        return ({ name }) => name;
      }
      if (field === "count") {
        const write = countWriter(field, format);
        return ({ count }) => write(count);
      }
      if (format !== undefined && !format.includes("%")) {
        throw new RangeError(`{time:${format}} is no format such as %Y-%m-%d_%H-%M-%S`);
      }
      const write = compileTime(format ?? "%Y%m%d_%H%M%S", zone);
      return ({ time }) => write(time);
    },
  );
  const pattern = { text, fill: (facts: StoreFacts) => checkedPath(fill(facts)) };
  checkApart(pattern, options);
  return pattern;
}

function checkedPath(path: string): string {
  for (const part of path.split("/")) {
    const wrong =
      part === ""
        ? "has an empty part"
        : part === "." || part === ".."
          ? `has a part "${part}"`
          : forbidden.test(part)
            ? `has ${JSON.stringify(forbidden.exec(part)![0])} in it, which no folder of Windows may have`
            : /^[ ]|[ .]$/.test(part)
              ? `has a part that begins or ends with a blank, or ends with a dot`
              : Buffer.byteLength(part) > longestPart
                ? `has a part of more than ${longestPart} bytes`
                : undefined;
    if (wrong !== undefined) throw new RangeError(`the path ${JSON.stringify(path)} ${wrong}`);
  }
  return path;
}

/** Moments that a pattern must tell apart: a second, a minute, an hour, a day, a month, a year after the first. */
const first = 1_762_300_800;
const steps = [0, 1, 60, 3600, 43_200, 86_400, 7 * 86_400, 31 * 86_400, 365 * 86_400];
/** Counts that run together with digits beside them, if any do. */
const counts = [1, 2, 11, 12, 111, 112];

/** Tried out, with what would run into each other first. */
function checkApart(pattern: StorePattern, { names, several = false }: StorePatternOptions): void {
  const moments = several
    ? [...steps.map((step, at) => ({ time: first + step, count: 1000 + at }))].concat(
        counts.map((count) => ({ time: first, count })),
      )
    : [{ time: first, count: 1 }];
  // Where the count tells moments apart, time need not; a count alone may be the same for two times.
  const hasCount =
    pattern.fill({ name: "a", time: first, count: 1 }) !== pattern.fill({ name: "a", time: first, count: 2 });
  const seen = new Map<string, { readonly name: string; readonly time: number; readonly count: number }>();
  for (const name of names) {
    for (const [at, moment] of moments.entries()) {
      if (at >= steps.length && !hasCount) break;
      const facts = { name, ...moment };
      const path = pattern.fill(facts).toLowerCase();
      const other = seen.get(path);
      if (
        other !== undefined &&
        (other.name !== name || other.time !== facts.time || other.count !== facts.count)
      ) {
        throw new RangeError(sameReason(pattern.text, other.name, name));
      }
      seen.set(path, facts);
    }
  }
  for (const path of seen.keys()) {
    for (let cut = path.lastIndexOf("/"); cut > 0; cut = path.lastIndexOf("/", cut - 1)) {
      if (!seen.has(path.slice(0, cut))) continue;
      throw new RangeError(
        `"${pattern.text}" puts one store into another: ${path.slice(0, cut)} and ${path}`,
      );
    }
  }
}

function sameReason(text: string, one: string, other: string): string {
  return one === other
    ? `"${text}" gives two stores of ${one} the same path: put {count} or {time} down to the second into it`
    : `"${text}" gives stores of ${one} and ${other} the same path: put {name} into it, as a part of its own`;
}

/**
 * The path of a store, with "-2", "-3" … behind it where the path is taken: a clock that is set back shows an hour twice, and
 * no recording fails for that.
 * @param isTaken whether something is there.
 */
export function freePath(
  pattern: StorePattern,
  facts: StoreFacts,
  isTaken: (path: string) => boolean,
): string {
  const path = pattern.fill(facts);
  let free = path;
  for (let turn = 2; isTaken(free); turn++) free = `${path}-${turn}`;
  return free;
}
