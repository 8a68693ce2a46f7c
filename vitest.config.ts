import { defineConfig } from "vitest/config";

/** Threads run what is built: Node 20 reads no TypeScript. */
const builtWorkers = {
  name: "built-workers",
  transform: (code: string, id: string): string | undefined =>
    id.includes("/src/")
      ? code.replace(/new URL\("\.\/([\w-]+-worker)\.js", import\.meta\.url\)/g, (_, worker: string) => {
          const built = id.replace("/src/", "/dist/").replace(/[\w-]+\.ts$/, `${worker}.js`);
          return `new URL(${JSON.stringify(`file://${built}`)})`;
        })
      : undefined,
};

export default defineConfig({
  plugins: [builtWorkers],
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/build-once.ts"],
    // Native decoders live in the process: one process per test file keeps a crash to the file that caused it.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
