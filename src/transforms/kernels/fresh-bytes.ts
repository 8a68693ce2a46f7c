/** Of Node's Buffer what is used here; browsers have none. */
interface Allocator {
  allocUnsafeSlow(size: number): Uint8Array;
}

/**
 * Bytes of their own for a kernel that writes each of them: until then they are anything. Node need not clear them, which
 * takes as long as a third of what most kernels do; browsers give cleared ones.
 */
export function freshBytes(length: number): Uint8Array {
  const { Buffer } = globalThis as { readonly Buffer?: Partial<Allocator> };
  if (typeof Buffer?.allocUnsafeSlow !== "function") return new Uint8Array(length);
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}
