import type { Camera, CameraCodedFrame } from "../capture/camera.js";
import type { CodedCodec, CodedSource } from "../core/coded-frame.js";
import { UnsupportedError } from "../core/errors.js";
import { builtInFormats } from "../index.js";
import { pickEncoderOptions } from "../store/chunk-format.js";
import type { RigCamera } from "./rig.js";

/** What gives packets, with what is known of the camera. */
export type CopiedCamera = AsyncIterable<CameraCodedFrame> & Pick<Camera, "id" | "rate" | "clock">;

/**
 * The packets of a camera as a camera of its own. Times to show them at go on after `shownUntil`: one that was opened again
 * counts from 0, and a store takes no packet that is shown before another.
 */
export function copiedCamera(
  { id, rate, clock }: Camera,
  coded: CodedSource<CameraCodedFrame>,
  shownUntil: number,
): CopiedCamera {
  return {
    id,
    ...(rate !== undefined && { rate }),
    ...(clock && { clock }),
    async *[Symbol.asyncIterator]() {
      let shift: number | undefined;
      for await (const frame of coded) {
        const { pts } = frame;
        if (pts === undefined) yield frame;
        else {
          shift ??= Math.max(0, shownUntil - pts);
          yield { ...frame, pts: pts + shift };
        }
      }
    },
  };
}

/**
 * The store format that keeps such packets.
 * @throws {UnsupportedError} if the camera is told how to encode: nothing is.
 */
export function copiedFormat(camera: RigCamera, codec: CodedCodec): string {
  const { fps: _, ...asked } = pickEncoderOptions(camera);
  const [name] = Object.keys(asked);
  if (name !== undefined) {
    throw new UnsupportedError("option for frames that are kept as the camera compressed them", name, [
      "fps",
    ]);
  }
  return camera.format ?? builtInFormats.find(({ coded }) => coded?.codec === codec)?.name ?? codec;
}
