/** GET /api/orchestrator/{runId}/events?detail=progress: counts for a crowd. */
import { describe, expect, test } from "bun:test";

import { RunStatus } from "../../src/domain/run.ts";
import { pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { schemaFaultsOf } from "./schema.ts";
import { regions, Served } from "./serving.ts";
import { dataOf, numbered, watch } from "./watching.ts";

describe("GET /api/orchestrator/{runId}/events?detail=progress", () => {
  test("sends counts only, at most four times a second, and the end", async () => {
    using endpoint = startEndpoint(async (received) => {
      await Bun.sleep(10);
      return pass(received);
    });
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const began = performance.now();
    const runId = await api.submit(numbered(150, { concurrency: 2 }));
    const readers = await Promise.all(
      Array.from({ length: 50 }, () => watch(api, runId, { detail: "progress" })),
    );
    const streams = await Promise.all(readers.map((reader) => reader.rest()));
    const seconds = (performance.now() - began) / 1_000;
    for (const events of streams) {
      const progress = events.slice(0, -1);
      // One at once, then the four a second.
      expect(progress.length).toBeLessThanOrEqual(2 + 4 * seconds);
      expect(progress.length).toBeGreaterThanOrEqual(2);
      let before = 0;
      for (const event of progress) {
        expect([event.type, event.id]).toEqual(["run.progress", undefined]);
        const { status, ...rest } = dataOf<{ status: RunStatus }>(event);
        expect([rest, schemaFaultsOf(RunStatus, status)]).toEqual([{}, []]);
        expect(status.completedJobs).toBeGreaterThanOrEqual(before);
        before = status.completedJobs;
      }
      const last = events.at(-1);
      expect(last?.type).toBe("run.finished");
      expect(last && dataOf<object>(last)).toMatchObject({
        status: { state: "completed", completedJobs: 150 },
        summary: { total: 150, passed: 150 },
      });
    }
  });

  test("shows each change within its interval, and the newest to who has not read", async () => {
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await api.submit(numbered(3));
    const [reading, idle] = await Promise.all([
      watch(api, runId, { detail: "progress" }),
      watch(api, runId, { detail: "progress" }),
    ]);
    await reading.rest((event) => dataOf<{ status: RunStatus }>(event).status.runningJobs === 3);
    await api.get(`/${runId}/cancel`, { method: "POST" });
    const end = await reading.rest();
    expect(end.at(-1)?.type).toBe("run.finished");
    const late = await idle.rest();
    expect(late.length).toBeLessThanOrEqual(4);
    expect(late.at(-1)).toEqual(end.at(-1)!);
  });

  test("tells an ended run as one status and its end", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await api.submit(numbered(2));
    await api.ended(runId);
    const events = await (await watch(api, runId, { detail: "progress" })).rest();
    expect(events.map(({ type }) => type)).toEqual(["run.progress", "run.finished"]);
    const whole = await (await watch(api, runId)).rest();
    expect(events.at(-1)).toEqual(whole.at(-1)!);
    // It has nothing to resume: an id it does not know is no matter.
    const again = await watch(api, runId, { detail: "progress", after: 999 });
    expect((await again.rest()).map(({ type }) => type)).toEqual(["run.progress", "run.finished"]);
  });

  test("ends without a terminal event when the server stops", async () => {
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await api.submit(numbered(1));
    await eventually("it is in flight", () => endpoint.inFlight() === 1);
    const streams = await Promise.all([
      watch(api, runId, { detail: "progress" }),
      watch(api, runId),
    ]);
    for (const stream of streams) await stream.next();
    const closing = api.close(200);
    const types: string[] = [];
    for (const stream of streams) types.push(...(await stream.rest()).map(({ type }) => type));
    expect(types).not.toContain("run.finished");
    // Whoever comes back too early is sent away at once, and not kept for ever.
    for (const detail of ["progress", "full"]) {
      const response = await api.get(`/${runId}/events?detail=${detail}`);
      if (response.status === 200) expect(await response.text()).not.toContain("run.finished");
      else expect(response.status).toBe(503);
    }
    await closing;
  });
});
