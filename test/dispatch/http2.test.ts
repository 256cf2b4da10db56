/** Dispatch over HTTP/2: what happens to one stream happens to one job, and none is sent twice. */
import { describe, expect, test } from "bun:test";

import type { JobOutcome } from "../../src/dispatch/dispatch.ts";
import { eventually } from "../support/eventually.ts";
import {
  type Http2Endpoint,
  type Http2State,
  startHttp2Endpoint,
} from "../support/http2-endpoint.ts";
import { CA } from "../support/tls.ts";
import { dispatcher, job, movableClock, never, soon } from "./dispatching.ts";

const ca = CA;

/** A dispatcher whose regions are the endpoint's ways to answer. */
function behaviours({ base }: Http2Endpoint, ...names: readonly string[]) {
  return dispatcher(Object.fromEntries(names.map((name) => [name, base(name)])), { ca });
}

function many(count: number, dispatch: () => Promise<JobOutcome>): Promise<JobOutcome[]> {
  return soon(Promise.all(Array.from({ length: count }, dispatch)));
}

function expectOnce({ posts }: Http2State, jobs: number): void {
  expect(Object.values(posts)).toEqual(Array.from({ length: jobs }, () => 1));
}

const states = (outcomes: readonly JobOutcome[]) => new Set(outcomes.map(({ state }) => state));

describe("remoteDispatch over HTTP/2", () => {
  test("sends many jobs at once on few connections, each once", async () => {
    await using endpoint = await startHttp2Endpoint();
    const dispatch = behaviours(endpoint, "hold");
    const outcomes = Array.from({ length: 200 }, () => dispatch(job("hold"), never()));
    await eventually("all are in flight", async () => (await endpoint.state()).active === 200);
    await endpoint.control("release");
    expect(states(await soon(Promise.all(outcomes)))).toEqual(new Set(["completed"]));
    const state = await endpoint.state();
    // One to ask for the version of HTTP, and one or a few for the jobs.
    expect(state.connections).toBeLessThan(10);
    expectOnce(state, 200);
  });

  test("takes turns at a server that allows 100 streams: 500 jobs at once", async () => {
    await using endpoint = await startHttp2Endpoint({ maxStreams: 100 });
    const dispatch = behaviours(endpoint, "brief");
    const outcomes = await many(500, () => dispatch(job("brief"), never()));
    expect(states(outcomes)).toEqual(new Set(["completed"]));
    expectOnce(await endpoint.state(), 500);
  });

  test.each([
    ["100 requests", { goawayEvery: 100 }],
    ["10 requests, and speaks HTTP/1.1 as well", { goawayEvery: 10, http1: true }],
  ])(
    "loses and doubles nothing at a server that ends each connection after %s",
    async (_what, options) => {
      await using endpoint = await startHttp2Endpoint(options);
      const dispatch = behaviours(endpoint, "brief");
      const inARow = async (): Promise<void> => {
        for (let sent = 0; sent < 20; sent++) {
          expect(await dispatch(job("brief"), never())).toMatchObject({ state: "completed" });
        }
      };
      await soon(Promise.all(Array.from({ length: 150 }, inARow)));
      const state = await endpoint.state();
      expect(state.connections).toBeGreaterThan(10);
      expect(state.ignored).toBeGreaterThan(0);
      expectOnce(state, 3_000);
    },
    120_000,
  );

  test("finishes what is in flight when the server says goodbye, and goes on", async () => {
    await using endpoint = await startHttp2Endpoint();
    const dispatch = behaviours(endpoint, "hold", "pass");
    const early = Array.from({ length: 20 }, () => dispatch(job("hold"), never()));
    await eventually("all are held", async () => (await endpoint.state()).active === 20);
    await endpoint.control("goaway");
    expect((await soon(dispatch(job("pass"), never()))).state).toBe("completed");
    await endpoint.control("release");
    expect(states(await soon(Promise.all(early)))).toEqual(new Set(["completed"]));
    expectOnce(await endpoint.state(), 21);
  });

  test("cancels the streams of aborted jobs and no others", async () => {
    await using endpoint = await startHttp2Endpoint();
    const dispatch = behaviours(endpoint, "hold");
    const cancelled = new AbortController();
    const [first, second] = [cancelled.signal, never()].map((signal) =>
      Array.from({ length: 20 }, () => dispatch(job("hold"), signal)),
    ) as [Promise<JobOutcome>[], Promise<JobOutcome>[]];
    await eventually("all are held", async () => (await endpoint.state()).active === 40);
    const before = (await endpoint.state()).connections;
    cancelled.abort();
    expect(states(await soon(Promise.all(first)))).toEqual(new Set(["failed"]));
    await eventually("the server sees 20 go", async () => {
      const { active, cancelled: gone } = await endpoint.state();
      return active === 20 && gone === 20;
    });
    await endpoint.control("release");
    expect(states(await soon(Promise.all(second)))).toEqual(new Set(["completed"]));
    expect((await endpoint.state()).connections).toBe(before);
  });

  test("fails jobs whose streams are reset, and not those beside them", async () => {
    await using endpoint = await startHttp2Endpoint();
    const dispatch = behaviours(endpoint, "mixed");
    const asked = Array.from({ length: 20 }, (_, index) =>
      dispatch(job("mixed", [{ name: index % 2 === 0 ? "reset" : "hold" }]), never()),
    );
    const broken = await soon(Promise.all(asked.filter((_, index) => index % 2 === 0)));
    expect(new Set(broken.map(({ error }) => error))).toEqual(
      new Set(["The endpoint broke off the exchange (HTTP/2 stream reset)."]),
    );
    await endpoint.control("release");
    const whole = await soon(Promise.all(asked.filter((_, index) => index % 2 === 1)));
    expect(states(whole)).toEqual(new Set(["completed"]));
    const state = await endpoint.state();
    expect(state.connections).toBeLessThan(4);
    expectOnce(state, 20);
  });

  test("gives up on a server that refuses every stream", async () => {
    await using endpoint = await startHttp2Endpoint();
    const outcome = await soon(behaviours(endpoint, "refuse")(job("refuse"), never()));
    expect(outcome).toMatchObject({ state: "failed", errorCode: "connection_refused", retry: {} });
  });

  test("turns to HTTP/1.1 where every stream is refused and there is another way", async () => {
    await using endpoint = await startHttp2Endpoint({ http1: true });
    const dispatch = behaviours(endpoint, "refuse", "pass");
    expect((await soon(dispatch(job("refuse"), never()))).state).toBe("completed");
    expect((await endpoint.state()).older).toBe(1);
    expect((await soon(dispatch(job("pass"), never()))).state).toBe("completed");
    expect((await endpoint.state()).older).toBe(1);
  });

  test("reads no more of an endless answer than it may, and leaves the connection to others", async () => {
    await using endpoint = await startHttp2Endpoint();
    const dispatch = behaviours(endpoint, "mixed");
    const beside = dispatch(job("mixed", [{ name: "hold" }]), never());
    await eventually("it is held", async () => (await endpoint.state()).active === 1);
    const floods = await many(10, () => dispatch(job("mixed", [{ name: "flood" }]), never()));
    expect(new Set(floods.map(({ errorCode }) => errorCode))).toEqual(
      new Set(["response_too_large"]),
    );
    await eventually("their streams close", async () => (await endpoint.state()).active === 1);
    await endpoint.control("release");
    expect((await soon(beside)).state).toBe("completed");
  }, 120_000);

  test("keeps no slot among the runtime's requests, whatever ended early", async () => {
    await using endpoint = await startHttp2Endpoint();
    const dispatch = behaviours(endpoint, "hold", "large");
    for (let met = 0; met < 300; met += 50) {
      const limit = new AbortController();
      const held = Array.from({ length: 50 }, () => dispatch(job("hold"), limit.signal));
      for (const { errorCode } of await many(50, () => dispatch(job("large"), never()))) {
        expect(errorCode).toBe("response_too_large");
      }
      limit.abort();
      expect(states(await soon(Promise.all(held)))).toEqual(new Set(["failed"]));
    }
    await eventually("no stream stays", async () => (await endpoint.state()).active === 0);
    // As many at once as the runtime allows, apart from those that ask for the state.
    const all = Array.from({ length: 240 }, () => dispatch(job("hold"), never()));
    await eventually("all are held", async () => (await endpoint.state()).active === 240);
    await endpoint.control("release");
    expect(states(await soon(Promise.all(all)))).toEqual(new Set(["completed"]));
  });

  test("closes its connections once they are neither used nor young", async () => {
    await using endpoint = await startHttp2Endpoint();
    const clock = movableClock();
    const dispatch = dispatcher({ eu: endpoint.base("hold") }, { ca, monotonic: clock.now });
    const held = dispatch(job("eu"), never());
    await eventually("it is held", async () => (await endpoint.state()).active === 1);
    clock.pass(10_000);
    const other = dispatch(job("eu"), never());
    await eventually("both are held", async () => (await endpoint.state()).active === 2);
    expect((await endpoint.state()).open).toBe(2);
    await endpoint.control("release");
    expect(states(await soon(Promise.all([held, other])))).toEqual(new Set(["completed"]));
    await eventually("the old connection closes", async () => (await endpoint.state()).open === 1);
  });
});

