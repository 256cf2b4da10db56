/** Region truth: answers that may be those of another region are marked, and nothing else is. */
import { describe, expect, test } from "bun:test";

import type { JobOutcome } from "../../src/dispatch/dispatch.ts";
import { truthful } from "../../src/dispatch/region-truth.ts";
import type { RegionMismatch } from "../../src/domain/job.ts";
import { job, never } from "./dispatching.ts";

const PASSED: JobOutcome = { state: "completed", results: [{ name: "titleTest", status: "pass" }] };
const FAILED: JobOutcome = { state: "failed", error: "It is away.", errorSource: "transport" };

interface Truth {
  readonly outcome?: JobOutcome;
  /** What the endpoint's info says of its region. */
  readonly info?: string;
  readonly region?: string;
}

/** The outcome of a job of region `eu`; `us` has an endpoint of its own, `a` and `b` share one. */
async function marked({ info, outcome = PASSED, region = "eu" }: Truth): Promise<JobOutcome> {
  const urls = { eu: "http://eu/api", us: "http://us/api", a: "http://one", b: "http://one" };
  const regions = new Map(Object.entries(urls).map(([name, url]) => [name, { name, url }]));
  const reportedRegion = (): string | undefined => info;
  const dispatch = truthful(async () => outcome, { regions, reportedRegion });
  return dispatch(job(region), never());
}

const mismatch = (reported: string): RegionMismatch => ({
  message: `The endpoint says it is in region "${reported}".`,
  reported,
});

describe("truthful", () => {
  test.each<[string, Truth]>([
    ["nobody names a region", {}],
    ["the answer names the region asked", { outcome: { ...PASSED, reportedRegion: "eu" } }],
    ["the info does", { info: "eu" }],
  ])("marks nothing when %s", async (_when, truth) => {
    expect(await marked(truth)).toEqual(PASSED);
  });

  test("marks an answer that names another region, and one whose info does", async () => {
    const told = { ...PASSED, reportedRegion: "us" };
    expect(await marked({ outcome: told })).toEqual({ ...PASSED, regionMismatch: mismatch("us") });
    const echo = { ...PASSED, reportedRegion: "eu" };
    expect(await marked({ outcome: echo, info: "ap" })).toEqual({
      ...PASSED,
      regionMismatch: mismatch("ap"),
    });
  });

  test("marks answers of an endpoint that several regions share", async () => {
    expect((await marked({ region: "a" })).regionMismatch).toEqual({
      message: "The endpoint is also that of b.",
      sharedWith: ["b"],
    });
    expect((await marked({ region: "b", info: "a" })).regionMismatch).toEqual({
      message: 'The endpoint says it is in region "a". The endpoint is also that of a.',
      reported: "a",
      sharedWith: ["a"],
    });
  });

  test("marks what came of a failed job, and not a failure without an answer", async () => {
    const some = { ...FAILED, results: PASSED.results ?? [], reportedRegion: "us" };
    expect((await marked({ outcome: some })).regionMismatch).toEqual(mismatch("us"));
    expect(await marked({ outcome: FAILED, info: "us", region: "a" })).toEqual(FAILED);
  });
});
