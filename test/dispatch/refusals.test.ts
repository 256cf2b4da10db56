/** Errors of a runner server: missing runners, faulty input, failed execution, and lies. */
import { describe, expect, test } from "bun:test";

import { type Answer, type Endpoint, pass, startEndpoint } from "../support/endpoint.ts";
import { dispatcher, job, never, soon } from "./dispatching.ts";

const refuse = (code: string, data: unknown = {}, message = "No"): Response =>
  Response.json({ defined: true, code, status: 500, message, data }, { status: 500 });

const notFound = (missingRunners: unknown): Response =>
  refuse("RUNNER_NOT_FOUND", { missingRunners }, "One or more runners not found");

/** Answers the first request one way and the others another. */
const firstThen =
  (first: Answer, later: Answer): Answer =>
  (request) => {
    const isFirst = !asked.has(request.body.runId + request.headers.get("idempotency-key"));
    asked.add(request.body.runId + request.headers.get("idempotency-key"));
    return (isFirst ? first : later)(request);
  };
const asked = new Set<string>();

const runners = (...names: readonly string[]) => names.map((name) => ({ name }));
const ask = (endpoint: Endpoint, ...names: readonly string[]) =>
  soon(dispatcher({ eu: endpoint.base })(job("eu", runners(...names)), never()));
const names = (endpoint: Endpoint) =>
  endpoint.received.map(({ body }) => body.runners.map(({ name }) => name));

describe("remoteDispatch when the endpoint lacks runners", () => {
  test("asks once more without them, under the same key, and keeps the order", async () => {
    const lacks = new Set(["a", "c"]);
    using endpoint = startEndpoint((request) => {
      const missing = request.body.runners.map(({ name }) => name).filter((n) => lacks.has(n));
      return missing.length > 0 ? notFound(missing) : pass(request);
    });
    const outcome = await ask(endpoint, "a", "b", "c", "d");
    expect(outcome).toEqual({
      reportedRegion: "eu",
      state: "failed",
      errorCode: "runner_not_found",
      errorSource: "runner",
      error: 'The endpoint has no runner named "a", "c".',
      results: [
        lacking("a"),
        { name: "b", status: "pass", durationMs: 1 },
        lacking("c"),
        { name: "d", status: "pass", durationMs: 1 },
      ],
    });
    expect(names(endpoint)).toEqual([
      ["a", "b", "c", "d"],
      ["b", "d"],
    ]);
    const keys = endpoint.received.map(({ headers }) => headers.get("idempotency-key"));
    expect(new Set(keys).size).toBe(1);
  });

  test("asks no second time when it lacks all of them", async () => {
    using endpoint = startEndpoint(({ body }) => notFound(body.runners.map(({ name }) => name)));
    expect(await ask(endpoint, "a", "b")).toEqual({
      state: "failed",
      errorCode: "runner_not_found",
      errorSource: "runner",
      error: 'The endpoint has no runner named "a", "b".',
      results: [lacking("a"), lacking("b")],
    });
    expect(endpoint.received).toHaveLength(1);
  });

  test("leaves out every runner of a missing name", async () => {
    using endpoint = startEndpoint(firstThen(() => notFound(["a"]), pass));
    const outcome = await ask(endpoint, "a", "b", "a");
    expect(outcome.results?.map(({ status }) => status)).toEqual(["error", "pass", "error"]);
    expect(names(endpoint)).toEqual([["a", "b", "a"], ["b"]]);
  });

  test("says why nothing was answered when the second request fails", async () => {
    using endpoint = startEndpoint(
      firstThen(
        () => notFound(["a"]),
        () => new Response("no", { status: 502 }),
      ),
    );
    const error = "The endpoint answered HTTP status 502.";
    expect(await ask(endpoint, "a", "b")).toEqual({
      state: "failed",
      errorCode: "bad_status",
      errorSource: "transport",
      error,
      results: [
        lacking("a"),
        {
          name: "b",
          status: "error",
          errorMessage: error,
          errorCode: "bad_status",
          errorSource: "transport",
        },
      ],
      retry: {},
    });
  });

  test("stops after two requests, however the endpoint goes on", async () => {
    using endpoint = startEndpoint(({ body }) => notFound([body.runners[0]?.name]));
    const outcome = await ask(endpoint, "a", "b", "c");
    expect(outcome).toMatchObject({ state: "failed", errorCode: "runner_not_found" });
    expect(outcome.results?.map(({ status }) => status)).toEqual(["error", "error", "error"]);
    expect(endpoint.received).toHaveLength(2);
  });

  test("keeps what came when the second answer lacks results", async () => {
    using endpoint = startEndpoint(
      firstThen(
        () => notFound(["a"]),
        () => Response.json({ results: [{ status: "fail" }] }),
      ),
    );
    const outcome = await ask(endpoint, "a", "b", "c");
    expect(outcome.errorCode).toBe("missing_results");
    expect(outcome.results?.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "a error",
      "b fail",
      "c error",
    ]);
  });

  test.each<[string, unknown]>([
    ["names nobody asked for", ["x", "__proto__", "constructor"]],
    ["nothing", []],
    ["no list", "a"],
    ["values that are no names", [null, 7, { name: "a" }, ["a"]]],
  ])("takes a list of %s as a refusal of the job", async (_what, missing) => {
    using endpoint = startEndpoint(() => notFound(missing));
    expect(await ask(endpoint, "a", "b")).toEqual({
      state: "failed",
      errorCode: "runner_not_found",
      errorSource: "runner",
      error: "The endpoint refused the job: One or more runners not found.",
    });
    expect(endpoint.received).toHaveLength(1);
  });

  test("answers for 10 000 missing runners in little space", async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `runner-${index}-${"x".repeat(60)}`);
    using endpoint = startEndpoint(() => notFound(many));
    const outcome = await ask(endpoint, ...many);
    expect(outcome.error?.length).toBeLessThan(2_000);
    expect(outcome.error).toContain("runner-0-");
    expect(outcome.error).toContain("and 9990 more");
    expect(outcome.results?.[9_999]).toEqual(lacking(many[9_999] ?? ""));
    expect(JSON.stringify(outcome).length).toBeLessThan(10_000 * 400);
  });
});

