/** What results are called where each needs a name of its own within its region. */
import type { Result } from "../domain/result.ts";

/** Names of a job's results: runner and url; a runner's second result is another test. */
export function testNames(results: readonly Result[], url: string): string[] {
  const seen = new Map<string, number>();
  return results.map(({ name }) => {
    const occurrence = (seen.get(name) ?? 0) + 1;
    seen.set(name, occurrence);
    return `${occurrence === 1 ? name : `${name} #${occurrence}`} ${url}`;
  });
}
