import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, type ScalarEvent } from "js-yaml";
import { StoreFormatError } from "../core/errors.js";
import { parseYaml } from "../core/yaml.js";

/** A value of a YAML document, as it was written and where. */
export type YamlNode = YamlScalar | YamlList | YamlMapping;

interface Placed {
  /** From 1. */
  readonly line: number;
}

export interface YamlScalar extends Placed {
  readonly kind: "scalar";
  /** Without quotes: 18:30 stays "18:30", and is no number of sixtieths. */
  readonly text: string;
  readonly isQuoted: boolean;
}

export interface YamlList extends Placed {
  readonly kind: "list";
  readonly items: readonly YamlNode[];
}

export interface YamlMapping extends Placed {
  readonly kind: "mapping";
  /** In order; a key that is there twice is there twice. */
  readonly entries: readonly YamlEntry[];
}

export interface YamlEntry extends Placed {
  readonly key: string;
  readonly node: YamlNode;
}

export interface YamlTree {
  readonly root: YamlNode;
  /** The same as `parseYaml` gives it. */
  readonly value: unknown;
}

/**
 * Reads one YAML document with the lines that its values stand in. Anchors stand for the same node wherever they are named,
 * `<<` takes over what the mapping itself does not say.
 * @throws {StoreFormatError} as `parseYaml` does.
 */
export function parseYamlTree(text: string, path: string): YamlTree {
  // First, because it refuses what would fill the memory.
  const value = parseYaml(text, path);
  const builder = new TreeBuilder(text, path, parseEvents(text, {}));
  return { root: builder.root(), value };
}

class TreeBuilder {
  readonly #text: string;
  readonly #path: string;
  readonly #events: readonly Event[];
  readonly #anchors = new Map<string, YamlNode>();
  #at = 0;
  /** How far lines have been counted. */
  #counted = 0;
  #line = 1;

  constructor(text: string, path: string, events: readonly Event[]) {
    this.#text = text;
    this.#path = path;
    this.#events = events;
  }

  root(): YamlNode {
    // Behind the event of the document itself.
    this.#at = 1;
    return this.#node();
  }

  #node(): YamlNode {
    const event = this.#events[this.#at++]!;
    if (event.type === EVENT_ID.ALIAS)
      return this.#named(this.#text.slice(event.anchorStart, event.anchorEnd));
    const node = this.#build(event);
    if ("anchorStart" in event && event.anchorStart >= 0)
      this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), node);
    return node;
  }

  #named(name: string): YamlNode {
    const node = this.#anchors.get(name);
    if (node === undefined) throw new StoreFormatError(this.#path, `*${name} stands in what it stands for`);
    return node;
  }

  #build(event: Event): YamlNode {
    if (event.type === EVENT_ID.SEQUENCE) {
      const line = this.#lineOf(event.start);
      const items: YamlNode[] = [];
      while (this.#isWithin()) items.push(this.#node());
      return { kind: "list", line, items };
    }
    if (event.type === EVENT_ID.MAPPING) {
      const line = this.#lineOf(event.start);
      return { kind: "mapping", line, entries: this.#entries() };
    }
    const found = event as ScalarEvent;
    const isQuoted = found.style !== SCALAR_STYLE.PLAIN;
    return {
      ...{ kind: "scalar", line: this.#lineOf(found.valueStart), isQuoted },
      text: getScalarValue(this.#text, found),
    };
  }

  #entries(): YamlEntry[] {
    const own: YamlEntry[] = [];
    const merged: YamlEntry[] = [];
    while (this.#isWithin()) {
      const key = this.#node();
      const node = this.#node();
      if (key.kind !== "scalar") own.push({ key: `(a ${key.kind})`, line: key.line, node });
      else if (key.text === "<<" && !key.isQuoted) merged.push(...entriesOf(node));
      else own.push({ key: key.text, line: key.line, node });
    }
    const said = new Set(own.map(({ key }) => key));
    for (const entry of merged) {
      if (said.has(entry.key)) continue;
      said.add(entry.key);
      own.push(entry);
    }
    return own;
  }

  /** False at the end of a list or mapping, which is passed. */
  #isWithin(): boolean {
    const isEnd = this.#events[this.#at]?.type === EVENT_ID.POP;
    if (isEnd) this.#at++;
    return !isEnd;
  }

  /** Of a place that is not before those asked for earlier; of nothing it is the line reached. */
  #lineOf(offset: number): number {
    for (; this.#counted < offset; this.#counted++) {
      if (this.#text.charCodeAt(this.#counted) === 10) this.#line++;
    }
    return this.#line;
  }
}

function entriesOf(node: YamlNode): readonly YamlEntry[] {
  if (node.kind === "list") return node.items.flatMap(entriesOf);
  return node.kind === "mapping" ? node.entries : [];
}
