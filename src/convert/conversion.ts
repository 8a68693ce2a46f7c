import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { ExistsError } from "../core/errors.js";
import { evenDrift, summarizeStamps } from "../core/stamp-summary.js";
import { type FrameRun, rangeOf, resolveRange, type SeekableSource } from "../core/stream.js";
import { type BentSource, type BentStep, bendInThreads } from "./bend-in-threads.js";
import type { AnyConvertOptions, ConvertReceipt, CopyRequest, House } from "./convert-options.js";
import { countedFrames } from "./counted-frames.js";
import { hasExtraData, TravellingRows } from "./extra-rows.js";
import { isFileTransform } from "./flat-field-files.js";
import { inputFacts } from "./input-facts.js";
import { isModuleTransform } from "./load-transform.js";
import { portableStep } from "./parallel-chain.js";
import { pour } from "./pour.js";
import { RateMeter } from "./rate-meter.js";
import { forgetRecipe, isSameRecipe, type Recipe, readRecipe, recipePath, writeRecipe } from "./recipe.js";

type Facts = Readonly<Record<string, unknown>>;

/** Frames a second that players are told where a source knows no better. */
const usualRate = 25;

/** What is to be done, decided and not yet done: the input is open, nothing is written. Made by `planConversion`. */
export class Conversion implements AsyncDisposable {
  readonly input: string;
  readonly output: string;
  /** What the input is. */
  readonly inputKind: string;
  /** What will be made. */
  readonly outputKind: string;
  /** The input before the transforms. */
  readonly opened: SeekableSource;
  /** What comes out of each transform, in order. */
  readonly steps: readonly BentStep[];
  /** Which frames of what they give will be written. */
  readonly range: FrameRun;
  /** What `create` will be told, but for `info`. */
  readonly create: Facts;
  /** See `ConvertReceipt`. */
  readonly drift: number;
  readonly #house: House;
  readonly #options: AnyConvertOptions;
  readonly #bent: BentSource;
  readonly #read: { onFrame: () => void };
  #recipe: Promise<Recipe> | undefined;

