/**
 * Fan-out: from requested runners to jobs. Pure; the same request always gives the same jobs.
 */
import type { ExpectedStatus } from "../domain/expectation.ts";
import type { RequestedRunner } from "../domain/job.ts";
import type { RunnerRequest } from "../domain/run.ts";

/** One group of runners that travel together. */
export interface JobPlan {
  readonly url: string;
  readonly region?: string;
  readonly runners: readonly RequestedRunner[];
  /** What each runner is expected to answer; absent if nothing was said. */
  readonly expected?: readonly ExpectedStatus[];
}

interface Group {
  readonly runners: RequestedRunner[];
  readonly expected?: ExpectedStatus[];
}

/**
 * Groups runners by url, then region, both in first-seen order; runners keep the order of the
 * request. Expects runners whose `input.url` is present. `expectationOf`: what each is expected to
 * answer, of a run that is judged.
 */
export function fanoutJobs(
  runners: readonly RunnerRequest[],
  expectationOf?: (runner: RunnerRequest) => ExpectedStatus,
): JobPlan[] {
  const byUrl = new Map<string, Map<string | undefined, Group>>();
  for (const runner of runners) {
    const { name, region, input } = runner;
    const url = input?.url ?? "";
    const byRegion = entry(byUrl, url, () => new Map<string | undefined, Group>());
    const group = entry(byRegion, region, (): Group =>
      expectationOf ? { runners: [], expected: [] } : { runners: [] },
    );
    group.runners.push(input === undefined ? { name } : { name, input });
    if (expectationOf) group.expected?.push(expectationOf(runner));
  }
  const plans: JobPlan[] = [];
  for (const [url, byRegion] of byUrl) {
    for (const [region, group] of byRegion) {
      plans.push(region === undefined ? { url, ...group } : { url, region, ...group });
    }
  }
  return plans;
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
}
