/**
 * Remote dispatch against hostile endpoints: each costs its own job, in one sentence, with one
 * POST, and nothing else.
 */
import { describe, expect, test } from "bun:test";

import { startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { rawHeader, startRawServer } from "../support/raw-server.ts";
import { dispatcher, job, never, soon } from "./dispatching.ts";
import type { Beast } from "./zoo/beast.ts";
import { ODD_BODIES } from "./zoo/bodies.ts";
import { BROKEN_CONNECTIONS, ENDLESS } from "./zoo/connections.ts";
import { BROKEN_PROTOCOL } from "./zoo/protocol.ts";

const MORTAL = [...BROKEN_CONNECTIONS, ...BROKEN_PROTOCOL, ...ODD_BODIES];
const named = <Named extends { readonly name: string }>(
  beasts: readonly Named[],
): [string, Named][] => beasts.map((beast) => [beast.name, beast]);

/** One sentence for a person, which never tells where the endpoint is. */
const SENTENCE = /^[A-Z][^\n]{5,200}\.$/;

/** What another attempt may mend; an answer that makes no sense is not among it. */
const ON_THE_WAY = new Set(["connection_reset", "malformed_response", "network_error"]);

describe("remoteDispatch to an endpoint that", () => {
  test.each(named(MORTAL))("%s", async (_name, beast: Beast) => {
    using hostile = await startRawServer(beast.answer);
    using good = startEndpoint();
    const dispatch = dispatcher({ bad: hostile.origin, good: good.base });
    const asked = job("bad");
    const [outcome, other] = await Promise.all([
      soon(dispatch(asked, never())),
      soon(dispatch(job("good"), never())),
    ]);
    expect(other.state).toBe("completed");
    if (beast.errorCode === undefined) {
      expect(outcome).toMatchObject({ state: "completed", results: [{ status: "pass" }] });
    } else {
      const error = expect.stringMatching(SENTENCE) as string;
      const { errorCode } = beast;
      const { retry, ...told } = outcome;
      expect(told).toEqual({ state: "failed", errorCode, errorSource: "transport", error });
      if (errorCode !== "bad_status") {
        expect(retry).toEqual(ON_THE_WAY.has(errorCode) ? {} : undefined);
      }
      expect(outcome.error).not.toContain("127.0.0.1");
    }
    const [request] = hostile.requests;
    expect(hostile.requests).toHaveLength(1);
    expect(request?.head).toStartWith("POST /execute HTTP/1.1\r\n");
    expect(request && rawHeader(request, "idempotency-key")).toBe(asked.jobId);
    await eventually("a hostile connection is given up", () => hostile.open() === 0);
  });

  test.each(named(ENDLESS))("%s, until it is aborted", async (_name, beast) => {
    using hostile = await startRawServer(beast.answer);
    using good = startEndpoint();
    const dispatch = dispatcher({ bad: hostile.origin, good: good.base });
    const controller = new AbortController();
    let settled = false;
    const pending = dispatch(job("bad"), controller.signal).finally(() => (settled = true));
    await eventually("the endpoint is asked", () => hostile.requests.length === 1);
    // Time for the endpoint's first bytes, and proof that it hinders nobody.
    for (let index = 0; index < 20; index++) {
      expect((await soon(dispatch(job("good"), never()))).state).toBe("completed");
    }
    expect(settled).toBeFalse();
    controller.abort();
    const error = expect.stringMatching(SENTENCE) as string;
    expect(await soon(pending)).toMatchObject({ state: "failed", error });
    await eventually("the endpoint sees its client go", () => hostile.open() === 0);
    expect(hostile.requests).toHaveLength(1);
  });

  test("does not listen", async () => {
    const free = await startRawServer(() => {});
    free[Symbol.dispose]();
    await eventually("the port is closed", () =>
      fetch(free.origin).then(
        () => false,
        () => true,
      ),
    );
    const outcome = await soon(dispatcher({ bad: free.origin })(job("bad"), never()));
    expect(outcome).toEqual({
      state: "failed",
      errorCode: "connection_refused",
      errorSource: "transport",
      error: "The endpoint refused the connection.",
      retry: {},
    });
  });

  test.each([301, 302, 303, 307, 308])("redirects with %d: nobody follows", async (status) => {
    using target = startEndpoint();
    using redirecting = startEndpoint(
      () => new Response(null, { status, headers: { location: `${target.base}/execute` } }),
    );
    const outcome = await soon(dispatcher({ bad: redirecting.base })(job("bad"), never()));
    expect(outcome).toMatchObject({
      state: "failed",
      errorCode: "redirect_refused",
      error: `The endpoint answered ${status}, a redirect, which is not followed.`,
    });
    expect(redirecting.received).toHaveLength(1);
    expect(target.received).toBeEmpty();
  });

  test("redirects to itself: it is asked once", async () => {
    using loop = startEndpoint(
      ({ path }) => new Response(null, { status: 307, headers: { location: path } }),
    );
    const outcome = await soon(dispatcher({ bad: loop.base })(job("bad"), never()));
    expect(outcome.errorCode).toBe("redirect_refused");
    expect(loop.received).toHaveLength(1);
  });
});
