import { describe, expect, test } from "bun:test";

import { retryAfter } from "../../src/dispatch/retry-after.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { dispatcher, job, never, NOW, soon } from "./dispatching.ts";

const answer = (status: number, header?: string): Response =>
  new Response(null, { status, headers: header === undefined ? {} : { "retry-after": header } });

describe("retryAfter", () => {
  test.each([200, 204, 301, 400, 401, 404, 408, 413, 422])("takes %d for final", (status) => {
    expect(retryAfter(answer(status, "1"), NOW)).toEqual({});
  });

  test.each([429, 500, 502, 503, 504, 599])("takes %d for worth another attempt", (status) => {
    expect(retryAfter(answer(status), NOW)).toEqual({ retry: {} });
  });

  test.each<[string, number | undefined]>([
    ["0", 0],
    ["2", 2_000],
    ["999999999", 999_999_999_000],
    [new Date(NOW + 7_000).toUTCString(), 7_000],
    [new Date(NOW - 7_000).toUTCString(), 0],
    ["-1", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["9".repeat(40), undefined],
  ])("reads %j", (header, afterMs) => {
    const { retry } = retryAfter(answer(503, header), NOW);
    if (afterMs === undefined) expect(retry?.afterMs ?? 0).toBeLessThan(1e15);
    else expect(retry).toEqual({ afterMs });
  });
});

describe("remoteDispatch to a busy endpoint", () => {
  test("passes on when it wants to be asked again", async () => {
    using busy = startEndpoint(() => answer(429, "3"));
    const outcome = await soon(dispatcher({ eu: busy.base })(job("eu"), never()));
    expect(outcome).toMatchObject({ errorCode: "bad_status", retry: { afterMs: 3_000 } });
  });

  test("asks for no retry of what it answered", async () => {
    using wrong = startEndpoint(() => new Response("<html>", { status: 200 }));
    const outcome = await soon(dispatcher({ eu: wrong.base })(job("eu"), never()));
    expect(outcome).toMatchObject({ errorCode: "bad_body" });
    expect(outcome).not.toHaveProperty("retry");
  });
});
