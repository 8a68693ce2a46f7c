// What a store's index costs, in a process of its own; prints one JSON line.
// usage: index-task.js {keep|read|ignore|limit} STORE COUNT
import { lstatSync, readdirSync } from "node:fs";
import type { CatalogueUse } from "../src/index.js";
import { openStore } from "../src/index.js";

const [task, root, size] = process.argv.slice(2) as [CatalogueUse | "limit", string, string];
const count = Number(size);
const megabytes = (): number => process.memoryUsage.rss() / 2 ** 20;

/** What no reader can do without: the list of the chunks, and a look at each one's index. */
function limit(): Record<string, number> {
  const start = performance.now();
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    lstatSync(`${root}/${entry.name}/index.npz`, { throwIfNoEntry: false });
  }
  return { ms: performance.now() - start };
}

/** Median and 99th percentile, in microseconds, of looking up what `ask` makes of random ranks. */
function lookups(runs: number, seed: number, ask: (rank: number) => number): { p50: number; p99: number } {
  const times: number[] = [];
  let random = seed;
  for (let i = 0; i < runs; i++) {
    random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
    const rank = Math.floor((random / 2 ** 31) * count);
    const start = performance.now();
    const found = ask(rank);
    times.push((performance.now() - start) * 1000);
    if (found !== rank) throw new Error(`looked for ${rank}, found ${found}`);
  }
  times.sort((a, b) => a - b);
  return { p50: times[runs >> 1]!, p99: times[Math.floor(runs * 0.99)]! };
}

async function open(catalogue: CatalogueUse): Promise<Record<string, number>> {
  const before = megabytes();
  const start = performance.now();
  await using store = await openStore(root, { catalogue });
  const ms = performance.now() - start;
  const rss = megabytes() - before;
  const { index } = store;
  const timeOf = (rank: number): number => 1_700_000_000 + rank / 100;
  // Nearly every one is in another chunk, which has to be read.
  const cold = lookups(500, 2, (number) => index.locate({ number }));
  const coldTime = lookups(500, 3, (rank) => index.locate({ time: timeOf(rank) + 0.003, match: "nearest" }));
  const near = Math.floor(count / 2 / 1000) * 1000;
  const warm = lookups(5000, 4, (rank) => {
    const number = near + (rank % 1000);
    return index.locate({ number }) === number ? rank : -1;
  });
  const warmTime = lookups(5000, 5, (rank) => {
    const at = near + (rank % 1000);
    return index.locate({ time: timeOf(at) + 0.003, match: "nearest" }) === at ? rank : -1;
  });
  return {
    ms,
    rss,
    all: megabytes() - before,
    cold: cold.p50,
    coldTail: cold.p99,
    coldTime: coldTime.p50,
    warm: warm.p50,
    warmTail: warm.p99,
    warmTime: warmTime.p50,
  };
}

console.log(JSON.stringify(task === "limit" ? limit() : await open(task)));
