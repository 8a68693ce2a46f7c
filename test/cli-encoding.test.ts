import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openStore } from "../src/index.js";
import { decoderOf } from "../src/store/pixel-encoding.js";
import { corpus, marey } from "./run-marey.js";

const folder = mkdtempSync(join(tmpdir(), "marey-cli-encoding-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const mosaics = join(corpus, "imgstore/enc_png_cv_bayerbg_odd");

test("info says the encoding of a store, and what its frames are with it and without", async () => {
  const decoded = JSON.parse((await marey(["info", mosaics, "--json"])).stdout);
  expect(decoded).toMatchObject({ channels: 3, color: "bgr", source: { encoding: "cv_bayerbg" } });
  const stored = JSON.parse((await marey(["info", mosaics, "--json", "--stored-pixels"])).stdout);
  expect(stored).toMatchObject({ channels: 1, color: "gray", source: { encoding: "cv_bayerbg" } });
  expect((await marey(["info", mosaics])).stdout).toMatch(/encoding +cv_bayerbg/);
});

test("raw frames get an encoding, and a raw copy of a store keeps its own", async () => {
  const raw = at("raw.npy");
  expect(await marey(["convert", mosaics, raw, "--stored-pixels", "--quiet"])).toMatchObject({
    code: 0,
    stderr: "",
  });
  const named = await marey(["convert", raw, at("named"), "--encoding", "cv_bayerbg", "--quiet"]);
  expect(named).toMatchObject({ code: 0, stderr: "" });
  const copied = await marey(["convert", mosaics, at("copied"), "--stored-pixels", "--quiet"]);
  expect(copied).toMatchObject({ code: 0, stderr: "" });
  for (const name of ["named", "copied"]) {
    await using ours = await openStore(at(name));
    await using theirs = await openStore(mosaics);
    expect(ours.metadata.encoding).toBe("cv_bayerbg");
    expect(ours.index.length).toBe(theirs.index.length);
    for await (const { index, image } of theirs) {
      expect((await ours.frame({ index })).image.data).toEqual(image.data);
    }
  }
});

test("png+color debayers while it writes", async () => {
  const args = ["--stored-pixels", "--format", "png+color", "--quiet"];
  expect(await marey(["convert", mosaics, at("color"), ...args])).toMatchObject({ code: 0, stderr: "" });
  await using store = await openStore(at("color"));
  await using raw = await openStore(mosaics, { pixels: "stored" });
  expect(store.metadata.encoding).toBeUndefined();
  for await (const { index, image } of raw) {
    expect((await store.frame({ index })).image.data).toEqual(decoderOf("cv_bayerbg").decode(image).data);
  }
  expect(readFileSync(join(at("color"), "metadata.yaml"), "utf8")).toContain("encoding: null");
});

test("an encoding that nobody knows, and one for a video, are mistakes in one line", async () => {
  const unknown = await marey(["convert", mosaics, at("no"), "--encoding", "bayer"]);
  expect(unknown.code).not.toBe(0);
  expect(unknown.stderr).toMatch(/^marey: .*unsupported pixel encoding: bayer \(known: cv_bayerbg.*\n$/);
  const video = await marey(["convert", mosaics, at("no.mp4"), "--encoding", "cv_bayerbg"]);
  expect(video.code).not.toBe(0);
  expect(video.stderr).toMatch(/unsupported target for an encoding: video \(known: store\)\n$/);
});
