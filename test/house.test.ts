import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const src = fileURLToPath(new URL("../src", import.meta.url));

/** The floor of every room; see ARCHITECTURE.md. */
const floors: Record<string, number> = {
  core: 1,
  images: 2,
  video: 2,
  store: 2,
  capture: 2,
  transforms: 2,
  timestamps: 2,
  formats: 3,
  readers: 3,
  cameras: 3,
  convert: 3,
  "index.ts": 4,
  jobs: 5,
  recording: 5,
  view: 5,
  cli: 6,
  mcp: 6,
};

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), "utf8");
  const specifiers = text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...specifiers].map(([, path]) =>
    relative(src, resolve(src, dirname(file), path!.replace(/\.js$/, ".ts"))),
  );
}

function roomOf(file: string): string {
  return file.split("/")[0]!;
}

/** A star is one file, and what lies in a folder of its name: `readers/norpix.ts` and `readers/norpix/`. */
function starOf(file: string): string {
  return file.split("/").slice(0, 2).join("/").replace(/\.ts$/, "");
}

test("every file lives in a room that has a floor", () => {
  expect(files.filter((file) => floors[roomOf(file)] === undefined)).toEqual([]);
});

test("no floor imports a higher one, and neighbours are strangers", () => {
  const broken = [...imports].flatMap(([file, targets]) =>
    targets
      .filter((target) => {
        const [from, to] = [roomOf(file), roomOf(target)];
        return from !== to && floors[to]! >= floors[from]!;
      })
      .map((target) => `${file} -> ${target}`),
  );
  expect(broken).toEqual([]);
});

test("the stars of a shelf do not know each other", () => {
  const shelves = new Set(["formats", "readers", "cameras"]);
  const broken = [...imports].flatMap(([file, targets]) =>
    shelves.has(roomOf(file))
      ? targets
          .filter((target) => roomOf(target) === roomOf(file) && starOf(target) !== starOf(file))
          .map((target) => `${file} -> ${target}`)
      : [],
  );
  expect(broken).toEqual([]);
});

test("imports never run in a circle", () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    else if (!done.has(file)) {
      for (const target of imports.get(file) ?? []) walk(target, [...path, file]);
      done.add(file);
    }
  };
  for (const file of files) walk(file, []);
  expect(circles).toEqual([]);
});

test("only video/ffmpeg/ imports the FFmpeg binding, and there is no drawer", () => {
  const binding = files.filter((file) => /from "node-av/.test(readFileSync(join(src, file), "utf8")));
  expect(binding.filter((file) => !file.startsWith("video/ffmpeg/"))).toEqual([]);
  expect(files.filter((file) => /(util|misc|helper|types|common)s?\.ts$/.test(file))).toEqual([]);
});
