/**
 * JSON that says what Marey's values are: bigint frame numbers as plain integers, NaN and infinite times as null.
 * @param indent spaces a level; 0 puts all on one line.
 */
export function toJson(value: unknown, indent = 0, margin = ""): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "null";
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = margin + " ".repeat(indent);
  const items = isList(value)
    ? Array.from(value, (item) => toJson(item, indent, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${JSON.stringify(key)}:${indent ? " " : ""}${toJson(item, indent, inner)}`);
  const [open, close] = isList(value) ? "[]" : "{}";
  if (items.length === 0) return `${open}${close}`;
  // Lists of plain values stay on one line: a hundred chunk numbers are not a hundred lines.
  const flat = indent === 0 || (isList(value) && Array.from(value).every((item) => typeof item !== "object"));
  if (flat) return `${open}${items.join(indent ? ", " : ",")}${close}`;
  return `${open}\n${inner}${items.join(`,\n${inner}`)}\n${margin}${close}`;
}

function isList(value: object): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
