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

/** A job whose runners are being collected. */
interface Group extends JobPlan {
  readonly runners: RequestedRunner[];
  expected?: ExpectedStatus[];
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
  const byUrl = new Map<string, UrlGroups>();
  let groups: UrlGroups | undefined;
  for (const runner of runners) {
    const url = runner.input?.url ?? "";
    if (groups?.url !== url) groups = byUrl.get(url);
    if (!groups) byUrl.set(url, (groups = new UrlGroups(url)));
    const group = groups.take(runner);
    if (expectationOf) (group.expected ??= []).push(expectationOf(runner));
  }
  const plans: JobPlan[] = [];
  for (const { all } of byUrl.values()) for (const group of all) plans.push(group);
  return plans;
}

/** From so many groups on, those of one url are found by an index. */
const MANY = 8;

/** The groups of one url. */
class UrlGroups {
  readonly url: string;
  readonly all: Group[] = [];
  #byRegion: Map<string | undefined, Group> | undefined;

  constructor(url: string) {
    this.url = url;
  }

  /** The group that the runner went to. */
  take({ input, name, region }: RunnerRequest): Group {
    const runner = input === undefined ? { name } : { name, input };
    const known = this.#find(region);
    if (!known) return this.#begin(region, runner);
    known.runners.push(runner);
    return known;
  }

  #find(region: string | undefined): Group | undefined {
    if (this.#byRegion) return this.#byRegion.get(region);
    for (const group of this.all) if (group.region === region) return group;
    return undefined;
  }

  #begin(region: string | undefined, runner: RequestedRunner): Group {
    const { url } = this;
    const runners = [runner];
    const group: Group = region === undefined ? { url, runners } : { url, region, runners };
    this.all.push(group);
    if (this.#byRegion) this.#byRegion.set(region, group);
    else if (this.all.length === MANY) {
      this.#byRegion = new Map(this.all.map((one) => [one.region, one]));
    }
    return group;
  }
}
