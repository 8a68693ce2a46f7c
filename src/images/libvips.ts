import type Sharp from "sharp";
import { FileFormatError } from "../core/errors.js";

let loading: Promise<typeof Sharp> | undefined;

/** libvips takes longer to load than all of Marey, so it is loaded when it is first needed. */
export function loadSharp(): Promise<typeof Sharp> {
  loading ??= import("sharp").then(({ default: sharp }) => {
    // Frames are read once, and several are in flight: neither libvips' cache nor its threads within one picture help.
    sharp.cache(false);
    sharp.concurrency(1);
    return sharp;
  });
  return loading;
}

/** Samples as libvips unpacks them, RGB where they are colour. */
export interface UnpackedPicture {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/**
 * Lets libvips unpack a picture, on another thread, without a change of its samples: no colour profile is applied.
 * @param picture what libvips must find in the file.
 * @throws {FileFormatError} if anything about the file is amiss: what others warn of is a damaged picture here.
 */
export async function unpackByLibvips(
  bytes: Uint8Array,
  path: string,
  picture: { readonly channels: number; readonly wide: boolean; readonly orient: boolean },
): Promise<UnpackedPicture> {
  const { channels, wide, orient } = picture;
  const gray = channels === 1;
  const sharp = await loadSharp();
  const input = sharp(bytes, { failOn: "warning", ignoreIcc: true, autoOrient: orient });
  const { data, info } = await input
    .toColourspace(wide ? (gray ? "grey16" : "rgb16") : gray ? "b-w" : "srgb")
    .raw({ depth: wide ? "ushort" : "uchar" })
    .toBuffer({ resolveWithObject: true })
    .catch((cause) => {
      const [reason] = String(cause.message).split("\n");
      throw new FileFormatError(path, `damaged picture: ${reason}`, { cause });
    });
  if (info.channels !== channels) {
    throw new FileFormatError(
      path,
      `damaged picture: ${info.channels} channels, its header says ${channels}`,
    );
  }
  return { data, width: info.width, height: info.height, channels };
}
