import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { inTime } from "../support/in-time.ts";
import { hostsOf, openPool, type Pool, processes, uniqueSeconds } from "./harness.ts";

const never = new AbortController().signal;
const url = "http://127.0.0.1/";

describe("RunnerPool", () => {
  let shared: Pool;
  beforeAll(async () => {
    shared = await openPool();
  });
  afterAll(() => shared.pool.close());

  test("hands over context and input, in which url is the job's", async () => {
    const results = await shared.pool.execute(
      {
        url: "http://localhost/job",
        region: "eu-west-1",
        runId: "run_1",
        runners: [{ name: "echo", input: { url: "http://other/", count: 3 } }, { name: "echo" }],
      },
      never,
    );
    const place = { region: "eu-west-1", runId: "run_1" };
    const input = { url: "http://localhost/job" };
    expect(results).toEqual([
      {
        name: "echo",
        reportedName: "echoed",
        status: "pass",
        details: { ...place, input: { ...input, count: 3 } },
        durationMs: expect.any(Number),
      },
      expect.objectContaining({ details: { ...place, input } }),
    ]);
  });

  test("keeps the last 50 log lines and writes them to the log with the run's id", async () => {
    const runners = [{ name: "logs" }];
    const [result] = await shared.pool.execute({ url, runId: "run_logs", runners }, never);
    expect(result?.logs).toHaveLength(50);
    expect(result?.logs?.[0]).toMatchObject({ message: "line 11", meta: { index: 11 } });
    expect(result?.logs?.at(-1)).toMatchObject({ message: "line 60", meta: { index: 60 } });
    const logged = shared.lines.filter((line) => line.includes('"runId":"run_logs"'));
    expect(JSON.parse(logged[0] ?? "")).toMatchObject({
      message: "runner log",
      runner: "logs",
      text: "line 1",
      meta: { index: 1 },
    });
  });

  test("an error the function answered itself blames nobody", async () => {
    expect(await shared.run(["noVerdict"])).toEqual([
      {
        name: "noVerdict",
        reportedName: "no_verdict",
        status: "error",
        errorMessage: "The page has no title.",
        durationMs: expect.any(Number),
      },
    ]);
  });

  test("a name nobody exports is an error of its own", async () => {
    const [missing, found] = await shared.run(["constructor", "hostPid"]);
    expect(missing).toEqual({
      name: "constructor",
      status: "error",
      errorMessage: 'There is no runner "constructor".',
      errorCode: "runner_not_found",
      errorSource: "runner",
    });
    expect(found?.status).toBe("pass");
  });

  test("a host sees only the environment it was given, in the project's folder", async () => {
    const [result] = await shared.run(["seen"]);
    expect(result?.details).toEqual({
      names: ["BUN_FEATURE_FLAG_NO_ORPHANS", "PATH", "TMPDIR"],
      cwd: expect.stringMatching(/\/test\/fixtures\/runners$/),
    });
  });

  test("a sound host is used again, for the next runner and the next job", async () => {
    const results = [
      ...(await shared.run(["hostPid", "hostPid"])),
      ...(await shared.run(["hostPid"])),
    ];
    expect(new Set(results.map(({ details }) => details)).size).toBe(1);
  });

  test.each([
    ["throws", "thrown", "boom"],
    ["throwsText", "thrown", "just text"],
    ["throwsObject", "thrown", "The runner threw an object { code: 42, }, which is not an Error."],
    [
      "returnsNothing",
      "invalid_result",
      "The runner returned undefined instead of a result object.",
    ],
    ["returnsText", "invalid_result", 'The runner returned "pass" instead of a result object.'],
    [
      "badStatus",
      "invalid_result",
      'The runner returned a result with the status "passed"; it is "pass", "fail" or "error".',
    ],
    [
      "noStatus",
      "invalid_result",
      'The runner returned a result without a status; it is "pass", "fail" or "error".',
    ],
    ["cyclic", "result_not_json", "The runner's result cannot be written as JSON: "],
    ["hugeResult", "result_too_large", "The runner's result has 5000"],
    ["deepResult", "result_too_deep", "The runner's result nests too deep to be kept."],
  ])("%s costs its own result and not the host", async (name, errorCode, message) => {
    const [before, result, after] = await shared.run(["hostPid", name, "hostPid"]);
    expect(result).toEqual({
      name,
      status: "error",
      errorMessage: expect.stringContaining(message),
      errorCode,
      errorSource: "runner",
      durationMs: expect.any(Number),
    });
    expect(result?.errorMessage).not.toContain("\n");
    expect(after?.details).toBe(before?.details);
  });

  test.each([
    ["exitsWithZero", "exited", "The runner ended its process with exit code 0"],
    ["exitsAfterReturning", "exited", "The runner ended its process with exit code 0"],
    ["killsItself", "exited", "The runner's process was ended by SIGSEGV before it returned."],
    ["strayRejection", "unhandled_rejection", "An unhandled rejection while the runner was"],
    ["strayAfterReturning", "unhandled_rejection", "while the runner was executing: late"],
    ["strayTimer", "uncaught_exception", "An uncaught exception while the runner was executing"],
    ["printsMuch", "too_much_output", "The runner printed and logged more than 4194304 bytes."],
    ["logsMuch", "too_much_output", "The runner printed and logged more than 4194304 bytes."],
  ])("%s costs its own result, and a fresh host goes on", async (name, errorCode, message) => {
    const [before, result, after] = await shared.run(["hostPid", name, "hostPid"]);
    expect(result).toMatchObject({
      name,
      status: "error",
      errorMessage: expect.stringContaining(message),
      errorCode,
      errorSource: "runner",
    });
    expect(after?.status).toBe("pass");
    expect(after?.details).not.toBe(before?.details);
    await eventually("the old host is gone", () =>
      hostsOf(process.pid).every(({ pid }) => pid !== before?.details),
    );
  });

  test("the log of a runner that prints much stays short", async () => {
    const before = shared.lines.length;
    await shared.run(["printsMuch"]);
    expect(shared.lines.length - before).toBeLessThan(220);
  });

  test("a runner cannot talk to the server behind the host's back", async () => {
    expect((await shared.run(["talksToParent"]))[0]?.details).toBe("undefined");
  });

  test("what a runner leaves running dies with its host, its process group or not", async () => {
    const seconds = uniqueSeconds();
    const [result] = await shared.run(["leavesGrandchildren"], { seconds });
    expect(result?.errorMessage).toBe(
      "The runner ended its process with exit code 3 before it returned.",
    );
    await eventually("no grandchild is left", () =>
      processes().every(({ command }) => !command.includes(seconds)),
    );
  });
});

