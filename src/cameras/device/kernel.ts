import { createRequire } from "node:module";
import { constants } from "node:os";
import { pollfd } from "./v4l2-layout.js";

/** What the driver's memory and its calls look like from here. Failing calls give the system's number for what went wrong. */
export interface Kernel {
  /** @returns a descriptor, or a negative errno. */
  open(path: string): number;
  close(fd: number): void;
  /** @returns 0 or errno. */
  ioctl(fd: number, request: number, argument: Buffer): number;
  /** @returns the memory, or errno. It must not be touched after `unmap`. */
  map(fd: number, bytes: number, offset: number): Mapped | number;
  /** Waits until there is something to fetch, or so many milliseconds. @returns whether there is, or went wrong. */
  wait(fd: number, milliseconds: number): boolean;
  /** Where a buffer lies, for structures that point to another. */
  address(bytes: Buffer): number;
}

export interface Mapped {
  readonly bytes: Uint8Array;
  unmap(): void;
}

const { EINTR, ENOMEM } = constants.errno;
const [readWrite, shared, nonBlocking, closeOnExec] = [3, 1, 0o4000, 0o2000000];
const [pollIn, pollErr, pollHup] = [1, 8, 16];

let loaded: Kernel | undefined;

/** The calls of this machine's C library. @throws {Error} where it cannot be called: another system than Linux. */
export function linuxKernel(): Kernel {
  loaded ??= loadKernel();
  return loaded;
}

function loadKernel(): Kernel {
  // Loaded when a device is looked for, not with the library.
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const c = koffi.load("libc.so.6");
  const open = c.func("int open(const char *path, int flags)");
  const close = c.func("int close(int fd)");
  const ioctl = c.func("int ioctl(int fd, unsigned long request, void *argument)");
  const mmap = c.func(
    "intptr_t mmap(void *at, size_t bytes, int protection, int flags, int fd, int64_t offset)",
  );
  const munmap = c.func("int munmap(intptr_t at, size_t bytes)");
  const poll = c.func("int poll(void *fds, unsigned long count, int milliseconds)");
  const readOnly = 1;
  return {
    open(path) {
      const fd: number = open(path, 2 | nonBlocking | closeOnExec);
      return fd < 0 ? -koffi.errno() : fd;
    },
    close: (fd) => void close(fd),
    ioctl(fd, request, argument) {
      for (;;) {
        if (ioctl(fd, request, argument) === 0) return 0;
        const code = koffi.errno();
        if (code !== EINTR) return code;
      }
    },
    map(fd, bytes, offset) {
      // Some drivers map for reading and writing only.
      let at = BigInt(mmap(null, bytes, readWrite, shared, fd, offset));
      if (at === -1n) at = BigInt(mmap(null, bytes, readOnly, shared, fd, offset));
      if (at === -1n) return koffi.errno() || ENOMEM;
      return { bytes: new Uint8Array(koffi.view(at, bytes)), unmap: () => void munmap(at, bytes) };
    },
    wait(fd, milliseconds) {
      const asked = pollfd.create({ fd, events: pollIn });
      if (poll(asked, 1, milliseconds) <= 0) return false;
      return (pollfd.get(asked, "revents") & (pollIn | pollErr | pollHup)) !== 0;
    },
    address: (bytes) => Number(koffi.address(bytes)),
  };
}

/** "ENODEV" of 19. */
export function errnoName(code: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === code)?.[0] ?? `errno ${code}`;
}
