import type { Camera, CameraDriver, CameraOptions } from "../capture/camera.js";
import { withoutSecrets } from "../capture/without-secrets.js";
import { CameraError } from "../core/errors.js";

/**
 * Opens the camera of an address such as `synthetic:640x480@25`.
 * @param drivers those that may be meant.
 * @throws {CameraError} if no driver has that scheme, or the driver finds no such camera.
 */
export async function openCamera(
  address: string,
  options: CameraOptions,
  drivers: readonly CameraDriver[],
): Promise<Camera> {
  const colon = address.indexOf(":");
  const scheme = colon < 0 ? address : address.slice(0, colon);
  const driver = drivers.find((candidate) => candidate.scheme === scheme);
  if (driver === undefined) {
    const known = drivers.map((candidate) => candidate.scheme).join(", ");
    throw new CameraError(withoutSecrets(address), `no driver for "${scheme}" (known: ${known})`);
  }
  return driver.open(colon < 0 ? "" : address.slice(colon + 1), options);
}
