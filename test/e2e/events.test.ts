/** Event streams of the compiled binary: across restarts, and with clients that read badly. */
import { describe, expect, test } from "bun:test";

import { type Answer, gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { memory, openSockets } from "../support/proc.ts";
import { type RawClient, rawGet } from "../support/raw-client.ts";
import { EventParser, EventReader, idsOf, type ServerEvent } from "../support/sse.ts";
import { counts, indexOf, jobs, serve, type Serving } from "./serving.ts";

async function watch({ api }: Serving, runId: string, after?: string): Promise<EventReader> {
  const headers = after === undefined ? {} : { "last-event-id": after };
  return new EventReader(await fetch(`${api.base}/${runId}/events`, { headers }));
}

const jobOf = ({ data }: ServerEvent): string =>
  (JSON.parse(data) as { job: { jobId: string } }).job.jobId;

/** Whole, in order, each job's end once. */
function expectNoGapNorDouble(events: readonly ServerEvent[], total: number): void {
  const ids = idsOf(events);
  expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
  const types = events.map(({ type }) => type);
  expect([types[0], types.at(-1)]).toEqual(["run.started", "run.finished"]);
  expect(types).not.toContain("resync");
  const finished = events.filter(({ type }) => type === "job.finished").map(jobOf);
  expect(finished).toHaveLength(total);
  expect(new Set(finished).size).toBe(total);
}

describe("GET /api/orchestrator/{runId}/events of volley serve", () => {
  test("ends with a drain, and goes on after a restart without a gap or a double", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (received) => {
      if (indexOf(received) >= 12) await opened;
      return pass(received);
    });
    const options = {
      data: folder.path,
      regions: { eu: endpoint.base },
      args: ["--drain", "200ms"],
    };
    await using first = await serve(options);
    const runId = await first.api.submit(jobs(40, { concurrency: 5 }));
    const reader = await watch(first, runId);
    // Twelve have ended, five more are in flight: all of it, once, and the run's start.
    let left = 1 + 12 * 2 + 5;
    const seen = await reader.rest(() => --left === 0);
    expect(await first.stop()).toBe(0);
    const more = await reader.rest();
    expect([...seen, ...more].map(({ type }) => type)).not.toContain("run.finished");

    await using second = await serve(options);
    const again = await watch(second, runId, [...seen, ...more].at(-1)?.id);
    const restarted = await again.next();
    expect(restarted?.type).toBe("job.started");
    await second.stop("SIGKILL");
    await again.rest().catch(() => []);

    await using third = await serve(options);
    const last = await watch(third, runId, restarted?.id);
    open();
    const events = [...seen, ...more, ...(restarted ? [restarted] : []), ...(await last.rest())];
    expectNoGapNorDouble(events, 40);
    const whole = await (await watch(third, runId)).rest();
    expectNoGapNorDouble(whole, 40);
    expect(whole.at(-1)).toEqual(events.at(-1)!);
    const end = await fetch(`${third.api.base}/${runId}/events`, {
      headers: { "last-event-id": events.at(-1)?.id ?? "" },
    });
    expect(end.status).toBe(204);
  }, 120_000);

  test("lets go of clients that leave", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const runId = await server.api.submit(jobs(1));
    await eventually("the job is in flight", () => endpoint.inFlight() === 1);
    const cycle = async (clients: number): Promise<void> => {
      const paths = ["events", "events?detail=progress"];
      const open = await Promise.all(
        Array.from({ length: clients }, (_, index) =>
          rawGet(`${server.api.base}/${runId}/${paths[index % 2]}`),
        ),
      );
      await eventually("all are served", () => open.every(({ bytes }) => bytes > 100));
      for (const client of open) client[Symbol.dispose]();
    };
    await cycle(50);
    const before = await settledSockets(server.pid);
    for (let round = 0; round < 4; round++) await cycle(50);
    await eventually("their sockets are closed", () => openSockets(server.pid) <= before + 2);
  }, 120_000);

  test("bounds what slow readers cost, tells them to resync, and spares the others", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    const details = "x".repeat(100_000);
    // Nobody is further behind than allowed who reads at all, however busy the machine is.
    const read = Array.from({ length: 200 }, gate);
    const answer: Answer = async ({ body }) => {
      await opened;
      await read[indexOf({ body }) - 8]?.opened;
      return Response.json({ results: body.runners.map(() => ({ status: "pass", details })) });
    };
    using endpoint = startEndpoint(answer);
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    // 20 MB of events: 60 readers that were buffered for would take more than a gigabyte.
    const runId = await server.api.submit(jobs(200, { concurrency: 20 }));
    const url = `${server.api.base}/${runId}/events`;
    const slow = await Promise.all(Array.from({ length: 60 }, () => rawGet(url)));
    try {
      await eventually("all are served", () => slow.every(({ bytes }) => bytes > 100));
      for (const client of slow) client.pause();
      const fast = await watch(server, runId);
      open();
      let finished = 0;
      const events = await fast.rest(({ type }) => {
        if (type === "job.finished") read[finished++]?.open();
        return false;
      });
      expectNoGapNorDouble(events, 200);
      // The readers that catch up later are waited for, page by page.
      const late = await Promise.all(Array.from({ length: 10 }, () => rawGet(url, { once: true })));
      slow.push(...late);
      await eventually("the late are served", () => late.every(({ bytes }) => bytes > 100));
      expect(counts(await server.api.status(runId)).ended).toBe(200);
      expect(memory(server.pid).peak).toBeLessThan(600);
      const [one] = slow as [RawClient];
      one.resume();
      const left = await eventually("it has read to the end", () => {
        const told = new EventParser().add(one.body());
        return told.at(-1)?.type === "run.finished" && told;
      });
      expect(left.map(({ type }) => type)).toContain("resync");
      const ids = idsOf(left);
      expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
      expect(one.bytes).toBeLessThan(15_000_000);
    } finally {
      for (const client of slow) client[Symbol.dispose]();
    }
  }, 120_000);
});

/** Sockets that are open when nothing closes any more. */
async function settledSockets(pid: number): Promise<number> {
  let before = -1;
  let steady = 0;
  return eventually("no more sockets are closed", () => {
    const now = openSockets(pid);
    steady = now === before ? steady + 1 : 0;
    before = now;
    return steady >= 20 && now;
  });
}
