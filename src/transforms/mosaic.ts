import { ColumnIndex, numberColumn } from "../core/column-index.js";
import type { DecodeError } from "../core/errors.js";
import { UnsupportedError } from "../core/errors.js";
import { blankImage, type Image, type ImageInfo, imageBytes } from "../core/image.js";
import type { SeekableSource } from "../core/stream.js";
import { type AlignedFrames, AlignedSource } from "./align.js";
import { ClosingRows } from "./closing-rows.js";
import { type ColorValue, samplesOfColor } from "./color-option.js";
import { prepareLabel } from "./drawing/label.js";
import { fillPicture } from "./kernels/fill-picture.js";
import { type Fit, layMosaic, type MosaicCell, type MosaicLayout, type MosaicPlan } from "./mosaic-layout.js";
import { type MosaicTable, type MosaicTiming, planMosaic, type SourceTiming } from "./mosaic-times.js";
import { resize } from "./resize.js";
import { commonKind, fitTile, largestCanvas, paste, type Tile } from "./tiles.js";

/** A source of a mosaic, and how it stands and runs there. */
export interface MosaicSource extends SourceTiming {
  readonly source: SeekableSource;
  /** Above it. */
  readonly title?: string;
  /** How it is made to fit its cell. @default the mosaic's */
  readonly fit?: Fit;
}

export interface MosaicOptions extends MosaicLayout, MosaicTiming {
  /** Behind all. @default "black" */
  readonly background?: ColorValue;
  /** Of the titles. @default "white" */
  readonly titleColor?: ColorValue;
  /** Pixels above each cell. @default 0 without titles, else a fifteenth of the highest cell, 18 at least */
  readonly titleHeight?: number;
  /** A damaged frame is an error of its row (`throw`), or its cell is blank. @default "throw" */
  readonly damage?: "throw" | "blank";
  /** Called for each damaged frame whose cell is blank. */
  readonly onDamage?: (error: DecodeError, source: string) => void;
}

/**
 * Several sources as one picture: in a grid, side by side or stacked, each at its own size, rate and start, brought together
 * by time, by index or by number. Only the frames of one instant are in memory, whatever the number of sources.
 *
 * Pictures of one kind keep it; gray beside colour becomes BGR, 8 bits beside 16 become 16. Numbers of the mosaic's frames
 * are 0, 1, 2 …, by number those of the frames. Pictures that shrink are averaged (area), those that grow are cubic.
 * @param sources are closed with what is returned. `stillPicture` makes a source of a picture; a mosaic is a source, too.
 * @throws {RangeError} for options that make no sense; {UnsupportedError} for pictures that cannot stand on one canvas.
 */
export function mosaic(
  sources: readonly (SeekableSource | MosaicSource)[],
  options: MosaicOptions = {},
): Mosaic {
  const entries = sources.map((one): MosaicSource => ("source" in one ? one : { source: one }));
  const infos = entries.map(({ source }) => source.info);
  const titleHeight = options.titleHeight ?? usualTitleHeight(entries, options);
  const plan = layMosaic(infos, { ...options, titleHeight });
  const info: ImageInfo = { ...kindOf(infos), width: plan.width, height: plan.height };
  if (imageBytes(info) >= largestCanvas) {
    throw new UnsupportedError("size of a mosaic", `${plan.width}x${plan.height}`);
  }
  const table = planMosaic(
    entries.map(({ source }) => source.index),
    entries,
    options,
  );
  return new Mosaic(entries, options, plan, info, table);
}

function usualTitleHeight(entries: readonly MosaicSource[], options: MosaicLayout): number {
  if (entries.every(({ title }) => title === undefined)) return 0;
  const { cells } = layMosaic(
    entries.map(({ source }) => source.info),
    options,
  );
  return Math.max(18, Math.round(Math.max(...cells.map(({ cell }) => cell.height)) / 15));
}

/** Alpha means nothing on a canvas of its own. */
function kindOf(infos: readonly ImageInfo[]): ImageInfo {
  const kind = commonKind(infos);
  if (kind.channels !== 4) return kind;
  return { ...kind, channels: 3, color: kind.color === "rgba" ? "rgb" : "bgr" };
}

/** Sources in a mosaic. Comes from `mosaic`. */
export class Mosaic extends ClosingRows {
  readonly #plan: MosaicPlan;

