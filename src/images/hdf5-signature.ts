const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** HDF5's signature, at the start or behind a block of somebody else's. @param head the first 4,096 bytes. */
export function isHdf5(head: Uint8Array): boolean {
  return [0, 512, 1024, 2048].some((start) => isHdf5At(head, start));
}

/** HDF5's signature at that place. */
export function isHdf5At(head: Uint8Array, start: number): boolean {
  return signature.every((byte, i) => head[start + i] === byte);
}
