import { describe, expect, test } from "bun:test";

import { jobEnd, runEndState, stoppedJob } from "../../src/orchestrator/outcome.ts";

const none = { completed: 0, failed: 0, timedOut: 0, cancelled: 0 };

describe("stoppedJob", () => {
  test("says which limit struck and where the job was", () => {
    expect(stoppedJob("timed_out", "in flight", 5_000)).toEqual({
      state: "timed_out",
      error: "The run's limit of 5000 ms struck while this job was in flight.",
      errorCode: "run_timed_out",
      errorSource: "timeout",
    });
    expect(stoppedJob("timed_out", "waiting", 5_000).error).toBe(
      "The run's limit of 5000 ms struck before this job had its turn.",
    );
  });

  test("says that the run was cancelled", () => {
    expect(stoppedJob("cancelled", "waiting", 5_000)).toEqual({
      state: "cancelled",
      error: "The run was cancelled before this job had its turn.",
      errorCode: "cancelled",
      errorSource: "cancelled",
    });
  });
});

describe("jobEnd", () => {
  const completed = { state: "completed", results: [{ name: "a", status: "pass" }] } as const;
  const failed = { state: "failed", error: "aborted", errorSource: "transport" } as const;

  test("is the outcome while the run goes on", () => {
    expect(jobEnd(completed, undefined, 1)).toBe(completed);
    expect(jobEnd(failed, undefined, 1)).toBe(failed);
  });

  test("keeps what was complete when the run stopped", () => {
    expect(jobEnd(completed, "timed_out", 1)).toBe(completed);
    expect(jobEnd(completed, "cancelled", 1)).toBe(completed);
  });

  test.each(["timed_out", "cancelled"] as const)("counts an aborted dispatch as %s", (stop) => {
    expect(jobEnd(failed, stop, 1).state).toBe(stop);
  });
});

describe("runEndState", () => {
  test.each([
    [{ completed: 3 }, false, "completed"],
    [{}, false, "completed"],
    [{ completed: 3, failed: 1 }, false, "failed"],
    [{ completed: 3, cancelled: 1 }, false, "failed"],
    [{ completed: 3, failed: 1, timedOut: 1 }, false, "timed_out"],
    [{ completed: 3, failed: 1, timedOut: 1, cancelled: 1 }, true, "cancelled"],
    [{ completed: 3 }, true, "cancelled"],
  ] as const)("of %j (cancelled: %p) is %s", (tally, cancelled, state) => {
    expect(runEndState({ ...none, ...tally }, cancelled)).toBe(state);
  });
});