  constructor(
    entries: readonly MosaicSource[],
    options: MosaicOptions,
    plan: MosaicPlan,
    info: ImageInfo,
    table: MosaicTable,
  ) {
    const names = entries.map(({ title }, at) => title ?? String(at));
    const aligned = new AlignedSource(
      names,
      entries.map(({ source }) => source),
      {
        length: table.times.length,
        frames: table.ranks,
        held: table.ranks.map(({ length }) => new Uint8Array(length)),
      },
      new ColumnIndex({ times: table.times, ...(table.numbers && { numbers: numberColumn(table.numbers) }) }),
      {
        policy: "black",
        damage: options.damage === "blank" ? "black" : "throw",
        ...(options.onDamage && { onDamage: options.onDamage }),
      },
    );
    const base = emptyMosaic(entries, options, plan, info);
    const cells = plan.cells.map((cell, at) => new CellPainter(cell, entries[at]!.fit ?? cell.fit, info));
    super(aligned, info, (row) => paintRow(base, cells, row));
    this.#plan = plan;
  }

  /** Where each source stands, in pixels. */
  get cells(): readonly Tile[] {
    return this.#plan.cells.map(({ cell }) => cell);
  }

  override describe(): Record<string, unknown> {
    const sources = this.aligned.sources.map((source, at) => ({
      name: this.aligned.names[at],
      ...this.cells[at],
      ...source.describe(),
    }));
    return { mosaic: `${this.info.width}x${this.info.height}`, rows: this.index.length, sources };
  }
}

/** Background and titles: what is the same in every frame. */
function emptyMosaic(
  entries: readonly MosaicSource[],
  { background = "black", titleColor = "white" }: MosaicOptions,
  { cells }: MosaicPlan,
  info: ImageInfo,
): Image {
  const base = blankImage(info);
  const samples = samplesOfColor("mosaic", background, info);
  fillPicture(base, samples);
  for (const [at, { title }] of entries.entries()) {
    const { left, top, width, height } = cells[at]!.title;
    if (title === undefined || height < 1) continue;
    // Drawn on a picture of its own: a long title is cut off at its cell.
    const band = blankImage({ ...info, width, height });
    fillPicture(band, samples);
    const draw = prepareLabel("mosaic", { size: height * 0.62, color: titleColor, at: "center" }, band);
    draw(band, title);
    paste(base, band, { left, top });
  }
  return base;
}

function paintRow(base: Image, cells: readonly CellPainter[], { frames }: AlignedFrames): Image {
  const canvas: Image = { ...base, data: base.data.slice() };
  for (const [at, frame] of frames.entries()) if (frame) cells[at]!.paint(canvas, frame.image);
  return canvas;
}

/** Puts the pictures of one source into its cell. The last one is kept: a slow source shows it again. */
class CellPainter {
  readonly #cell: Tile;
  readonly #fit: Fit;
  readonly #info: ImageInfo;
  #bend: { readonly kind: ImageInfo; apply(image: Image): Image } | undefined;
  #shown: { readonly image: Image; readonly tile: Image } | undefined;

  constructor({ cell }: MosaicCell, fit: Fit, info: ImageInfo) {
    this.#cell = cell;
    this.#fit = fit;
    this.#info = info;
  }

  paint(canvas: Image, image: Image): void {
    if (this.#shown?.image !== image) this.#shown = { image, tile: this.#tileOf(image) };
    const { tile } = this.#shown;
    const { left, top, width, height } = this.#cell;
    paste(canvas, tile, {
      left: left + Math.floor((width - tile.width) / 2),
      top: top + Math.floor((height - tile.height) / 2),
    });
  }

  /** In the size of the cell, or less, and of the kind of the canvas. */
  #tileOf(image: Image): Image {
    const { width, height } = image;
    if (this.#bend?.kind.width !== width || this.#bend.kind.height !== height) {
      const { data: _, ...kind } = image;
      this.#bend = { kind, apply: fitted(kind, this.#cell, this.#fit) };
    }
    return fitTile(this.#bend.apply(image), this.#cell, this.#info);
  }
}

/** What makes a picture fit its cell. */
function fitted(kind: ImageInfo, { width, height }: Tile, fit: Fit): (image: Image) => Image {
  if (fit === "none") return (image) => middleOf(image, width, height);
  const scale = Math.min(width / kind.width, height / kind.height);
  const size =
    fit === "contain"
      ? {
          width: Math.max(1, Math.round(kind.width * scale)),
          height: Math.max(1, Math.round(kind.height * scale)),
        }
      : { width, height };
  if (size.width === kind.width && size.height === kind.height) return (image) => image;
  const { apply } = resize({ ...size, fit: fit === "cover" ? "cover" : "stretch" }).pictures!(kind);
  return (image) => apply(image, { number: 0, time: 0 });
}

/** What fits of a picture that keeps its size. */
function middleOf(image: Image, width: number, height: number): Image {
  if (image.width <= width && image.height <= height) return image;
  const { data: _, ...info } = image;
  const cut = blankImage({
    ...info,
    width: Math.min(width, image.width),
    height: Math.min(height, image.height),
  });
  paste(cut, image, {
    left: -Math.floor((image.width - cut.width) / 2),
    top: -Math.floor((image.height - cut.height) / 2),
  });
  return cut;
}
