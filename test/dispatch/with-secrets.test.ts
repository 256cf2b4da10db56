/** Jobs are dispatched with what was sealed in their inputs, and kept without it. */
import { describe, expect, test } from "bun:test";

import type { DispatchJob, JobOutcome } from "../../src/dispatch/dispatch.ts";
import { withSecrets } from "../../src/dispatch/with-secrets.ts";
import { Redactor } from "../../src/lib/redactor.ts";
import { job, never } from "./dispatching.ts";

const sealed = (value: unknown) => ({ $sealed: JSON.stringify(value) });

/** What an endpoint is asked, and what is kept of an answer that repeats it. */
async function dispatched(
  input: Readonly<Record<string, unknown>>,
  open = (text: string): string | undefined => text,
) {
  const asked: DispatchJob[] = [];
  const dispatch = withSecrets(
    async (given): Promise<JobOutcome> => {
      asked.push(given);
      const details = given.runners[0]?.input;
      return { state: "completed", results: [{ name: "login", status: "pass", details }] };
    },
    { open, redactor: new Redactor({ keys: [] }) },
  );
  const given = job("eu", [{ name: "login", input }]);
  const outcome = await dispatch(given, never());
  return { given, asked, outcome, kept: outcome.results?.[0]?.details };
}

describe("withSecrets", () => {
  test("opens what is sealed for the dispatch alone", async () => {
    const { asked, kept } = await dispatched({
      user: "me",
      deep: [{ password: sealed("hunter2") }],
    });
    expect(asked[0]?.runners[0]?.input).toEqual({ user: "me", deep: [{ password: "hunter2" }] });
    expect(kept).toEqual({ user: "me", deep: [{ password: "[redacted]" }] });
  });

  test.each([{ enabled: true }, { flags: [true, null] }, {}])(
    "opens %j, which holds no text",
    async (secret) => {
      const { asked } = await dispatched({ secret: sealed(secret) });
      expect(asked[0]?.runners[0]?.input).toEqual({ secret });
    },
  );

  test("dispatches a job without secrets as it is", async () => {
    const { asked, given } = await dispatched({ user: "me", list: [1, null, "$sealed"] });
    expect(asked[0]).toBe(given);
  });

  test("dispatches nothing if something does not open", async () => {
    const { asked, outcome } = await dispatched({ password: sealed("hunter2") }, () => undefined);
    expect(asked).toEqual([]);
    expect(outcome).toMatchObject({ state: "failed", errorCode: "secret_unavailable" });
  });
});
