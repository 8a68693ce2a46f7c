import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { NotFoundError, TransformError, UnsupportedError } from "../core/errors.js";
import { custom } from "../transforms/picture-transform.js";
import type { BoundTransform } from "../transforms/transform-kind.js";

/** A transform from a module of the user's. */
export interface ModuleTransform extends BoundTransform {
  /** Absolute path of its file: with it the transform can be had in another thread, and at another time. */
  readonly module: string;
}

/** Whether a text names a file rather than a built-in transform. */
export function isModulePath(text: string): boolean {
  return /^(\.{0,2}[\\/]|[a-z]:[\\/])/i.test(text) || /\.[cm]?[jt]s$/.test(text);
}

export function isModuleTransform(transform: BoundTransform): transform is ModuleTransform {
  return "module" in transform;
}

/** What Node says of itself; 20 does not say it, 22.18 and later read TypeScript by stripping its types. */
function readsTypeScript(): boolean {
  const { typescript } = process.features as { readonly typescript?: string | false };
  // A loader that the user has given (`node --import tsx`) is worth a try.
  const hasLoader = /--(import|loader|experimental-loader|experimental-strip-types)\b/.test(
    `${process.execArgv.join(" ")} ${process.env.NODE_OPTIONS ?? ""}`,
  );
  return Boolean(typescript) || hasLoader;
}

/**
 * Loads a module whose default export is a function from picture to picture, or a transform. Pictures are bent in any
 * order and in several threads, so the function must not keep anything from one to the next.
 * @throws {NotFoundError} if it cannot be loaded; {TransformError} if it exports something else; {UnsupportedError} for
 *   TypeScript, where this Node reads none.
 */
export async function loadTransform(path: string): Promise<ModuleTransform> {
  const module = resolve(path);
  if (/^\.[cm]?ts$/.test(extname(module)) && !readsTypeScript()) {
    throw new UnsupportedError(
      `module (Node ${process.versions.node} reads no TypeScript; 22.18 does, or compile it, or rename it to .js)`,
      path,
    );
  }
  const { default: exported } = (await import(pathToFileURL(module).href).catch((cause: Error) => {
    throw new NotFoundError(path, `cannot be loaded: ${cause.message}`, { cause });
  })) as { readonly default?: unknown };
  if (typeof exported !== "function") {
    throw new TransformError(path, "its default export is no function from picture to picture");
  }
  if (!("step" in exported)) return Object.assign(custom(exported as never, path), { module });
  const given = exported as BoundTransform;
  return Object.assign((source: Parameters<BoundTransform>[0]) => given(source), given, { module });
}
