/**
 * What one option of a transform may be: the same for a program, the command line and a recipe. Options are plain JSON
 * values, so that a recipe can keep them.
 */
export interface OptionKind<T> {
  /** For people: what it is, in which unit. Begins with a small letter, no full stop. */
  readonly summary: string;
  /** What a value looks like, for the help: "pixels", "0-255", "linear | cubic". */
  readonly looks: string;
  /** What holds when it is not given, for the help; absent where it has to be given or means nothing then. */
  readonly usual?: string;
  /** @throws {RangeError} with what it must be, as "must be an integer from 0", if the value is none of this kind. */
  check(value: unknown): T;
  /** A value as it is written on a command line; what cannot be one is left to `check`. */
  parse(text: string): unknown;
}

/** The kind of each option; what may be left out in `O` may be left out there. */
export type OptionTable<O> = { readonly [K in keyof O]-?: OptionKind<NonNullable<O[K]>> };

interface Usual {
  readonly usual?: string;
}

export interface NumberLimits extends Usual {
  readonly least?: number;
  readonly most?: number;
  /** Above `least`, not equal to it. */
  readonly above?: number;
  readonly looks?: string;
}

/** Any finite number within limits. */
export function real(summary: string, limits: NumberLimits = {}): OptionKind<number> {
  return numeric(summary, "a number", Number.isFinite, { looks: "number", ...limits });
}

/** A whole number within limits. */
export function whole(summary: string, limits: NumberLimits = {}): OptionKind<number> {
  return numeric(summary, "an integer", Number.isSafeInteger, { looks: "integer", ...limits });
}

function numeric(
  summary: string,
  what: string,
  is: (value: unknown) => boolean,
  {
    least = Number.NEGATIVE_INFINITY,
    most = Number.POSITIVE_INFINITY,
    above,
    looks = what,
    usual,
  }: NumberLimits,
): OptionKind<number> {
  const bounds = [
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(Number.isFinite(least) ? [`from ${least}`] : []),
    ...(Number.isFinite(most) ? [`up to ${most}`] : []),
  ];
  return {
    summary,
    looks,
    ...(usual !== undefined && { usual }),
    check(value) {
      const number = value as number;
      if (is(value) && number >= least && number <= most && (above === undefined || number > above))
        return number;
      throw new RangeError(`must be ${[what, ...bounds].join(" ")}`);
    },
    parse: (text) => (text.trim() === "" ? text : Number(text)),
  };
}

/** True or false; on a command line its bare name is true. */
export function flag(summary: string, { usual = "false" }: Usual = {}): OptionKind<boolean> {
  return {
    summary,
    looks: "true | false",
    usual,
    check(value) {
      if (typeof value === "boolean") return value;
      throw new RangeError("must be true or false");
    },
    parse: (text) => (text === "true" || text === "" ? true : text === "false" ? false : text),
  };
}

/** Any text, as it stands. */
export function text(
  summary: string,
  { looks = "text", usual }: Usual & { readonly looks?: string } = {},
): OptionKind<string> {
  return {
    summary,
    looks,
    ...(usual !== undefined && { usual }),
    check(value) {
      if (typeof value === "string") return value;
      throw new RangeError("must be text");
    },
    parse: (given) => given,
  };
}

/** One of some names. */
export function choice<const T extends string>(
  summary: string,
  names: readonly T[],
  { usual }: { readonly usual?: NoInfer<T> } = {},
): OptionKind<T> {
  return {
    summary,
    looks: names.join(" | "),
    ...(usual !== undefined && { usual }),
    check(value) {
      if (names.includes(value as T)) return value as T;
      throw new RangeError(`must be one of ${names.join(", ")}`);
    },
    parse: (given) => given,
  };
}

/** Several of one kind; on a command line with commas, or whatever `separator` says, between them. */
export function several<T>(
  one: OptionKind<T>,
  {
    least = 1,
    most = Number.POSITIVE_INFINITY,
    separator = ",",
  }: { readonly least?: number; readonly most?: number; readonly separator?: string } = {},
): OptionKind<readonly T[]> {
  const count =
    least === most ? `${least}` : Number.isFinite(most) ? `${least} to ${most}` : `${least} or more`;
  return {
    ...one,
    looks: [one.looks, one.looks, "…"].slice(0, Math.min(most, 3)).join(separator),
    check(value) {
      if (!Array.isArray(value) || value.length < least || value.length > most) {
        throw new RangeError(`must be a list of ${count}`);
      }
      return value.map((each) => one.check(each));
    },
    parse: (given) => given.split(separator).map((each) => one.parse(each.trim())),
  };
}

/** The first kind that takes the value. */
export function either<A, B>(first: OptionKind<A>, second: OptionKind<B>): OptionKind<A | B> {
  const accepts = (kind: OptionKind<unknown>, value: unknown): boolean => {
    try {
      kind.check(value);
      return true;
    } catch {
      return false;
    }
  };
  return {
    summary: first.summary,
    looks: `${first.looks} | ${second.looks}`,
    ...(first.usual !== undefined && { usual: first.usual }),
    check(value) {
      if (accepts(first, value)) return first.check(value);
      try {
        return second.check(value);
      } catch (error) {
        let message = (error as Error).message;
        try {
          first.check(value);
        } catch (other) {
          message = `${(other as Error).message}, or ${message.replace(/^must be /, "")}`;
        }
        throw new RangeError(message);
      }
    },
    parse(given) {
      const value = first.parse(given);
      return accepts(first, value) ? value : second.parse(given);
    },
  };
}

/** Checks the options of a transform, all of them. @throws {TypeError} for one it does not have; {RangeError} for a wrong value. */
export function checkOptions<O>(
  name: string,
  table: OptionTable<O>,
  required: readonly (keyof O)[],
  options: unknown,
): O {
  const checked: Record<string, unknown> = {};
  for (const [key, value] of Object.entries((options ?? {}) as Record<string, unknown>)) {
    if (!Object.hasOwn(table, key)) {
      throw new TypeError(
        `${name}: there is no option "${key}"; it has ${Object.keys(table).join(", ") || "none"}`,
      );
    }
    if (value === undefined) continue;
    try {
      checked[key] = (table[key as keyof O] as OptionKind<unknown>).check(value);
    } catch (error) {
      throw new RangeError(`${name}: ${key} ${(error as Error).message}, got ${JSON.stringify(value)}`);
    }
  }
  const missing = required.find((key) => checked[key as string] === undefined);
  if (missing !== undefined) {
    throw new TypeError(`${name}: ${String(missing)} is missing: ${table[missing].summary}`);
  }
  return checked as O;
}