/** Large enough to fill the window of a stream and of its connection many times over. */
const LONG = "x".repeat(20_000);

describe("remoteDispatch to a server that", () => {
  test("stops reading bodies ends each job at its limit, and other regions go on", async () => {
    await using stuck = await startHttp2Endpoint();
    await using good = await startHttp2Endpoint();
    const regions = { stuck: stuck.base("unread"), good: good.base("pass") };
    const dispatch = dispatcher(regions, { ca });
    const runners = [{ name: "titleTest", input: { text: LONG } }];
    const limit = new AbortController();
    const held = Array.from({ length: 50 }, () => dispatch(job("stuck", runners), limit.signal));
    await eventually("some arrive", async () => (await stuck.state()).active > 0);
    const beside = await many(50, () => dispatch(job("good", runners), never()));
    expect(states(beside)).toEqual(new Set(["completed"]));
    limit.abort();
    expect(states(await soon(Promise.all(held)))).toEqual(new Set(["failed"]));
  });

  test("is suspended as a whole ends each job at its limit, and is used again when it is back", async () => {
    await using stuck = await startHttp2Endpoint();
    await using good = await startHttp2Endpoint();
    const dispatch = dispatcher({ stuck: stuck.base("pass"), good: good.base("pass") }, { ca });
    await soon(dispatch(job("stuck"), never()));
    process.kill(stuck.pid, "SIGSTOP");
    const limit = new AbortController();
    const held = Array.from({ length: 100 }, () => dispatch(job("stuck"), limit.signal));
    const beside = await many(50, () => dispatch(job("good"), never()));
    expect(states(beside)).toEqual(new Set(["completed"]));
    limit.abort();
    expect(states(await soon(Promise.all(held)))).toEqual(new Set(["failed"]));
    process.kill(stuck.pid, "SIGCONT");
    expect((await soon(dispatch(job("stuck"), never()))).state).toBe("completed");
  });
});
