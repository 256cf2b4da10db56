/** What results are called where each needs a name of its own within its job. */
import type { Result } from "../domain/result.ts";

/** "titleTest", and for a runner's second result in the job "titleTest #2". */
export function occurrenceName(runner: string, occurrence: number): string {
  return occurrence === 1 ? runner : `${runner} #${occurrence}`;
}

/** A name for each result of a job, by runner. */
export function resultNames(results: readonly Result[]): string[] {
  const seen = new Map<string, number>();
  return results.map(({ name }) => {
    const occurrence = (seen.get(name) ?? 0) + 1;
    seen.set(name, occurrence);
    return occurrenceName(name, occurrence);
  });
}