  /** @internal Use `planConversion`. */
  constructor(
    plan: Pick<Conversion, "input" | "output" | "inputKind" | "outputKind" | "opened">,
    bent: BentSource,
    read: { onFrame: () => void },
    options: AnyConvertOptions,
    house: House,
  ) {
    const { input, output, inputKind, outputKind, opened } = plan;
    [this.input, this.output, this.inputKind, this.outputKind] = [input, output, inputKind, outputKind];
    [this.opened, this.steps] = [opened, bent.steps];
    [this.#bent, this.#read, this.#options, this.#house] = [bent, read, options, house];
    const { range = {} } = options;
    const { index } = bent.source;
    this.range = resolveRange(typeof range === "function" ? range(index) : range, index.length);
    const rate = (options.create?.fps as number | undefined) ?? sourceRate(bent.source, this.range.step);
    this.create = createFacts(opened, outputKind, rate, options);
    const isEven = outputKind === "video" && !options.create?.times && options.create?.fps === undefined;
    this.drift = isEven && !options.copy ? evenDrift(index, this.range, rate ?? usualRate) : 0;
  }

  /** The input behind all transforms. */
  get source(): SeekableSource {
    return this.#bent.source;
  }

  /** Packets are copied, nothing is encoded. */
  get isCopy(): boolean {
    return Boolean(this.#options.copy);
  }

  /** What will be written beside the result. */
  recipe(): Promise<Recipe> {
    this.#recipe ??= this.#writtenDown();
    return this.#recipe;
  }

  /** Whether the result stands there already, with a recipe that says the same. */
  async isDone(): Promise<boolean> {
    const made = await readRecipe(recipePath(this.output)).catch(() => undefined);
    if (made === undefined) return false;
    const found = await stat(resultPath(this.output, this.outputKind)).catch(() => undefined);
    if (found === undefined) return false;
    if (made.output.bytes !== undefined && made.output.bytes !== found.size) return false;
    return isSameRecipe(made, await this.recipe());
  }

  /**
   * Which frames of the input a copy has.
   * @throws {UnsupportedError} if they cannot be copied.
   */
  copied(): Promise<{ start: number; stop: number }> {
    return this.#house.copiedRange(this.opened, this.#copyRequest());
  }

  /** Does it. @throws what reading, bending and writing throw; nothing half-written is left under a final name then. */
  async run(): Promise<ConvertReceipt> {
    const { signal, copy, create: { overwrite } = {}, recipe: keepsRecipe = true } = this.#options;
    const began = performance.now();
    signal?.throwIfAborted();
    // Looked at before it is read: what changes meanwhile is not what was converted.
    const recipe = keepsRecipe ? await this.recipe() : undefined;
    signal?.throwIfAborted();
    // What the old recipe tells of is about to go; where it stays, it is `create` that refuses.
    if (overwrite) await forgetRecipe(this.output);
    const { frames, ...more } = copy ? await this.#copy() : await this.#pour();
    const kept = recipe && (await this.#complete(recipe, frames));
    const path = kept && (await writeRecipe(kept));
    return {
      ...{ input: this.input, output: this.output, frames },
      seconds: (performance.now() - began) / 1000,
      rows: { written: 0, left: 0 },
      ...more,
      drift: this.drift,
      ...(kept && { recipe: kept }),
      ...(path !== undefined && { recipePath: path }),
    };
  }

  /** Ends every thread and lets go of the input. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#bent.source.close();
  }

  async #pour(): Promise<Pick<ConvertReceipt, "frames" | "rows">> {
    const { signal, keepsPart, onStart } = this.#options;
    const { source, originOf } = this.#bent;
    const rows = hasExtraData(this.opened)
      ? new TravellingRows(await this.opened.extraData(), originOf)
      : undefined;
    const sink = await this.#house.create(this.output, { ...this.create, info: source.info });
    // There was no result, so this one tells of something that is gone.
    await forgetRecipe(this.output);
    onStart?.();
    const onWritten = this.#progress(this.range.count);
    const frames = await pour(source.frames(rangeOf(this.range)), sink, {
      ...{ signal, rows, keepsPart, onWritten },
    });
    const takesRows = this.outputKind === "store" && rows;
    return {
      frames,
      rows: takesRows ? { written: rows.written, left: rows.left } : { written: 0, left: 0 },
    };
  }

  async #copy(): Promise<Pick<ConvertReceipt, "frames" | "copied">> {
    const request = this.#copyRequest();
    const report = this.#progress(request.stop - request.start);
    const onPacket = (written: number): void => report(Math.min(written, request.stop - request.start));
    await this.#house.copiedRange(this.opened, request);
    if (!this.#options.create?.overwrite) await refuseExisting(this.output);
    await forgetRecipe(this.output);
    this.#options.onStart?.();
    const { start, stop } = await this.#house.copyVideo(this.opened, this.output, { ...request, onPacket });
    return { frames: stop - start, copied: { start, stop } };
  }

  #copyRequest(): CopyRequest {
    const { signal, copy, create } = this.#options;
    const { start, count } = this.range;
    return {
      ...{ start, stop: start + count, exact: copy === "exact", overwrite: create?.overwrite === true },
      ...(signal && { signal }),
    };
  }

  /** With what is known of the result once it stands. */
  async #complete(recipe: Recipe, frames: number): Promise<Recipe> {
    const isOne = ["video", "array", "animation", "recording"].includes(this.outputKind);
    const found = isOne ? await stat(this.output) : undefined;
    const bytes = found?.isFile() ? found.size : undefined;
    return { ...recipe, output: { ...recipe.output, frames, ...(bytes !== undefined && { bytes }) } };
  }

  /** What to call after each frame that is written. */
  #progress(total: number): (written: number) => void {
    const { onProgress } = this.#options;
    if (!onProgress) return () => {};
    const now = (): number => performance.now() / 1000;
    const began = now();
    const [reading, writing] = [new RateMeter(began), new RateMeter(began)];
    this.#read.onFrame = () => void reading.count++;
    return (written) => {
      writing.count = written;
      const at = now();
      const [readRate, writeRate] = [reading.rate(at), writing.rate(at)];
      const eta = (total - written) / writeRate;
      onProgress({ read: reading.count, written, total, readRate, writeRate, eta });
    };
  }

  async #writtenDown(): Promise<Recipe> {
    const { transforms = [], open = {}, copy } = this.#options;
    const { signal: _, transforms: __, timestamps, ...opening } = open;
    const { metadata: ___, overwrite: ____, kind: _____, ...written } = this.create;
    const modules = transforms.filter(isModuleTransform).map(({ module }) => module);
    const times = timesFile(timestamps);
    const files = transforms.filter(isFileTransform).flatMap((transform) => transform.files);
    const beside = [...modules, ...files, ...(times ? [times.path] : [])];
    return {
      marey: await this.#house.version(),
      made: new Date().toISOString(),
      input: { ...(await inputFacts(this.input, this.inputKind)), kind: this.inputKind },
      beside: await Promise.all(beside.map((path) => inputFacts(path, "file"))),
      open: { ...opening, ...(times && { timestamps: times }) },
      steps: transforms.map((transform) => portableStep(transform) ?? transform.step),
      range: this.range,
      ...(copy && { copy }),
      output: {
        path: resolve(this.output),
        kind: this.outputKind,
        options: written,
        frames: this.range.count,
      },
    };
  }
}

