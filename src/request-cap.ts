/**
 * Bun's fetch silently queues requests past a cap, while their time limits run. The cap is read
 * when a process starts, so `volley serve` replaces itself once, in place (same pid), before
 * anything else is loaded: what the first of the two loads, it loads for nothing.
 */
const VARIABLE = "BUN_CONFIG_MAX_HTTP_REQUESTS";
/** Without the variable. */
const DEFAULT = 256;
const HIGHEST = 65_535;

/** Requests kept free beside dispatches: health of endpoints, webhooks. */
export const RESERVED_REQUESTS = 16;

/** Most requests that fetch has in flight at once in this process. */
export function requestCap(): number {
  const value = Number(process.env[VARIABLE]);
  return Number.isInteger(value) && value >= 1 && value <= HIGHEST ? value : DEFAULT;
}

/**
 * Returns if the cap is as high as it can be, or if this platform cannot replace a process; does
 * not return otherwise.
 */
export function raiseRequestCap(): void {
  if (requestCap() === HIGHEST || typeof process.execve !== "function") return;
  const program = Bun.isStandaloneExecutable ? [process.argv0] : [process.argv0, Bun.main];
  const args = [...program, ...process.argv.slice(2)];
  process.execve(process.execPath, args, { ...process.env, [VARIABLE]: String(HIGHEST) });
}
