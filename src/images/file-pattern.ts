/** True if the name has signs that `filePattern` gives a meaning to. */
export function isFilePattern(name: string): boolean {
  return /[*?[{]|%0?\d*d/.test(name);
}

/**
 * A file name with wild cards as a regular expression for whole names: `*` any text, `?` any one character, `[a-c]`
 * and `[!a-c]` one of a set, `{png,jpg}` one of several, `%06d` a number of six digits or more. As in a shell, a
 * name that begins with a dot is only found by a pattern that does.
 */
export function filePattern(pattern: string): RegExp {
  const hidden = pattern.startsWith(".") ? "" : "(?!\\.)";
  return new RegExp(`^${hidden}${translate(pattern)}$`, "s");
}

function translate(pattern: string): string {
  let out = "";
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const [set, not, members] = /^\[(!|\^)?(\]?[^\]]*)\]/.exec(rest) ?? [];
    const [number, digits] = /^%0?(\d*)d/.exec(rest) ?? [];
    const choice = rest.startsWith("{") ? splitBraces(rest) : undefined;
    if (set !== undefined && members !== "") {
      out += `[${not ? "^" : ""}${members!.replace(/[\\\]^]/g, "\\$&")}]`;
      at += set.length;
    } else if (number !== undefined) {
      out += `\\d{${Math.max(1, Number(digits))},}`;
      at += number.length;
    } else if (choice !== undefined) {
      out += `(?:${choice.parts.map(translate).join("|")})`;
      at += choice.length;
    } else {
      const sign = pattern[at++]!;
      out += sign === "*" ? ".*" : sign === "?" ? "." : sign.replace(/[\\^$.|+()[\]{}]/, "\\$&");
    }
  }
  return out;
}

/** The alternatives of `{a,b{c,d}}` at the start of the text; undefined if it never closes, or there is only one. */
function splitBraces(text: string): { readonly parts: string[]; readonly length: number } | undefined {
  const parts = [""];
  for (let at = 1, depth = 1; at < text.length; at++) {
    const sign = text[at]!;
    if (sign === "{") depth++;
    else if (sign === "}" && --depth === 0) return parts.length > 1 ? { parts, length: at + 1 } : undefined;
    if (sign === "," && depth === 1) parts.push("");
    else parts[parts.length - 1] += sign;
  }
  return undefined;
}
