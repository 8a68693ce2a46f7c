let asked = false;

/** Largest block that glibc learns from; beyond it every block is mapped and unmapped by itself. */
const largestLesson = 31 * 2 ** 20;

/**
 * Asks the C library to keep the memory of freed pictures for the next ones. Reading large pictures is two to four
 * times as fast then.
 *
 * glibc gives blocks above 128 kB back to the system as soon as they are freed, and the system clears each page anew
 * when it is touched, which takes longer than copying the picture into it. But it learns: once a larger block of up
 * to 32 MB has been freed, blocks of that size are kept and used again (mallopt(3), M_MMAP_THRESHOLD). So one is
 * made and freed at once, untouched: a message that nobody can receive any more takes it along. Other C libraries
 * take no notice.
 */
export function keepFreedMemory(): void {
  if (asked) return;
  asked = true;
  const { port1 } = new MessageChannel();
  port1.close();
  const block = new ArrayBuffer(largestLesson);
  port1.postMessage(block, [block]);
}