/**
 * Opens the input and decides what is to be done. Nothing is written.
 * @param options see `ConvertOptionsOf`.
 * @throws what `open` throws; {TransformError}; {UnsupportedError} for an output of an unknown kind; {TypeError} for a copy
 *   that would have to change pictures.
 */
export async function planConversion(
  input: string,
  output: string,
  options: AnyConvertOptions,
  house: House,
): Promise<Conversion> {
  const { transforms = [], open = {}, create = {}, jobs, signal } = options;
  const { format } = create as { readonly format?: string };
  const outputKind =
    (create.kind as string | undefined) ??
    house.kindOfName(output, { ...(format !== undefined && { format }) });
  if (jobs !== undefined && !(Number.isSafeInteger(jobs) && jobs >= 0 && jobs <= 256)) {
    throw new RangeError(`jobs must be an integer from 0 to 256, got ${jobs}`);
  }
  const inputKind = await house.sniff(input);
  const opened = await house.open(input, { ...open, ...(signal && { signal }) });
  const read = { onFrame: () => {} };
  const isAsDecoded =
    outputKind === "video" && !options.copy && transforms.every(({ keepsPictures }) => keepsPictures);
  const planes = isAsDecoded ? await house.planes(opened, output, create).catch(closing(opened)) : undefined;
  const counted = countedFrames(planes ?? opened, () => read.onFrame());
  const bent = await bendInThreads(counted, transforms, { jobs, signal });
  try {
    const plan = { input, output, inputKind, outputKind, opened };
    const conversion = new Conversion(plan, bent, read, options, house);
    if (options.copy) checkCopy(conversion, options);
    return conversion;
  } catch (error) {
    await bent.source.close();
    throw error;
  }
}

/** Lets go of a source before an error is passed on. */
function closing(source: SeekableSource): (error: unknown) => Promise<never> {
  return async (error) => {
    await source.close();
    throw error;
  };
}

/** Options of `create` that a copy can have. */
const copyOptions = ["kind", "overwrite"];

function checkCopy(
  { range, outputKind }: Conversion,
  { transforms = [], open = {}, create = {} }: AnyConvertOptions,
) {
  const refuse = (what: string): never => {
    throw new TypeError(`a copy takes the pictures as they are: ${what} cannot be had`);
  };
  if (outputKind !== "video") refuse(`a result that is no video (${outputKind})`);
  if (transforms.length > 0) refuse(`the transform ${transforms[0]!.step.name}`);
  if (range.step !== 1) refuse(`a step of ${range.step}`);
  if (open.as !== undefined) refuse(`another colour (${open.as})`);
  if (open.timestamps !== undefined) refuse("other times");
  const other = Object.keys(create).find((name) => create[name] !== undefined && !copyOptions.includes(name));
  if (other !== undefined) refuse(`${other} ${create[other]}`);
}

/** The file that says when frames were, by its absolute path. */
function timesFile(timestamps: unknown): { readonly path: string } | undefined {
  if (timestamps === undefined) return undefined;
  const given =
    typeof timestamps === "string" ? { path: timestamps } : (timestamps as { readonly path: string });
  return { ...given, path: resolve(given.path) };
}

async function refuseExisting(path: string): Promise<void> {
  if (await stat(path).catch(() => undefined)) {
    throw new ExistsError(path, "choose another name, or pass overwrite to replace it");
  }
}

function createFacts(
  opened: SeekableSource,
  kind: string,
  rate: number | undefined,
  { transforms = [], open = {}, create = {}, copy }: AnyConvertOptions,
): Facts {
  if (copy) return { kind, ...(create.overwrite === true && { overwrite: true }) };
  const metadata = (opened as { userMetadata?: Facts }).userMetadata;
  const { encoding } = opened.describe();
  const isAsStored = open.pixels === "stored" && open.as === undefined && transforms.length === 0;
  const keepsEncoding = kind === "store" && isAsStored && typeof encoding === "string";
  return {
    ...(keepsEncoding && { encoding }),
    ...create,
    kind,
    // An animation knows when each frame is shown; a rate is for those who want another.
    ...(rate !== undefined && (kind !== "animation" || create.fps !== undefined) && { fps: rate }),
    ...(metadata && { metadata }),
  };
}

/** Frames a second of what is left after taking every `step`-th frame. */
function sourceRate({ index }: SeekableSource, step: number): number | undefined {
  const { rate } = summarizeStamps(index);
  return rate === undefined || rate > 100_000 ? undefined : rate / Math.abs(step);
}

/** Of pictures, the first. */
function resultPath(output: string, kind: string): string {
  if (kind !== "images") return output;
  const name = basename(output).replace(/%0?(\d*)d/, (_, digits: string) =>
    "0".padStart(Number(digits) || 1, "0"),
  );
  return join(dirname(output), name);
}
