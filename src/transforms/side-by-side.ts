import { DecodeError, UnsupportedError } from "../core/errors.js";
import type { SeekableSource } from "../core/stream.js";
import {
  type AlignedFrames,
  type AlignedSource,
  type AlignOptions,
  align,
  damagedRow,
  type NamedSources,
  type Which,
} from "./align.js";
import { ClosingRows } from "./closing-rows.js";
import { RowPictures } from "./row-pictures.js";
import { fitTile, paintTiles, type TileLayout, type Tiling, tile } from "./tiles.js";

export interface SideBySideOptions extends AlignOptions {
  /** How the pictures stand: beside each other, one above the other, or in rows of `columns`. @default "row" */
  readonly layout?: TileLayout;
  /** Of a grid. @default as many as make it about square */
  readonly columns?: number;
}

/**
 * Several sources as one: each frame is what all of them show at that instant, next to each other, unscaled, black
 * where there is nothing. Its numbers and times are those of the rows; see `align`.
 *
 * Pictures of one kind keep it; gray beside colour becomes BGR, 8 bits beside 16 become 16.
 * @param sources are closed with what is returned.
 * @throws what `align` throws; {UnsupportedError} for kinds of pictures that cannot stand on one canvas.
 */
export function sideBySide<S extends SeekableSource>(
  sources: NamedSources<S>,
  options: SideBySideOptions = {},
): SideBySide<S> {
  const { layout = "row", columns, ...rest } = options;
  const aligned = align(sources, rest);
  const infos = aligned.sources.map(({ info }) => info);
  return new SideBySide(aligned, layout, tile(infos, layout, columns));
}

/** Several sources side by side. Comes from `sideBySide`. */
export class SideBySide<S extends SeekableSource = SeekableSource> extends ClosingRows<S> {
  readonly #layout: TileLayout;

  constructor(aligned: AlignedSource<S>, layout: TileLayout, tiling: Tiling) {
    super(aligned, tiling.info, (row) => paintRow(aligned, tiling, row));
    this.#layout = layout;
  }

  get names(): readonly string[] {
    return this.aligned.names;
  }

  /**
   * One of the sources, row for row as here: frame `i` is what it shows in row `i`, with that row's number and time.
   * To be closed or not, as you like: the source itself is closed with all of them.
   * @throws {RangeError} if there is none with that name or rank.
   */
  select(which: Which): SeekableSource {
    const one = this.aligned.only(which);
    return new RowPictures(one, one.sources[0]!.info, ({ images }) => images[0]!);
  }

  override describe(): Record<string, unknown> {
    return { layout: this.#layout, ...super.describe() };
  }
}

function paintRow({ names, options }: AlignedSource, tiling: Tiling, { index, frames }: AlignedFrames) {
  const images = frames.map((frame, at) => {
    if (!frame) return undefined;
    try {
      return fitTile(frame.image, tiling.tiles[at]!, tiling.info);
    } catch (cause) {
      if (!(cause instanceof UnsupportedError)) throw cause;
      const damage = new DecodeError(`source ${names[at]}`, frame.index, cause.message, { cause });
      if (options.damage !== "black") throw damagedRow(names[at]!, index, damage);
      options.onDamage?.(damage, names[at]!);
      return undefined;
    }
  });
  return paintTiles(tiling, images);
}