describe("RunnerPool limits", () => {
  test.each(["endlessLoop", "neverSettles"])("%s ends at the limit", async (name) => {
    const { limit, results } = await inTime(
      400,
      async (runnerTimeout) => {
        await using opened = await openPool({ runnerTimeout });
        const results = await opened.run(["hostPid", name, "hostPid"]);
        return { limit: runnerTimeout, results };
      },
      ({ results: [first, result, after] }) =>
        first?.status === "pass" && result?.errorCode === "timed_out" && after?.status === "pass",
    );
    const [first, result, after] = results;
    expect(result).toEqual({
      name,
      status: "error",
      errorMessage: `The runner did not end within ${limit} ms.`,
      errorCode: "timed_out",
      errorSource: "timeout",
      durationMs: expect.any(Number),
    });
    expect(result?.durationMs).toBeGreaterThanOrEqual(limit - 10);
    expect(after?.details).not.toBe(first?.details);
  });

  test("a file that never finishes loading ends at the limit", async () => {
    using folder = temporaryFolder();
    const code = 'await new Promise(() => {});\nexport async function a() { "use runner"; }';
    writeFileSync(join(folder.path, "a.ts"), code);
    await using opened = await openPool({ dir: folder.path, runnerTimeout: 300 });
    const [result] = await opened.run(["a"]);
    expect(result?.errorMessage).toBe("The runner's file did not load within 300 ms.");
    expect(result).toMatchObject({ errorCode: "load_timed_out", errorSource: "timeout" });
  });

  test("no more jobs at once than hosts; the others wait in order", async () => {
    await using opened = await openPool({ hosts: 1 });
    const ended: number[] = [];
    const jobs = [1, 2, 3].map(async (job) => {
      const results = await opened.run(["hostPid", "slow"], { ms: 50 });
      ended.push(job);
      return results[0]?.details;
    });
    expect(new Set(await Promise.all(jobs)).size).toBe(1);
    expect(ended).toEqual([1, 2, 3]);
    await eventually("one host is left", () => hostsOf(process.pid).length === 1);
  });

  test("an abort kills the job's host at once and frees its place", async () => {
    // No place is free before a limit that nobody waits for, but by the abort.
    await using opened = await openPool({ hosts: 1, runnerTimeout: 600_000 });
    const stop = new AbortController();
    const runners = [{ name: "endlessLoop" }, { name: "hostPid" }];
    const job = opened.pool.execute({ url, runners }, stop.signal);
    const waiting = opened.run(["hostPid"]);
    const busy = await eventually("the host runs", () => hostsOf(process.pid)[0]);
    stop.abort(new Error("The client went away."));
    await expect(job).rejects.toThrow("The client went away.");
    expect((await waiting)[0]?.status).toBe("pass");
    await eventually("the busy host is gone", () =>
      processes().every(({ pid }) => pid !== busy.pid),
    );
  });

  test("a job that waits can be aborted without a host", async () => {
    await using opened = await openPool({ hosts: 1 });
    const first = opened.run(["slow"], { ms: 200 });
    const stop = new AbortController();
    const second = opened.pool.execute({ url, runners: [{ name: "slow" }] }, stop.signal);
    stop.abort(new Error("enough"));
    await expect(second).rejects.toThrow("enough");
    expect((await first)[0]?.status).toBe("pass");
  });

  test("close kills every host and the jobs in progress", async () => {
    const opened = await openPool();
    await opened.run(["hostPid"]);
    const job = opened.run(["endlessLoop"]);
    const failed = job.catch((error: Error) => error.message);
    await eventually("a host runs", () => hostsOf(process.pid).length > 0);
    await opened.pool.close();
    expect(hostsOf(process.pid)).toEqual([]);
    expect(await failed).toBe("The runner hosts are being stopped.");
    await expect(opened.run(["hostPid"])).rejects.toThrow("The runner hosts are being stopped.");
  });

  test("a program that cannot be started is an error result", async () => {
    await using opened = await openPool({ command: ["/nonexistent/volley"] });
    const [result] = await opened.run(["echo"]);
    expect(result).toMatchObject({
      status: "error",
      errorCode: "host_unavailable",
      errorSource: "orchestrator",
    });
    expect(result?.errorMessage).toStartWith("No runner host could be started: ");
  });

  test("a program that ends before it takes work is an error result", async () => {
    await using opened = await openPool({ command: ["false"] });
    const [result] = await opened.run(["echo"]);
    expect(result).toMatchObject({
      status: "error",
      errorMessage: "The runner host ended before it took work.",
      errorCode: "host_gone",
      errorSource: "orchestrator",
    });
  });
});
