import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * The command line is tested as users run it, built. Nothing to do where the build is fresh; where it fails, the
 * tests of the command line say so, and all others still run.
 */
export default function build(): void {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const kernels = spawnSync(process.execPath, ["scripts/build-kernels.mjs"], { cwd: root, encoding: "utf8" });
  if (kernels.status !== 0) throw new Error(`The kernels cannot be built.\n${kernels.stderr}`);
  const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-b", "tsconfig.build.json"], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) console.warn(`The build failed; dist/ may be stale.\n${stdout}`);
}
