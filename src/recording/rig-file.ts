import { readFile, stat } from "node:fs/promises";
import { MareyError, NotFoundError } from "../core/errors.js";
import { parseYamlTree, type YamlMapping, type YamlNode } from "../store/yaml-tree.js";
import { parseCron } from "./cron.js";
import { nearestWord } from "./nearest-word.js";
import type { Rig, RigCamera } from "./rig.js";
import {
  cameraFields,
  type FieldContext,
  hoursFields,
  type RigField,
  rigFields,
  rotateFields,
  triggerFields,
} from "./rig-fields.js";
import { parseTimeOfDay } from "./saving-hours.js";
import { hasSeveralStores } from "./saving-wishes.js";
import { parseStorePattern, usualPattern } from "./store-names.js";

/** Something in a rig's file that is not as it should be. */
export interface RigProblem {
  /** From 1. */
  readonly line: number;
  /** Where: "cameras[1].rate"; empty for the file itself. */
  readonly where: string;
  /** What was found, and what was expected. */
  readonly message: string;
}

/** A rig's file cannot be followed; all that is wrong with it is told at once. */
export class RigFileError extends MareyError {
  readonly code = "RIG_FILE";
  readonly path: string;
  readonly problems: readonly RigProblem[];

  constructor(path: string, problems: readonly RigProblem[]) {
    const texts = problems.map(
      ({ line, where, message }) => `${path}:${line}: ${where === "" ? "" : `${where} `}${message}`,
    );
    super(texts.join("\n"));
    this.path = path;
    this.problems = problems;
  }
}

export interface ReadRigOptions {
  /** Seconds since 1970; a time of day in the file is the next one after it. @default now */
  readonly now?: number;
  /** IANA's name of the zone that the file's times are in. @default the machine's */
  readonly zone?: string;
  /** What `format` may name. @default anything */
  readonly formats?: readonly string[];
  /** What `camera` may begin with. @default anything */
  readonly schemes?: readonly string[];
}

/** Longest file that is read, in bytes. */
const longest = 2 ** 20;

/**
 * Reads a rig from a file; `exampleRig` shows all that may be in one. Keys are those of `Rig`, sizes may be "2 GiB",
 * durations "30s", `until` "18:30"; what `defaults` says holds for every camera that does not say otherwise.
 * @throws {RigFileError} with all that is wrong, each with its line.
 * @throws {StoreFormatError} if it is no YAML; {NotFoundError} if it cannot be read.
 */
export async function readRig(path: string, options: ReadRigOptions = {}): Promise<Rig> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > longest) throw new Error(`has ${size} bytes; a rig has ${longest} at most`);
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new NotFoundError(path, (cause as Error).message, { cause });
  }
  return parseRig(text, { ...options, path });
}

