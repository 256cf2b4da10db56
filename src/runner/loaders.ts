/** The kinds of source files, by extension: one table for looking at them and for loading them. */
export type Loader = "ts" | "tsx" | "jsx";

/** CommonJS is left out: it cannot export a runner by name. */
const LOADERS: ReadonlyMap<string, Loader> = new Map([
  [".ts", "ts"],
  [".mts", "ts"],
  [".tsx", "tsx"],
  [".js", "jsx"],
  [".mjs", "jsx"],
  [".jsx", "jsx"],
]);

/** How a file is read; undefined for one that holds no runners. */
export function loaderOf(name: string): Loader | undefined {
  return LOADERS.get(name.slice(name.lastIndexOf(".")));
}

/** Whether `name` is a source file whose runners count: no declarations and no tests. */
export function isRunnerFile(name: string): boolean {
  return loaderOf(name) !== undefined && !/\.(?:d|test|spec)\.[a-z]+$/.test(name);
}
