/** What a dispatch sends, whom it tells a token, and what it leaves behind. */
import { describe, expect, test } from "bun:test";

import { pass, startEndpoint } from "../support/endpoint.ts";
import { dispatcher, job, never, soon } from "./dispatching.ts";

const TOKEN = "s3cr3t-of-eu-west-1";

describe("remoteDispatch", () => {
  test("sends the plain body of the wire protocol", async () => {
    using endpoint = startEndpoint();
    const runners = [
      { name: "a", input: { url: "https://example.com/", deep: [{ x: 1 }] } },
      { name: "b" },
    ];
    const asked = job("eu", runners);
    expect((await soon(dispatcher({ eu: endpoint.base })(asked, never()))).state).toBe("completed");
    const [request] = endpoint.received;
    expect(request?.path).toBe("/api/runner/execute");
    expect(request?.body).toEqual({
      url: asked.url,
      runners,
      runId: "run_1",
      region: "eu",
    } as never);
    expect(request?.headers.get("content-type")).toBe("application/json");
    expect(request?.headers.get("accept-encoding")).toBe("identity");
    expect(request?.headers.get("idempotency-key")).toBe(asked.jobId);
    expect(request?.headers.has("authorization")).toBeFalse();
  });

  test("asks no endpoint for a region that is not configured", async () => {
    using endpoint = startEndpoint();
    const dispatch = dispatcher({ eu: endpoint.base });
    for (const region of ["us", "__proto__", "constructor", ""]) {
      expect(await soon(dispatch(job(region), never()))).toMatchObject({
        state: "failed",
        errorCode: "unknown_region",
        errorSource: "orchestrator",
      });
    }
    expect(endpoint.received).toBeEmpty();
  });

  test("asks nobody when the signal has aborted already", async () => {
    using endpoint = startEndpoint();
    const outcome = await soon(dispatcher({ eu: endpoint.base })(job("eu"), AbortSignal.abort()));
    expect(outcome.state).toBe("failed");
    expect(endpoint.received).toBeEmpty();
  });

  test("settles as failed whatever the signal aborts with", async () => {
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    for (const reason of [undefined, null, new Error("boom"), "text", { code: { x: 1 } }]) {
      const outcome = dispatcher({ eu: endpoint.base })(job("eu"), AbortSignal.abort(reason));
      expect((await soon(outcome)).state).toBe("failed");
    }
  });
});

describe("remoteDispatch with a token", () => {
  test("sends it as a bearer token to its own endpoint", async () => {
    using endpoint = startEndpoint();
    await soon(dispatcher({ eu: endpoint.base }, { token: TOKEN })(job("eu"), never()));
    expect(endpoint.received[0]?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
  });

  test("never to the target of a redirect", async () => {
    using target = startEndpoint();
    using redirecting = startEndpoint(() => Response.redirect(`${target.base}/execute`, 307));
    await soon(dispatcher({ eu: redirecting.base }, { token: TOKEN })(job("eu"), never()));
    expect(target.received).toBeEmpty();
  });

  test.each<[string, (said: string) => Response]>([
    ["error message", (said) => Response.json({ code: "X", message: said }, { status: 401 })],
    ["error code", (said) => Response.json({ code: said }, { status: 401 })],
    [
      "input fault",
      (said) =>
        Response.json(
          {
            code: "INPUT_VALIDATION_FAILED",
            data: { runnerName: said, issues: [{ path: [said], message: said }] },
          },
          { status: 500 },
        ),
    ],
    [
      "result",
      (said) =>
        Response.json({
          results: [
            {
              name: said,
              status: "error",
              errorMessage: said,
              details: { [said]: [said] },
              logs: [{ at: "2026-01-01T00:00:00Z", message: said, meta: said }],
            },
          ],
        }),
    ],
    ["status of a result", (said) => Response.json({ results: [{ status: said }] })],
    ["error page", (said) => new Response(said, { status: 500 })],
  ])("keeps it out of the outcome when the endpoint echoes it in an %s", async (_where, answer) => {
    using endpoint = startEndpoint(({ headers }) =>
      answer(`You sent ${headers.get("authorization")}!`),
    );
    const outcome = await soon(
      dispatcher({ eu: endpoint.base }, { token: TOKEN })(job("eu"), never()),
    );
    expect(endpoint.received).toHaveLength(1);
    expect(JSON.stringify(outcome)).not.toContain(TOKEN);
  });

  test("leaves answers alone when it is too short to be told from other text", async () => {
    using endpoint = startEndpoint(pass);
    const outcome = await soon(
      dispatcher({ eu: endpoint.base }, { token: "pass" })(job("eu"), never()),
    );
    expect(outcome).toMatchObject({ state: "completed", results: [{ status: "pass" }] });
  });
});
