/**
 * Fan-out: from requested runners to jobs. Pure; the same request always gives the same jobs.
 */
import type { RequestedRunner } from "../domain/job.ts";
import type { RunnerRequest } from "../domain/run.ts";
import { present } from "../lib/present.ts";

/** One group of runners that travel together. */
export interface JobPlan {
  readonly url: string;
  readonly region?: string;
  readonly runners: readonly RequestedRunner[];
}

/**
 * Groups runners by url, then region, both in first-seen order; runners keep the order of the
 * request. Expects runners whose `input.url` is present.
 */
export function fanoutJobs(runners: readonly RunnerRequest[]): JobPlan[] {
  const byUrl = new Map<string, Map<string | undefined, RequestedRunner[]>>();
  for (const { name, region, input } of runners) {
    const url = input?.url ?? "";
    const byRegion = entry(byUrl, url, () => new Map<string | undefined, RequestedRunner[]>());
    entry(byRegion, region, () => []).push({ name, ...present({ input }) });
  }
  const plans: JobPlan[] = [];
  for (const [url, byRegion] of byUrl) {
    for (const [region, group] of byRegion) {
      plans.push({ url, ...present({ region }), runners: group });
    }
  }
  return plans;
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
}