function lacking(name: string) {
  const errorMessage = `The endpoint has no runner named "${name}".`;
  const blame = { errorCode: "runner_not_found", errorSource: "runner" };
  return { name, status: "error", errorMessage, ...blame } as never;
}

const issue = (path: unknown, message: unknown) => ({ path, message, code: "x" });

describe("remoteDispatch when the endpoint refuses the job", () => {
  test.each<
    [
      string,
      Response,
      { errorCode: string; errorSource: string; error: string; retry?: Record<never, never> },
    ]
  >([
    [
      "faulty input",
      refuse("INPUT_VALIDATION_FAILED", {
        runnerName: "a",
        issues: [issue(["timeout"], "Expected number"), issue(["steps", 0, "at"], "Required")],
      }),
      {
        errorCode: "invalid_input",
        errorSource: "runner",
        error:
          'The endpoint refused the job: runner "a": input.timeout Expected number; input.steps.0.at Required.',
      },
    ],
    [
      "faulty input as a whole",
      refuse("INPUT_VALIDATION_FAILED", { runnerName: "a", issues: [issue([], "Required.")] }),
      {
        errorCode: "invalid_input",
        errorSource: "runner",
        error: 'The endpoint refused the job: runner "a": input Required.',
      },
    ],
    [
      "faulty input without issues",
      refuse("INPUT_VALIDATION_FAILED", { runnerName: "a", issues: [] }, "Bad input"),
      {
        errorCode: "invalid_input",
        errorSource: "runner",
        error: "The endpoint refused the job: Bad input.",
      },
    ],
    [
      "a failed execution",
      refuse("EXECUTION_FAILED", { details: "x" }, "It broke."),
      {
        errorCode: "execution_failed",
        errorSource: "runner",
        error: "The endpoint refused the job: It broke.",
        retry: {},
      },
    ],
    [
      "a code of its own",
      refuse("TEAPOT", {}, ""),
      {
        errorCode: "endpoint_error",
        errorSource: "transport",
        error: "The endpoint refused the job: TEAPOT.",
        retry: {},
      },
    ],
  ])("for %s, says so", async (_why, answer, refusal) => {
    using endpoint = startEndpoint(() => answer.clone());
    expect(await ask(endpoint, "a")).toEqual({ state: "failed", ...refusal } as never);
    expect(endpoint.received).toHaveLength(1);
  });

  // JSON cannot hold a function, but it can hold what no string can be made of.
  const unprintable = { toString: 1, valueOf: 1 };
  test.each<[string, unknown]>([
    ["issues that are no objects", { runnerName: "a", issues: [null, 7, "x", [], true] }],
    ["paths that are no lists", { runnerName: "a", issues: [issue("x", "y"), issue({}, "y")] }],
    ["unprintable paths", { runnerName: "a", issues: [issue([unprintable], "y")] }],
    ["an unprintable path", { runnerName: "a", issues: [issue(unprintable, "y")] }],
    ["unprintable messages", { runnerName: "a", issues: [issue(["x"], unprintable)] }],
    ["an unprintable runner", { runnerName: unprintable, issues: [issue(["x"], "y")] }],
  ])("survives %s", async (_what, data) => {
    using endpoint = startEndpoint(() => refuse("INPUT_VALIDATION_FAILED", data));
    expect(await ask(endpoint, "a")).toMatchObject({
      state: "failed",
      errorCode: "invalid_input",
      error: expect.stringMatching(/^The endpoint refused the job: [^\n]+\.$/) as string,
    });
  });

  test("names the segments of a path that are objects", async () => {
    const issues = [issue([{ key: "steps" }, { key: 0 }], "Required")];
    using endpoint = startEndpoint(() =>
      refuse("INPUT_VALIDATION_FAILED", { runnerName: "a", issues }),
    );
    expect((await ask(endpoint, "a")).error).toContain("input.steps.0 Required");
  });

  test.each<[string, Response]>([
    ["message", refuse("EXECUTION_FAILED", {}, `boom\n    at x\u001b[31m${"y".repeat(500_000)}`)],
    ["code", refuse(`E\r\n${"y".repeat(500_000)}`, {}, "")],
    [
      "input fault",
      refuse("INPUT_VALIDATION_FAILED", {
        runnerName: "a\n".repeat(9_999),
        issues: Array(5).fill(issue([`x\n${"y".repeat(9_999)}`], "no\r\nway ".repeat(9_999))),
      }),
    ],
  ])("keeps a huge %s to one short line", async (_what, answer) => {
    using endpoint = startEndpoint(() => answer.clone());
    const { error } = await ask(endpoint, "a");
    expect(error).toMatch(/^The endpoint refused the job: [^\p{Cc}]+\.$/u);
    expect(error?.length).toBeLessThan(1_200);
  });
});
