/** How a command line is told which server it talks to. */
import { shellWord } from "../lib/shell.ts";

/** What a command talks to that is told nothing. */
export const DEFAULT_SERVER = "http://127.0.0.1:3000";
/** Where a server has its API, below the URL that names it. */
export const API_PATH = "/api/orchestrator";

/** What has to be added to a command line; empty for the default. `server`: as `--server` takes it. */
export function serverFlag(server: string): string {
  return server === DEFAULT_SERVER ? "" : ` --server ${shellWord(server)}`;
}
