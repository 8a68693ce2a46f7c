import type { CameraListing, CameraMode } from "../capture/camera.js";
import { CameraError } from "../core/errors.js";
import { describeImage } from "../core/image.js";
import { addCommonOptions, type CliCommand, type CommonOptions, type Context } from "./context.js";
import { exit } from "./exit.js";
import { table } from "./output.js";

const help = `
What is listed is what "marey record --camera" takes: the cameras of this machine (device:), and synthetic, which is made of
arithmetic and can misbehave on demand. Also: replay:PATH plays anything that Marey opens, at its own pace.
With an address one camera is told of in detail: every mode, and every setting with its limits. It is looked at, not started;
one that is not in the list is opened, and says what it gives. A driver's name alone lists its cameras.

With --json one object: cameras (address, driver, title, modes as objects of pixelFormat, width, height, rates, and settings),
and failed (driver, reason), which is empty unless a driver could not look. With an address that one camera alone; one that
had to be opened has info, rate, counts, clock and facts in place of modes and settings.

Examples:
  marey cameras
  marey cameras device:video0
  marey record run1 --camera synthetic:640x480@60,drop=0.01,seed=3 --seconds 10`;

/** A camera with its driver's scheme before its address. */
interface Found extends CameraListing {
  readonly driver: string;
  /** What one that was opened says of itself. */
  readonly [fact: string]: unknown;
}

export const cameras: CliCommand = {
  define(command, context, finish) {
    addCommonOptions(command)
      .argument("[address]", "one of them, in detail (default: all)")
      .addHelpText("after", help)
      .action(async (address: string | undefined, options: CommonOptions) => {
        await list(address, options, context);
        finish(exit.ok);
      });
  },
};

async function list(
  address: string | undefined,
  options: CommonOptions,
  { out, note }: Context,
): Promise<void> {
  const [scheme, ...rest] = address?.split(":") ?? [];
  const { found, failed } = await look(scheme);
  if (rest.join(":") !== "") {
    const one =
      found.find((camera) => isCalled(camera, address!)) ?? (await openedAs(scheme!, rest.join(":")));
    if (options.json) await out.json(one);
    else await out.line(describe(one));
    return;
  }
  if (options.json) {
    await out.json({ cameras: found, failed });
    return;
  }
  for (const { driver, reason } of failed) note(`marey: ${driver}: ${reason}`, options);
  if (found.length > 0) {
    await out.line(table(found.map((camera) => [camera.address, `${camera.title}${summary(camera)}`])));
  }
  if (found.every(({ driver }) => driver === "synthetic")) {
    note(
      'no camera is there; "synthetic" needs none: marey record run1 --camera synthetic --seconds 5',
      options,
    );
  }
}

/** A driver that cannot look (its library is missing, say) does not hide what the others see. */
async function look(scheme: string | undefined) {
  const { builtInCameras } = await import("../index.js");
  const drivers = builtInCameras.filter((each) => scheme === undefined || each.scheme === scheme);
  if (drivers.length === 0) {
    const known = builtInCameras.map((each) => each.scheme).join(", ");
    throw new CameraError(scheme!, `no driver for "${scheme}" (known: ${known})`);
  }
  const failed: { readonly driver: string; readonly reason: string }[] = [];
  const lists = await Promise.all(
    drivers.map(async (driver): Promise<Found[]> => {
      try {
        const listed = await driver.list();
        return listed.map((camera) => ({
          ...camera,
          address: `${driver.scheme}:${camera.address}`,
          driver: driver.scheme,
        }));
      } catch (error) {
        failed.push({ driver: driver.scheme, reason: (error as Error).message });
        return [];
      }
    }),
  );
  return { found: lists.flat(), failed };
}

/** A device is known by its path, too, which stands in its title. */
function isCalled(camera: Found, address: string): boolean {
  const name = address.slice(address.indexOf(":") + 1).replace(/^(?:video)?(?=\d+$)/, "/dev/video");
  return camera.address === address || camera.title.includes(`(${name})`);
}

/** One that no driver lists (a file, a stream, a size of a synthetic one) says of itself what it can when it is opened. */
async function openedAs(scheme: string, address: string): Promise<Found> {
  const { builtInCameras } = await import("../index.js");
  const driver = builtInCameras.find((each) => each.scheme === scheme)!;
  await using camera = await driver.open(address);
  const { info, rate, counts = false, clock } = camera;
  return {
    ...{ address: `${scheme}:${address}`, driver: scheme, title: describeImage(info), info, counts },
    ...(rate !== undefined && { rate }),
    ...(clock !== undefined && { clock }),
    ...(camera.describe && { facts: camera.describe() }),
  };
}

function summary({ modes }: CameraListing): string {
  if (!modes || modes.length === 0) return "";
  const formats = new Set(modes.map(({ pixelFormat }) => pixelFormat));
  const biggest = modes.reduce((a, b) => (b.width * b.height > a.width * a.height ? b : a));
  const names = [...formats];
  const shown =
    names.length > 6 ? `${names.slice(0, 6).join(" ")} and ${names.length - 6} more` : names.join(" ");
  return `: up to ${biggest.width}x${biggest.height}, ${shown}`;
}

function describe({ address, title, modes = [], settings = {}, ...more }: Found): string {
  const { driver: _, info: __, facts = {}, ...own } = more;
  const rows = modes.map((mode): [string, string] => [
    `${mode.pixelFormat} ${mode.width}x${mode.height}`,
    describeRates(mode),
  ]);
  const told = Object.entries({ ...(facts as object), ...own })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]): [string, string] => [
      name,
      typeof value === "object" ? JSON.stringify(value) : formatFact(value),
    ]);
  const parts = [
    `${address}: ${title}`,
    ...(told.length > 0 ? ["", table(told)] : []),
    ...(rows.length > 0 ? ["", "Modes", table(rows)] : []),
    ...(Object.keys(settings).length > 0 ? ["", "Settings", table(Object.entries(settings))] : []),
  ];
  return parts.join("\n");
}

/** Rates are quotients: 60.000000000000014 is 60. */
function formatFact(value: unknown): string {
  return String(typeof value === "number" ? Number(value.toFixed(6)) : value);
}

function describeRates({ rates }: CameraMode): string {
  const shown = rates.map((rate) => String(Math.round(rate * 1000) / 1000));
  return shown.length === 0 ? "rates are not told" : `${shown.join(", ")} frames/s`;
}
