// Compiles src/transforms/kernels/assembly (AssemblyScript) into WebAssembly, and writes its bytes as a module that any
// JavaScript can import, browsers too: src/transforms/kernels/wasm-bytes.ts. Does nothing where that is fresh.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = "src/transforms/kernels/assembly";
const target = `${root}src/transforms/kernels/wasm-bytes.ts`;

const flags = [
  ...["--optimizeLevel", "3", "--shrinkLevel", "0", "--converge", "--noAssert"],
  ...["--enable", "simd", "--runtime", "stub", "--use", "abort="],
];
const hash = createHash("sha256").update(JSON.stringify(flags));
for (const name of readdirSync(root + folder).sort()) hash.update(readFileSync(`${root}${folder}/${name}`));
hash.update(
  readFileSync(`${root}package-lock.json`, "utf8").match(/"node_modules\/assemblyscript": {[^}]*}/)?.[0] ??
    "",
);
const first = `// Written by scripts/build-kernels.mjs from assembly/: ${hash.digest("hex")}`;

if (!existsSync(target) || !readFileSync(target, "utf8").startsWith(`${first}\n`)) {
  const { default: asc } = await import("assemblyscript/asc");
  let wasm;
  const { error, stderr } = await asc.main([`${folder}/index.ts`, "--outFile", "kernels.wasm", ...flags], {
    readFile: (name) => (existsSync(root + name) ? readFileSync(root + name, "utf8") : null),
    writeFile: (name, contents) => {
      if (name.endsWith(".wasm")) wasm = contents;
    },
    listFiles: () => [],
  });
  if (error || wasm === undefined) {
    console.error(stderr.toString());
    throw error ?? new Error("AssemblyScript gave no module");
  }
  const text = Buffer.from(wasm).toString("base64");
  // Under another name first: two builds at once must not read each other's half.
  writeFileSync(
    `${target}.${process.pid}`,
    `${first}\n\n/** The WebAssembly module in base64. */\nexport const wasmBytes =\n  "${text}";\n`,
  );
  renameSync(`${target}.${process.pid}`, target);
}
