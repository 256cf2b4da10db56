/**
 * How this program starts itself as a runner host: the compiled binary by itself, the sources
 * through Bun, without the settings that the folder of the runner files may hold.
 */
/** The hidden argument that `main.ts` answers with a runner host. */
export const HOST_ARGUMENT = "__host";

export function hostCommand(): string[] {
  if (Bun.isStandaloneExecutable) return [process.execPath, HOST_ARGUMENT];
  const main = Bun.resolveSync("../main.ts", import.meta.dir);
  // Otherwise a package that is missing would be fetched, which the binary does not do either.
  const flags = ["--no-install", "--no-env-file", "--config=/dev/null"];
  return [process.execPath, ...flags, main, HOST_ARGUMENT];
}
