/**
 * Makes names visible that a runner file does not export: the schema that a type names is often a
 * local one. The file is loaded with an export added behind its last line, so that its own lines
 * stay where they are.
 */
import { loaderOf } from "../loaders.ts";

/** The name under which a local name of a file is exported to the host. */
export function exposedName(local: string): string {
  return `__volley_${local}`;
}

const exposed = new Set<string>();

/** Must be called before the file is first imported; files without `locals` are left alone. */
export function exposeLocals(path: string, locals: readonly string[]): void {
  if (locals.length === 0 || exposed.has(path)) return;
  exposed.add(path);
  const names = locals.map((local) => `${local} as ${exposedName(local)}`);
  Bun.plugin({
    name: pathToken(path),
    setup: (build) => {
      build.onLoad({ filter: new RegExp(`^${RegExp.escape(path)}$`) }, async () => ({
        contents: `${await Bun.file(path).text()}\n;export { ${names.join(", ")} };\n`,
        loader: loaderOf(path) ?? "ts",
      }));
    },
  });
}

export function pathToken(path: string): string {
  return `volley ${path}`;
}
