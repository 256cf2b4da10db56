/** GET /api/orchestrator/{runId}/events: every event once, in order, however one comes to it. */
import { describe, expect, test } from "bun:test";

import type { RunSummary } from "../../src/domain/run.ts";
import { gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { EventReader, idsOf } from "../support/sse.ts";
import { problemOf, regions, Served } from "./serving.ts";
import { dataOf, expectWhole, isLast, numbered, type Started, watch } from "./watching.ts";

describe("GET /api/orchestrator/{runId}/events", () => {
  test("tells a run from its first event to its last, with whole jobs, and ends", async () => {
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (received) => {
      await opened;
      return pass(received);
    });
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await api.submit(numbered(30, { concurrency: 5 }));
    const response = await api.get(`/${runId}/events`);
    expect(response.headers.get("content-type")).toBe("text/event-stream;charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const reader = new EventReader(response);
    expect((await reader.next())?.type).toBe("run.started");
    open();
    await reader.rest();
    const events = await (await watch(api, runId)).rest();
    expectWhole(events, 30);
    const summary = await api.ended(runId);
    const jobs = events.flatMap((event) =>
      event.type === "job.finished" ? [dataOf<{ job: RunSummary["jobs"][0] }>(event).job] : [],
    );
    expect(jobs.toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1))).toEqual(summary.jobs);
    expect(dataOf<object>(events.at(-1)!)).toEqual({
      status: await (await api.get(`/${runId}/status`)).json(),
      summary: summary.summary,
    });
  });

  test("goes on after any event with exactly the rest", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await api.submit(numbered(100));
    await api.ended(runId);
    const events = await (await watch(api, runId)).rest();
    expectWhole(events, 100);
    for (const [index, { id = "" }] of events.slice(0, -1).entries()) {
      const rest = await (await watch(api, runId, { after: id })).rest();
      expect([id, rest]).toEqual([id, events.slice(index + 1)]);
    }
    expect(await (await watch(api, runId, { after: 0 })).rest()).toEqual(events);
    expect(await (await watch(api, runId, { after: "" })).rest()).toEqual(events);
  });

  test("tells the same to all who watch from the start, who join midway and who resume", async () => {
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (received) => {
      if (Number(received.body.url.split("/").at(-1)) >= 20) await opened;
      return pass(received);
    });
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await api.submit(numbered(200, { concurrency: 20 }));
    const early = await Promise.all(Array.from({ length: 25 }, () => watch(api, runId)));
    const earlyEvents = early.map((reader) => reader.rest());
    await eventually("twenty are stuck", () => endpoint.inFlight() === 20);
    const late = await Promise.all(Array.from({ length: 25 }, () => watch(api, runId)));
    const resuming = await Promise.all(
      Array.from({ length: 5 }, (_, index) => watch(api, runId, { after: index * 5 + 1 })),
    );
    const lateEvents = late.map((reader) => reader.rest());
    const resumed = resuming.map((reader) => reader.rest());
    open();
    const [whole = [], ...others] = await Promise.all([...earlyEvents, ...lateEvents]);
    expectWhole(whole, 200);
    for (const other of others) expect(other).toEqual(whole);
    for (const [index, rest] of (await Promise.all(resumed)).entries()) {
      expect(rest).toEqual(whole.filter(({ id }) => Number(id) > index * 5 + 1));
    }
    expect(await (await watch(api, runId)).rest()).toEqual(whole);
  });

  test.each(["999", "x", "-1", "1.5", "1e3", " 7 x", "9".repeat(400), "0x1", "١"])(
    "says resync to a Last-Event-ID that never existed (%p), and begins anew",
    async (after) => {
      using endpoint = startEndpoint();
      await using api = new Served({ regions: regions({ eu: endpoint.base }) });
      const runId = await api.submit(numbered(3));
      await api.ended(runId);
      const whole = await (await watch(api, runId)).rest();
      const header = { headers: [["last-event-id", Buffer.from(after).toString("latin1")]] };
      const reader = new EventReader(
        await api.get(`/${runId}/events`, header as unknown as RequestInit),
      );
      const [first, ...rest] = await reader.rest();
      expect(first).toEqual({ id: "0", type: "resync", data: "{}" });
      expect(rest).toEqual(whole);
    },
  );

  test("says resync also while the run is in progress, and then goes on", async () => {
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (received) => {
      await opened;
      return pass(received);
    });
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await api.submit(numbered(2));
    const reader = await watch(api, runId, { after: 999 });
    expect(await reader.next()).toEqual({ id: "0", type: "resync", data: "{}" });
    expect((await reader.next())?.type).toBe("run.started");
    open();
    expect((await reader.rest()).at(-1)?.type).toBe("run.finished");
  });

  test("answers 204 to who has seen the last event, so that a browser stays away", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await api.submit(numbered(2));
    const events = await (await watch(api, runId)).rest();
    const headers = { "last-event-id": events.at(-1)?.id ?? "" };
    for (const path of ["events", "events?detail=progress"]) {
      const response = await api.get(`/${runId}/${path}`, { headers });
      expect([response.status, await response.text()]).toEqual([204, ""]);
    }
  });

  test("tells each attempt of a job, and its end once", async () => {
    let asked = 0;
    using endpoint = startEndpoint((received) =>
      ++asked < 3 ? new Response("no", { status: 503 }) : pass(received),
    );
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await api.submit(numbered(1, { retries: 3 }));
    const live = await (await watch(api, runId)).rest();
    const attempts = live.flatMap((event) =>
      event.type === "job.started" ? [dataOf<Started>(event).attempt] : [],
    );
    // Attempts that follow faster than events travel may be told as the newest of them.
    expect(attempts.at(-1)).toBe(3);
    expect(attempts).toEqual([...new Set(attempts)].toSorted());
    expect(live.filter(({ type }) => type === "job.finished")).toHaveLength(1);
    expect(idsOf(live)).toEqual(idsOf(live).toSorted((a, b) => a - b));
  });

  test("tells a cancel and a limit as they strike, each job's end included", async () => {
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const cancelled = await api.submit(numbered(5, { concurrency: 2 }));
    await eventually("two are in flight", () => endpoint.inFlight() === 2);
    const late = await api.submit(numbered(5, { concurrency: 2, timeout: 150 }));
    const readers = await Promise.all([watch(api, cancelled), watch(api, late)]);
    await api.get(`/${cancelled}/cancel`, { method: "POST" });
    for (const [index, state] of ["cancelled", "timed_out"].entries()) {
      const events = (await readers[index]?.rest()) ?? [];
      const ends = events.flatMap((event) =>
        event.type === "job.finished" ? [dataOf<{ job: { state: string } }>(event).job.state] : [],
      );
      expect(ends).toEqual(Array<string>(5).fill(state));
      expect(events.filter(isLast)).toHaveLength(1);
      expect(dataOf<object>(events.at(-1)!)).toMatchObject({ status: { state } });
    }
  });

  test("refuses what it does not know", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const none = await problemOf(await api.get("/run_none/events"));
    expect(none).toMatchObject({ status: 404, code: "run_not_found" });
    const runId = await api.submit(numbered(1));
    for (const [query, path] of [
      ["detail=all", "/detail"],
      ["detail=", "/detail"],
      ["detial=progress", "/detial"],
      ["detail=full&detail=progress", "/detail"],
    ]) {
      const problem = await problemOf(await api.get(`/${runId}/events?${query}`));
      expect([query, problem.code]).toEqual([query, "invalid_request"]);
      expect(problem.errors?.map((fault) => fault.path)).toEqual([path ?? ""]);
    }
    const posted = await api.get(`/${runId}/events`, { method: "POST" });
    expect(posted.headers.get("allow")).toBe("GET, HEAD");
    expect(await problemOf(posted)).toMatchObject({ status: 405 });
  });

  test("asks for an open connection, for exactly the request that it got", async () => {
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    const kept: Request[] = [];
    await using api = new Served({
      regions: regions({ eu: endpoint.base }),
      keepOpen: (asked) => kept.push(asked),
    });
    const runId = await api.submit(numbered(1));
    const paths = [
      `/${runId}/events`,
      `/${runId}/events?detail=progress`,
      `/${runId}/status?wait=1`,
    ];
    // Hosts of one letter are rewritten for the framework, but a server knows only its own request.
    for (const host of ["localhost", "a"]) {
      for (const path of paths) {
        const asked = new Request(`http://${host}/api/orchestrator${path}`);
        const response = await api.handler(asked);
        expect([path, kept.length]).toEqual([path, 1]);
        expect([host, path, kept.pop() === asked]).toEqual([host, path, true]);
        await response.body?.cancel();
      }
    }
    const head = await api.get(`/${runId}/events`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(head.headers.get("content-type")).toBe("text/event-stream;charset=utf-8");
    expect(kept).toBeEmpty();
  });
});
