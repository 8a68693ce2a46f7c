import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { FileFormatError, NotFoundError } from "../src/core/errors.js";
import { FilePieces } from "../src/images/file-pieces.js";

const folder = mkdtempSync(join(tmpdir(), "marey-pieces-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

test("what a file does not have is refused before anything is allocated, and a file that shrinks says so", async () => {
  writeFileSync(at("a"), Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]));
  const file = await FilePieces.open(at("a"));
  expect([...(await file.read(2, 3))]).toEqual([3, 4, 5]);
  expect([...(await file.readUpTo(6, 2 ** 40))]).toEqual([7, 8]);
  await expect(file.read(0, 2 ** 52)).rejects.toThrow(/cut short: bytes 0 to/);
  await expect(file.read(-1, 2)).rejects.toThrow(FileFormatError);
  await expect(
    file.readEach(
      2,
      4,
      (rank) => rank * 6,
      () => {},
    ),
  ).rejects.toThrow(/cut short/);
  truncateSync(at("a"), 4);
  await expect(file.read(2, 6)).rejects.toThrow(/has become shorter/);
  await file.close();
});

test("many small pieces are each given once, with their own rank", async () => {
  const count = 20_000;
  writeFileSync(at("many"), new Uint8Array(Uint32Array.from({ length: count * 3 }, (_, i) => i).buffer));
  const file = await FilePieces.open(at("many"));
  const found = new Float64Array(count).fill(-1);
  await file.readEach(
    count,
    4,
    (rank) => rank * 12 + 4,
    (rank, piece) => {
      found[rank] = piece.getUint32(0, true);
    },
  );
  await file.close();
  expect(found.every((value, rank) => value === rank * 3 + 1)).toBe(true);
});

test("a pipe is refused at once, a folder and nothing at all too", async () => {
  execFileSync("mkfifo", [at("pipe")]);
  await expect(FilePieces.open(at("pipe"))).rejects.toThrow(/no regular file|not a regular file/);
  await expect(FilePieces.open(folder)).rejects.toThrow(FileFormatError);
  await expect(FilePieces.open(at("nothing"))).rejects.toThrow(NotFoundError);
});
