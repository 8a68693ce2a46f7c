import { open, rm } from "node:fs/promises";
import { join } from "node:path";

/** Bytes a second. */
export interface DiskSpeed {
  /** Until the disk has it. */
  readonly write: number;
  /** From the system's cache. */
  readonly read: number;
}

/** Writes and reads that many bytes in a folder, and leaves nothing. @throws {Error} as the system says it. */
export async function measureDisk(folder: string, bytes: number): Promise<DiskSpeed> {
  const path = join(folder, `.marey-doctor-${process.pid}`);
  const block = Buffer.alloc(4 * 2 ** 20, "marey");
  const blocks = Math.max(1, Math.ceil(bytes / block.length));
  try {
    const file = await open(path, "wx+");
    try {
      const write = await bytesASecond(block.length * blocks, async () => {
        for (let i = 0; i < blocks; i++) await file.write(block, 0, block.length, i * block.length);
        await file.datasync();
      });
      const read = await bytesASecond(block.length * blocks, async () => {
        for (let i = 0; i < blocks; i++) await file.read(block, 0, block.length, i * block.length);
      });
      return { write, read };
    } finally {
      await file.close();
    }
  } finally {
    await rm(path, { force: true });
  }
}

async function bytesASecond(bytes: number, work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (bytes * 1000) / (performance.now() - started);
}
