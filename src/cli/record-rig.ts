import { basename, dirname } from "node:path";
import type { BayerPattern } from "../core/image.js";
import type { Rig, RigCamera, Rotation } from "../recording/rig.js";
import { hasSeveralStores } from "../recording/saving-wishes.js";
import type { EncoderOptions } from "../store/chunk-format.js";
import type { CommonOptions } from "./context.js";
import { UsageError } from "./exit.js";
import { parseLength, parseSizeOption, parseUntil } from "./record-units.js";

/** What `marey record` was asked, as commander gives it. */
export interface RecordCliOptions extends CommonOptions {
  readonly camera: readonly string[];
  readonly seconds?: number;
  readonly frames?: number;
  readonly until?: string;
  readonly width?: number;
  readonly height?: number;
  readonly rate?: number;
  readonly dtype?: "uint8" | "uint16";
  readonly color?: "gray" | "bgr" | BayerPattern;
  readonly cameraFormat?: string;
  readonly set: Record<string, string>;
  readonly silence?: number;
  readonly format?: string;
  readonly chunkSize?: number;
  readonly quality?: number;
  readonly qp?: number;
  readonly gop?: number;
  readonly preset?: string;
  readonly fps?: number;
  readonly pixelFormat?: string;
  readonly threads?: number;
  readonly hardware?: boolean;
  readonly drop: "newest" | "oldest" | "fail";
  readonly queue: number;
  readonly durability: "flush" | "second" | "frame";
  readonly minFree?: string;
  readonly armed?: boolean;
  readonly preTrigger?: number;
  readonly triggerFile?: string;
  readonly triggerSignal?: "SIGUSR1" | "SIGUSR2";
  readonly schedule: readonly string[];
  readonly for?: string;
  readonly rotate: readonly string[];
  readonly metadata: Record<string, string>;
  readonly overwrite?: boolean;
  readonly events?: boolean;
  readonly exampleRig?: boolean;
  readonly receipt?: boolean;
  readonly live?: string | true;
  readonly liveHost?: string;
  readonly control?: string;
}

/**
 * The rig that the command line asks for.
 * @param target a store for one camera, else a folder.
 * @throws {UsageError} if it makes no sense.
 */
export async function rigOf(target: string, options: RecordCliOptions): Promise<Rig> {
  if (/\.ya?ml$/i.test(target) && options.camera.length === 0) return rigOfFile(target, options);
  if (options.camera.length === 0)
    throw new UsageError('which camera? "marey cameras" lists them; --camera synthetic needs none');
  const { pickEncoderOptions } = await import("../store/chunk-format.js");
  const { hardware, ...others } = options;
  const encoder = pickEncoderOptions({ ...others, ...(hardware && { hardware: "auto" }) });
  const cameras = options.camera.map((text, at) => cameraOf(text, at, options, encoder));
  const { seconds, frames, until, silence, durability, minFree, armed, preTrigger, metadata, overwrite } =
    options;
  const rotate = rotationOf(options.rotate);
  const schedule = scheduleOf(options);
  const triggers = {
    ...(options.triggerFile !== undefined && { file: options.triggerFile }),
    ...(options.triggerSignal && { signal: options.triggerSignal }),
  };
  const hasTriggers = Object.keys(triggers).length > 0;
  const when = {
    ...(armed && { armed }),
    ...(rotate && { rotate }),
    ...(schedule && { schedule }),
    ...(hasTriggers && { triggers }),
  };
  const isMany = hasSeveralStores(when);
  if (isMany && frames !== undefined) throw new UsageError("--frames is for one store of each camera");
  const place =
    cameras.length === 1 && !isMany
      ? { directory: dirname(target), pattern: basename(target) }
      : { directory: target, pattern: patternFor(cameras.length > 1, isMany) };
  return {
    cameras,
    ...place,
    metadata,
    ...when,
    durability,
    ...(seconds !== undefined && { seconds }),
    ...(frames !== undefined && { frames }),
    ...(until !== undefined && { until: parseUntil(until) }),
    ...(silence !== undefined && { silence }),
    ...(minFree !== undefined && { minFree: parseSizeOption(minFree) }),
    ...(preTrigger !== undefined && { preTrigger }),
    ...(overwrite && { overwrite }),
  };
}

/** A rig from its file; what the command line says of the whole holds before that. */
async function rigOfFile(path: string, options: RecordCliOptions): Promise<Rig> {
  const [{ readRig }, { builtInCameras, builtInFormats }] = await Promise.all([
    import("../recording/index.js"),
    import("../index.js"),
  ]);
  const rig = await readRig(path, {
    formats: builtInFormats.map(({ name }) => name),
    schemes: builtInCameras.map(({ scheme }) => scheme),
  });
  const { seconds, frames, until, armed, overwrite, metadata } = options;
  return {
    ...rig,
    ...(seconds !== undefined && { seconds }),
    ...(frames !== undefined && { frames }),
    ...(until !== undefined && { until: parseUntil(until) }),
    ...(armed && { armed }),
    ...(overwrite && { overwrite }),
    metadata: { ...rig.metadata, ...metadata },
  };
}

/** Stores of one instant stand together; without a time in it, there is one of each camera. */
function patternFor(hasSeveralCameras: boolean, hasSeveralStores: boolean): string {
  const time = "{time:%Y%m%d_%H%M%S}";
  if (!hasSeveralStores) return "{name}";
  return hasSeveralCameras ? `${time}/{name}` : time;
}

function cameraOf(text: string, at: number, options: RecordCliOptions, encoder: EncoderOptions): RigCamera {
  const [, given, address] = /^(?:([\w.-]+)=)?(.*)$/s.exec(text)!;
  const { width, height, rate, dtype, color, cameraFormat, format, chunkSize, queue, drop } = options;
  const name = given ?? (options.camera.length === 1 ? "camera" : `camera${at + 1}`);
  return {
    name,
    camera: address!,
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(rate !== undefined && { rate }),
    ...(dtype && { dtype }),
    ...(color && { color }),
    ...(cameraFormat !== undefined && { cameraFormat }),
    ...(Object.keys(options.set).length > 0 && { settings: options.set }),
    ...(format !== undefined && { format }),
    ...(chunkSize !== undefined && { chunkSize }),
    ...encoder,
    queueBytes: queue * 2 ** 20,
    drop,
  };
}

function rotationOf(texts: readonly string[]): Rotation | undefined {
  let rotation: Rotation | undefined;
  for (const text of texts) {
    if (text === "hour" || text === "day") rotation = { ...rotation, every: text };
    else if (/[kmgt]i?b$/i.test(text)) rotation = { ...rotation, bytes: parseSizeOption(text) };
    else rotation = { ...rotation, every: parseLength(text) };
  }
  return rotation;
}

function scheduleOf({ schedule, for: length }: RecordCliOptions): Rig["schedule"] {
  if (schedule.length === 0) {
    if (length !== undefined)
      throw new UsageError("--for is how long a --schedule saves each time; else it is --seconds");
    return undefined;
  }
  if (length === undefined)
    throw new UsageError("--schedule needs --for: how long to save each time, as in 8h");
  return schedule.map((cron) => ({ cron, seconds: parseLength(length) }));
}
