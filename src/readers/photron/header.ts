import { FileFormatError } from "../../core/errors.js";

/** What Photron's text or XML beside the samples says. */
export interface PhotronHeader {
  readonly width: number;
  readonly height: number;
  /** Images that were saved. */
  readonly frames: number;
  /** Bits of storage a pixel, and how many of them carry meaning, at which end. */
  readonly bits: number;
  readonly effectiveBits: number;
  readonly effectiveSide: "lower" | "higher";
  /** Images a second that were recorded. */
  readonly rate: number;
  /** Number of the first image, and from one saved image to the next. */
  readonly first: number;
  readonly skip: number;
  readonly format: string;
  readonly camera: string | undefined;
  readonly date: string | undefined;
}

/** True for a `.cih` or `.cihx`, by its first bytes. */
export function isPhotronHeader(head: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(head);
  return (
    /^(\u00ef\u00bb\u00bf)?#Camera Information Header/.test(text) ||
    (text.includes("<cih>") && text.includes("<?xml"))
  );
}

/**
 * Reads either: lines `Key : Value` in a `.cih`, elements inside `<cih>` in a `.cihx`.
 * @throws {FileFormatError} if what is needed is not there.
 */
export function readHeader(text: string, path: string): PhotronHeader {
  const start = text.indexOf("<cih>");
  const end = text.indexOf("</cih>", start);
  const find = start < 0 ? inLines(text) : inElements(text.slice(start + 5, end < 0 ? undefined : end));
  const number = (names: Names, otherwise?: number): number => {
    const found = find(names);
    const value = found === undefined || found === "" ? otherwise : Number(found);
    if (value !== undefined && Number.isFinite(value)) return value;
    throw new FileFormatError(
      path,
      found === undefined ? `there is no ${names[0]}` : `${names[0]} is no number: ${found}`,
    );
  };
  const bits = number(["Color Bit", "imageDataInfo colorInfo bit"]);
  return {
    width: number(["Image Width", "imageDataInfo resolution width"]),
    height: number(["Image Height", "imageDataInfo resolution height"]),
    frames: number(["Total Frame", "frameInfo totalFrame"]),
    bits,
    effectiveBits: number(["EffectiveBit Depth", "imageDataInfo effectiveBit depth"], bits),
    effectiveSide: /^higher$/i.test(find(["EffectiveBit Side", "imageDataInfo effectiveBit side"]) ?? "")
      ? "higher"
      : "lower",
    rate: number(["Record Rate(fps)", "recordInfo recordRate"], 0),
    first: number(["Start Frame", "frameInfo startFrame"], 0),
    skip: Math.max(1, Math.trunc(number(["Skip Frame", "frameInfo skipFrame"], 1))),
    format: find(["File Format", "imageFileInfo fileFormat"]) ?? "MRaw",
    camera: find(["Camera Type", "deviceInfo deviceName"]),
    date: find(["Date", "fileInfo date"]),
  };
}

/** The key of a line, and the elements that lead to the same value. */
type Names = readonly [key: string, elements: string];

function inLines(text: string): (names: Names) => string | undefined {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf(" : ");
    if (at > 0) values.set(line.slice(0, at).trim(), line.slice(at + 3).trim());
  }
  return ([key]) => values.get(key);
}

function inElements(xml: string): (names: Names) => string | undefined {
  return ([, elements]) => {
    let rest = xml;
    for (const element of elements.split(" ")) {
      const start = rest.indexOf(`<${element}>`);
      const end = rest.indexOf(`</${element}>`, start);
      if (start < 0 || end < 0) return undefined;
      rest = rest.slice(start + element.length + 2, end);
    }
    return rest.trim();
  };
}
