/** The runner host: what this binary does when it was started by itself with `__host`. */
import { serveTasks } from "../runner/host-child.ts";

/** Resolves with the exit code once the server is gone or the host is unfit. */
export function run(): Promise<number> {
  return serveTasks();
}
