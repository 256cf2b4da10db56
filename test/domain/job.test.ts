import { describe, expect, test } from "bun:test";

import { timingOf } from "../../src/domain/job.ts";

const results = (...durations: readonly (number | undefined)[]) =>
  durations.map((durationMs) => ({
    name: "r",
    status: "pass" as const,
    ...(durationMs === undefined ? {} : { durationMs }),
  }));

describe("timingOf", () => {
  const times = { queueMs: 5, durationMs: 100, remote: true };

  test.each([
    ["adds up what the runners took", results(30, 50), { endpointMs: 80, networkMs: 20 }],
    [
      "takes the longest where they ran side by side",
      results(90, 80),
      { endpointMs: 90, networkMs: 10 },
    ],
    ["never tells of more than there was", results(900), { endpointMs: 100, networkMs: 0 }],
    ["is silent where an endpoint is", results(30, undefined), {}],
    ["is silent where nobody answered", results(), {}],
  ])("%s", (_what, told, timing) => {
    expect(timingOf({ ...times, results: told })).toEqual({ queueMs: 5, ...timing });
  });

  test("knows no network in local mode", () => {
    const timing = timingOf({ ...times, results: results(30), remote: false });
    expect(timing).toEqual({ queueMs: 5, endpointMs: 30 });
  });
});
