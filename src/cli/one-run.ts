/** The one run that a command is about, from its arguments. */
export function oneRun([runId = "", ...rest]: readonly string[]): {
  runId: string;
  faults: readonly string[];
} {
  const missing = runId === "" ? ['RUN is missing; "volley ls" lists runs'] : [];
  return { runId, faults: [...missing, ...rest.map((word) => `unexpected argument "${word}"`)] };
}
