import { TransformError } from "../core/errors.js";
import { describeImage, type ImageInfo } from "../core/image.js";
import { choice, either, type OptionKind, whole } from "./option-kind.js";

/** A channel by what it means, or by its place in the pixel from 0. */
export type Channel = "red" | "green" | "blue" | "alpha" | number;

export function channelOption(summary: string, usual?: string): OptionKind<Channel> {
  const kind = either(choice(summary, ["red", "green", "blue", "alpha"]), whole("", { least: 0 }));
  return usual === undefined ? kind : { ...kind, usual };
}

const places: { readonly [color: string]: readonly string[] } = {
  bgr: ["blue", "green", "red"],
  rgb: ["red", "green", "blue"],
  bgra: ["blue", "green", "red", "alpha"],
  rgba: ["red", "green", "blue", "alpha"],
};

/** The place of a channel in the pixel. @throws {TransformError} if there is none. */
export function placeOfChannel(transform: string, channel: Channel, info: ImageInfo): number {
  const names = places[info.color] ?? [];
  const place = typeof channel === "number" ? channel : names.indexOf(channel);
  if (place >= 0 && place < info.channels) return place;
  const known = [...names, ...Array.from({ length: info.channels }, (_, at) => at)].join(", ");
  throw new TransformError(transform, `no channel ${channel} in ${describeImage(info)}; it has ${known}`);
}
