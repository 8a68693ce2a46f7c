import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore } from "../src/index.js";
import { type Recording, startRecording } from "../src/recording/index.js";
import { type LiveServer, serveLive } from "../src/view/index.js";
import { until } from "./live-recordings.js";

const folder = mkdtempSync(join(tmpdir(), "marey-page-"));
/** Where screenshots go, to be looked at; nowhere by default. */
const pictures = process.env.MAREY_SCREENSHOTS;
let browser: Browser;
let recording: Recording;
let server: LiveServer;

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  recording = await startRecording(
    {
      ...{ directory: folder, pattern: "{name}-{count}", armed: true, minFree: 0 },
      cameras: ["top", "side"].map((name) => ({ name, camera: "synthetic:640x480@20" })),
    },
    { onEvent: (event) => server?.tell(event) },
  );
  server = await serveLive(recording);
});

afterAll(async () => {
  await server?.close();
  await recording?.stop();
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the page, and gives what the browser complained of. */
async function visit(url: string, options: Parameters<Browser["newContext"]>[0] = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}

async function shoot(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/** How many pictures of a camera have been drawn, and the number of the last. */
async function drawn(page: Page, camera: string): Promise<{ shown: number; number: number }> {
  const { shown, number } = await page
    .locator(`canvas[data-camera="${camera}"]`)
    .evaluate(
      (canvas) => ({ ...(canvas as unknown as { dataset: Record<string, string> }).dataset }),
      undefined,
      {
        timeout: 30_000,
      },
    );
  return { shown: Number(shown ?? 0), number: Number(number ?? -1) };
}

/** Waits until more pictures of both cameras have been drawn, with higher numbers. */
async function moves(page: Page): Promise<void> {
  for (const camera of ["top", "side"]) {
    const before = await drawn(page, camera);
    for (;;) {
      const now = await drawn(page, camera);
      if (now.shown < before.shown + 5) continue;
      expect(now.number).toBeGreaterThan(before.number);
      break;
    }
  }
}

const fact = (page: Page, camera: string, key: string) =>
  page.locator(`article[aria-label="Camera ${camera}"] [data-fact="${key}"]`);

/** Whether what is drawn has light and dark in it. */
async function hasPicture(page: Page, camera: string): Promise<boolean> {
  return page.locator(`canvas[data-camera="${camera}"]`).evaluate((element) => {
    // biome-ignore lint/suspicious/noExplicitAny: runs in the browser, whose types are not known here
    const canvas = element as any;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const shades = new Set<number>();
    for (let at = 0; at < data.length; at += 4) shades.add(data[at] >> 4);
    return shades.size > 5;
  });
}

test("the page shows every camera; saving is begun, a note kept and saving ended with its buttons", async () => {
  const { page, complaints } = await visit(server.url, {
    colorScheme: "light",
    viewport: { width: 1280, height: 900 },
  });
  await moves(page);
  expect(new URL(page.url()).search).toBe("");
  for (const camera of ["top", "side"]) expect(await hasPicture(page, camera)).toBe(true);
  await page.getByRole("status").filter({ hasText: "not saving" }).waitFor();
  await page.getByRole("button", { name: "Begin" }).click();
  await page
    .getByRole("status")
    .filter({ hasText: /^saving since/ })
    .waitFor();
  expect(recording.isSaving).toBe(true);
  const written = async () => Number(await fact(page, "top", "written").textContent());
  await until(() => recording.tracks[0]!.counts.written > 10);
  const before = await written();
  while ((await written()) <= Math.max(10, before));
  await page.getByLabel("Note, tied to the frame").fill("odour <b>on</b>");
  await page.getByRole("button", { name: "Keep" }).click();
  await page.getByText(/^kept: top frame \d+, side frame \d+$/).waitFor();
  await fact(page, "side", "disk")
    .filter({ hasText: /\d (h|min|days)$/ })
    .waitFor();
  await shoot(page, "light");
  await page.getByRole("button", { name: "End" }).click();
  await page.getByRole("status").filter({ hasText: "not saving" }).waitFor();
  await until(() => recording.tracks.every(({ saved }) => saved.length === 1));
  await page.getByRole("listitem").filter({ hasText: "top  saved" }).waitFor();
  await using store = await openStore(join(folder, "top-1"));
  const notes: unknown[] = [];
  for await (const row of store.extraRows()) notes.push(row.note);
  expect(notes).toEqual(["odour <b>on</b>"]);
  const link = await page.getByRole("link", { name: "Snapshot of top" }).getAttribute("href");
  expect(link).toBe("/cameras/top.png");
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("pictures as H.264 are drawn, too", async () => {
  const { page, complaints } = await visit(server.url);
  await page.getByLabel("Pictures").selectOption("h264");
  await moves(page);
  await moves(page);
  for (const camera of ["top", "side"]) expect(await hasPicture(page, camera)).toBe(true);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("on a phone in the dark nothing is cut off; without the token it only looks on", async () => {
  const { page, complaints } = await visit(`http://127.0.0.1:${server.port}/`, {
    ...{
      colorScheme: "dark",
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      isMobile: true,
      hasTouch: true,
    },
  });
  await page.getByText("the address that was printed").waitFor();
  const number = async () => (await drawn(page, "top")).number;
  const before = await number();
  while ((await number()) <= before);
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  for (const name of ["Begin", "End", "Keep"]) {
    const button = page.getByRole("button", { name });
    expect(await button.isDisabled()).toBe(true);
    expect((await button.boundingBox())!.height).toBeGreaterThanOrEqual(44);
  }
  expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(22, 22, 23)");
  await shoot(page, "phone-dark");
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("a camera that nobody sees is not asked for pictures", async () => {
  const { page } = await visit(server.url, { viewport: { width: 390, height: 300 } });
  const shown = async () => (await drawn(page, "side")).shown;
  while ((await drawn(page, "top")).shown < 5);
  expect(await shown()).toBe(0);
  await page.locator('canvas[data-camera="side"]').scrollIntoViewIfNeeded();
  while ((await shown()) < 5);
  await page.context().close();
});
