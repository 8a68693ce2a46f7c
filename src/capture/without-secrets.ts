const secretName =
  "user(?:name)?|login|pass(?:word|wd|phrase)?|pwd?|auth|token|key|secret|sig(?:nature)?|session|streamid";

/** Cameras take names and passwords before the host, as parameters, and some as a part of the path. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/^((?:[a-z]+:)?[^:/]*:\/\/)[^/?#]*@/i, "$1")
    .replace(new RegExp(`(^|[^a-z])([a-z]*(?:${secretName}))=[^&;/?#]*`, "gi"), "$1$2=***");
}
