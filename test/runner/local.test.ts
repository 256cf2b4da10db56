import { describe, expect, test } from "bun:test";

import { localDispatch } from "../../src/dispatch/local.ts";
import { eventually } from "../support/eventually.ts";
import { hostsOf, openPool } from "./harness.ts";

const job = { runId: "run_1", jobId: "job_1", url: "http://127.0.0.1/" };
const never = new AbortController().signal;

describe("localDispatch", () => {
  test("a job is completed whatever its runners said, and an error blames the runner", async () => {
    await using opened = await openPool();
    const runners = [{ name: "echo" }, { name: "throws" }, { name: "noVerdict" }];
    const outcome = await localDispatch(opened.pool)({ ...job, runners }, never);
    expect(outcome).toMatchObject({
      state: "completed",
      results: [
        { name: "echo", reportedName: "echoed", status: "pass" },
        { name: "throws", status: "error", errorMessage: "boom", errorSource: "runner" },
        { name: "noVerdict", status: "error", errorSource: "runner" },
      ],
    });
  });

  test("a missing runner fails the job; the others are executed", async () => {
    await using opened = await openPool();
    const runners = [{ name: "nope" }, { name: "echo" }];
    const outcome = await localDispatch(opened.pool)({ ...job, runners }, never);
    expect(outcome).toMatchObject({
      state: "failed",
      errorCode: "runner_not_found",
      errorSource: "runner",
      error: 'There is no runner named "nope".',
      results: [
        { name: "nope", status: "error" },
        { name: "echo", status: "pass" },
      ],
    });
  });

  test("an abort settles soon, as a failure", async () => {
    await using opened = await openPool();
    const stop = new AbortController();
    const runners = [{ name: "endlessLoop" }];
    const dispatched = localDispatch(opened.pool)({ ...job, runners }, stop.signal);
    await eventually("a host runs", () => hostsOf(process.pid).length > 0);
    stop.abort();
    expect(await dispatched).toMatchObject({ state: "failed", errorCode: "aborted" });
  });
});