/** As `readRig`. @param options `path` is for errors. */
export function parseRig(text: string, options: ReadRigOptions & { readonly path?: string } = {}): Rig {
  const { path = "rig.yaml" } = options;
  const isEmpty = text.split("\n").every((line) => /^\s*(#.*)?$/.test(line));
  const { root, value } = isEmpty ? {} : parseYamlTree(text, path);
  const reader = new RigReader(options);
  const rig = reader.rig(root, value);
  if (reader.problems.length > 0) throw new RigFileError(path, reader.problems);
  return rig;
}

class RigReader {
  readonly #problems: RigProblem[] = [];
  readonly #context: FieldContext;
  readonly #options: ReadRigOptions;

  constructor(options: ReadRigOptions) {
    this.#options = options;
    const { now = Date.now() / 1000, zone } = options;
    this.#context = { now, ...(zone !== undefined && { zone }) };
  }

  /** By line. */
  get problems(): readonly RigProblem[] {
    return [...this.#problems].sort((a, b) => a.line - b.line);
  }

  rig(root: YamlNode | undefined, typed?: unknown): Rig {
    if (root?.kind !== "mapping") {
      this.#tell(
        root?.line ?? 1,
        "",
        'holds no rig; the smallest is "cameras: [{ name: top, camera: synthetic }]"',
      );
      return { cameras: [] };
    }
    const parts = ["cameras", "defaults", "rotate", "schedule", "triggers"];
    const own = this.#fields(root, typed, "", rigFields, parts);
    const part = (name: string): YamlNode | undefined => root.entries.find(({ key }) => key === name)?.node;
    const { name: _, camera: __, ...shared } = cameraFields;
    const defaults = this.#mapping(part("defaults"), within(typed, "defaults"), "defaults", shared);
    const cameras = this.#cameras(part("cameras"), within(typed, "cameras"), root.line, defaults);
    const rotate = this.#mapping(part("rotate"), within(typed, "rotate"), "rotate", rotateFields);
    const triggers = this.#mapping(part("triggers"), within(typed, "triggers"), "triggers", triggerFields);
    const schedule = this.#schedule(part("schedule"), within(typed, "schedule"));
    const rig = {
      ...own,
      cameras,
      ...(rotate && { rotate }),
      ...(triggers && { triggers }),
      ...(schedule && { schedule }),
    } as unknown as Rig;
    this.#checkPattern(rig, part("pattern")?.line ?? root.line);
    return rig;
  }

  #cameras(
    node: YamlNode | undefined,
    typed: unknown,
    line: number,
    defaults: Record<string, unknown> | undefined,
  ): RigCamera[] {
    if (node?.kind !== "list" || node.items.length === 0) {
      const found = node === undefined ? "is missing" : `is ${shown(node)}`;
      this.#tell(node?.line ?? line, "cameras", `${found}; it must be a list of at least one camera`);
      return [];
    }
    const seen = new Map<string, string>();
    return node.items.flatMap((item, at) => {
      const where = `cameras[${at}]`;
      const own = this.#mapping(item, (typed as unknown[])[at], where, cameraFields);
      if (own === undefined) return [];
      for (const needed of ["name", "camera"]) {
        const isThere = item.kind === "mapping" && item.entries.some(({ key }) => key === needed);
        if (!isThere)
          this.#tell(
            item.line,
            `${where}.${needed}`,
            `is missing; it must be ${cameraFields[needed]!.looks}`,
          );
      }
      const { name } = own as { name?: string };
      // Some disks know no capital letters.
      const other = name && seen.get(name.toLowerCase());
      if (other)
        this.#tell(lineOf(item, "name"), `${where}.name`, `is "${name}", which ${other} is called already`);
      else if (name) seen.set(name.toLowerCase(), where);
      const camera = { ...defaults, ...own } as unknown as RigCamera;
      const metadata = { ...(defaults?.metadata as object), ...(own.metadata as object) };
      return [Object.keys(metadata).length > 0 ? { ...camera, metadata } : camera];
    });
  }

  #schedule(node: YamlNode | undefined, typed: unknown): Record<string, unknown>[] | undefined {
    if (node === undefined) return undefined;
    if (node.kind !== "list") {
      this.#tell(node.line, "schedule", `is ${shown(node)}; it must be a list of times to save`);
      return undefined;
    }
    return node.items.flatMap((item, at) => {
      const where = `schedule[${at}]`;
      const hours = this.#mapping(item, (typed as unknown[])[at], where, hoursFields);
      if (hours === undefined) return [];
      const keys = Object.keys(hours).sort().join();
      if (keys !== "cron,seconds" && keys !== "from,to") {
        this.#tell(item.line, where, 'must have either "cron" and "seconds", or "from" and "to"');
      }
      const { cron, from, to } = hours as Record<string, string>;
      if (cron !== undefined) this.#try(lineOf(item, "cron"), `${where}.cron`, () => parseCron(cron));
      if (from !== undefined) this.#try(lineOf(item, "from"), `${where}.from`, () => parseTimeOfDay(from));
      if (to !== undefined) this.#try(lineOf(item, "to"), `${where}.to`, () => parseTimeOfDay(to));
      if (from !== undefined && from === to) this.#tell(item.line, where, "begins and ends at the same time");
      return [hours];
    });
  }

  #mapping(
    node: YamlNode | undefined,
    typed: unknown,
    where: string,
    fields: Readonly<Record<string, RigField>>,
  ): Record<string, unknown> | undefined {
    if (node === undefined) return undefined;
    if (node.kind === "mapping") return this.#fields(node, typed, where, fields);
    const keys = Object.keys(fields).slice(0, 4).join(", ");
    this.#tell(node.line, where, `is ${shown(node)}; it must have keys such as ${keys}`);
    return undefined;
  }

  /** What a mapping says. @param apart keys that are read elsewhere. */
  #fields(
    { entries }: YamlMapping,
    typed: unknown,
    where: string,
    fields: Readonly<Record<string, RigField>>,
    apart: readonly string[] = [],
  ): Record<string, unknown> {
    const read: Record<string, unknown> = {};
    const known = [...Object.keys(fields), ...apart];
    const seen = new Map<string, number>();
    for (const { key, node, line } of entries) {
      const path = where === "" ? key : `${where}.${key}`;
      const before = seen.get(key);
      if (before !== undefined) this.#tell(line, path, `is there twice, in line ${before} already`);
      seen.set(key, line);
      if (apart.includes(key)) continue;
      if (!Object.hasOwn(fields, key)) {
        const near = nearestWord(key, known);
        const advice = near === undefined ? `; known are ${known.join(", ")}` : `; did you mean ${near}?`;
        this.#tell(line, path, `is no key of ${where === "" ? "a rig" : where.replace(/\[.*/, "")}${advice}`);
        continue;
      }
      const field = fields[key]!;
      const value = field.read(node, within(typed, key), this.#context);
      if (value === undefined) this.#tell(node.line, path, `is ${shown(node)}; it must be ${field.looks}`);
      else if (this.#isKnown(key, value, node.line, path)) read[key] = value;
    }
    return read;
  }

  /** Names of formats and cameras, which this file does not know. */
  #isKnown(key: string, value: unknown, line: number, path: string): boolean {
    const { formats, schemes } = this.#options;
    const known = key === "format" ? formats : key === "camera" ? schemes : undefined;
    if (known === undefined) return true;
    const word = key === "format" ? String(value).replace(/\+color$/, "") : String(value).split(":")[0]!;
    if (known.includes(word)) return true;
    const near = nearestWord(word, known);
    const advice = near === undefined ? `known are ${known.join(", ")}` : `did you mean ${near}?`;
    this.#tell(line, path, `is ${JSON.stringify(value)}; ${advice}`);
    return false;
  }

  #checkPattern({ pattern = usualPattern, cameras, ...rig }: Rig, line: number): void {
    // Those that are wrong, or there twice, are told already.
    const named = cameras.filter(({ name }) => name !== undefined);
    const names = [...new Map(named.map(({ name }) => [name.toLowerCase(), name])).values()];
    const { zone } = this.#context;
    const several = hasSeveralStores(rig);
    this.#try(line, "pattern", () => parseStorePattern(pattern, { names, several, ...(zone && { zone }) }));
  }

  #try(line: number, where: string, check: () => unknown): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#tell(line, where, `cannot be used: ${error.message}`);
    }
  }

  #tell(line: number, where: string, message: string): void {
    this.#problems.push({ line, where, message });
  }
}

function lineOf(node: YamlNode, key: string): number {
  const entry = node.kind === "mapping" ? node.entries.find((one) => one.key === key) : undefined;
  return entry?.line ?? node.line;
}

/** Of a mapping as YAML sees it, which is a `Map` where some of its keys are no texts. */
function within(typed: unknown, key: string): unknown {
  return typed instanceof Map ? typed.get(key) : (typed as Record<string, unknown>)[key];
}

/** What was found, for errors: short, and without line breaks. */
function shown(node: YamlNode): string {
  if (node.kind === "list") return `a list of ${node.items.length}`;
  if (node.kind === "mapping") return `a mapping with ${node.entries.length} keys`;
  if (node.text === "" && !node.isQuoted) return "empty";
  const text = node.text.length > 60 ? `${node.text.slice(0, 60)}…` : node.text;
  return JSON.stringify(text);
}
