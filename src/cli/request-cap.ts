/**
 * Bun's fetch silently queues requests past a cap, while their time limits run. The cap is read
 * when a process starts, so a process that needs more replaces itself once, in place (same pid).
 */
import { environmentWithRequestCap, requestCap, RESERVED_REQUESTS } from "../config.ts";

const HIGHEST_CAP = 65_535;

/**
 * Returns if the cap allows `maxInFlight` dispatches and the reserve beside them, or if this
 * platform cannot replace a process; does not return otherwise.
 */
export function ensureRequestCap(maxInFlight: number): void {
  const cap = Math.min(maxInFlight + RESERVED_REQUESTS, HIGHEST_CAP);
  if (requestCap() >= cap || typeof process.execve !== "function") return;
  const program = Bun.isStandaloneExecutable ? [process.argv0] : [process.argv0, Bun.main];
  const args = [...program, ...process.argv.slice(2)];
  process.execve(process.execPath, args, environmentWithRequestCap(cap));
}
