/**
 * TypeScript declarations of the SDK modules, for the editor of whoever writes runner files. The
 * text is that of the declaration files beside this one, which this project checks its own runner
 * files against.
 */
// @ts-expect-error A declaration file, embedded as text.
import page from "./types/page.d.ts" with { type: "text" };
// @ts-expect-error A declaration file, embedded as text.
import modules from "./types/runners.d.ts" with { type: "text" };

/** How a file of declarations begins that may be written over. */
export const WRITTEN_BY = "/**\n * What an editor should know of the modules that volley gives";

/**
 * `playwright`: whether `playwright-core` is installed, whose own types are then used in full
 * instead of the part of them that is written down here.
 */
export function declarations({ playwright }: { readonly playwright: boolean }): string {
  const text = String(modules);
  if (playwright) return text.replace('"volley/page"', '"playwright-core"');
  return `${text}\n${String(page)}`;
}
