/** What survives the end of the process, wanted or not. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import { type Answer, gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { counts, indexOf, jobs, serve } from "./serving.ts";

const LONG = 600_000;

/** Jobs before `from` pass at once, the others when the gate opens. */
const holding =
  (from: number, opened: Promise<void>): Answer =>
  async (request) => {
    if (indexOf(request) >= from) await opened;
    return pass(request);
  };

describe("volley serve after kill -9", () => {
  test("answers for every accepted run and ends it, dispatching again only what was in flight", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(holding(3, opened));
    const options = { data: folder.path, regions: { eu: endpoint.base } };

    await using first = await serve(options);
    const done = await first.api.ended(await first.api.submit(jobs(2)));
    const broken = await first.api.submit(jobs(8, { concurrency: 3 }));
    await eventually("three jobs have ended and three are in flight", async () => {
      const { ended, running } = counts(await first.api.status(broken));
      return ended === 3 && running === 3;
    });
    const burst = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        first.api.submit(jobs(1, { runId: `burst-${index}` })),
      ),
    );
    expect(await first.stop("SIGKILL")).toBe(137);
    await eventually("the endpoint sees its clients go", () =>
      endpoint.received.slice(-1).every(() => endpoint.inFlight() === 3),
    );

    open();
    await using second = await serve(options);
    expect(await second.api.summary(done.runId)).toEqual(done);
    const summary = await second.api.ended(broken);
    expect(summary).toMatchObject({ state: "completed", summary: { total: 8, passed: 8 } });
    expect(summary.jobs.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 2, 2, 2, 1, 1]);
    for (const runId of burst) {
      expect(await second.api.ended(runId)).toMatchObject({ summary: { total: 1, passed: 1 } });
    }

    const asked = endpoint.received.filter(({ body }) => body.runId === broken);
    const keys = new Map<number, (string | null)[]>();
    for (const request of asked) {
      const index = indexOf(request);
      const key = request.headers.get("idempotency-key");
      keys.set(index, [...(keys.get(index) ?? []), key]);
    }
    for (const [index, { attempts, jobId }] of summary.jobs.entries()) {
      expect(keys.get(index)).toEqual(Array<string>(attempts).fill(jobId));
    }
  }, 120_000);

  test("counts a run's limit from its acceptance, not from the restart", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    const options = { data: folder.path, regions: { eu: endpoint.base } };
    await using first = await serve(options);
    await first.api.submit(jobs(3, { runId: "limited", concurrency: 1, timeout: LONG }));
    await eventually("a job is in flight", () => endpoint.received.length === 1);
    await first.stop("SIGKILL");
    // As if that long had passed meanwhile; a limit that began again would outlast the test.
    using db = new Database(join(folder.path, "volley.sqlite"));
    db.run("UPDATE runs SET created_at = created_at - ?", [LONG]);
    await using second = await serve(options);
    const summary = await second.api.ended("limited");
    expect(summary).toMatchObject({ state: "timed_out", summary: { total: 3, errored: 3 } });
    expect(summary.jobs.map(({ state }) => state)).toEqual(["timed_out", "timed_out", "timed_out"]);
  });

  test("keeps what it accepted when it is killed over and over", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(pass);
    const options = { data: folder.path, regions: { eu: endpoint.base } };
    const accepted: string[] = [];
    for (let round = 0; round < 4; round++) {
      await using server = await serve(options);
      const before = accepted.length;
      const submits = Promise.allSettled(
        Array.from({ length: 30 }, async (_, index) => {
          accepted.push(await server.api.submit(jobs(3, { runId: `r${round}-${index}` })));
        }),
      );
      await eventually("some are accepted", () => accepted.length > before + 5 * round);
      await server.stop("SIGKILL");
      await submits;
    }
    await using last = await serve(options);
    for (const runId of accepted) {
      const summary = await last.api.ended(runId);
      expect(summary).toMatchObject({
        runId,
        state: "completed",
        summary: { total: 3, passed: 3 },
      });
    }
  }, 120_000);
});

describe("volley serve on SIGTERM", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "accepts nothing more, lets jobs in flight end, and exits with 0 (%s)",
    async (signal) => {
      using folder = temporaryFolder();
      const { open, opened } = gate();
      using endpoint = startEndpoint(holding(0, opened));
      const options = { data: folder.path, regions: { eu: endpoint.base } };
      await using first = await serve(options);
      const runId = await first.api.submit(jobs(2, { concurrency: 1 }));
      await eventually("a job is in flight", () => endpoint.inFlight() === 1);
      const exit = first.stop(signal);
      const refused = await eventually("submits are refused", async () => {
        const response = await first.api.post(jobs(1));
        return response.status === 503 && response;
      });
      expect(refused.headers.get("retry-after")).toBeString();
      expect(await refused.json()).toMatchObject({ code: "draining" });
      open();
      expect(await exit).toBe(0);

      await using second = await serve(options);
      const summary = await second.api.ended(runId);
      expect(summary).toMatchObject({ state: "completed", summary: { passed: 2 } });
      expect(summary.jobs.map(({ attempts }) => attempts)).toEqual([1, 1]);
      // A submit that came before the signal did was accepted, and is none of this.
      const asked = endpoint.received.filter(({ body }) => body.runId === runId);
      expect(asked).toHaveLength(2);
    },
    120_000,
  );

  test("leaves for the next start what outlasts the drain", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(holding(0, opened));
    const options = { data: folder.path, regions: { eu: endpoint.base } };
    await using first = await serve({ ...options, args: ["--drain", "100ms"] });
    const runId = await first.api.submit(jobs(1));
    await eventually("the job is in flight", () => endpoint.inFlight() === 1);
    expect(await first.stop()).toBe(0);
    await eventually("its client has gone", () => endpoint.received[0]?.signal.aborted);
    open();
    await using second = await serve(options);
    const summary = await second.api.ended(runId);
    expect(summary).toMatchObject({ state: "completed", jobs: [{ attempts: 2 }] });
  }, 120_000);

  test("ends at once on a second signal", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint(() => new Promise<never>(() => {}));
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    await server.api.submit(jobs(1));
    await eventually("the job is in flight", () => endpoint.inFlight() === 1);
    const exit = server.stop();
    await eventually("it says that it stops", () => server.log().includes('"stopping"'));
    expect(await Promise.race([exit, server.stop("SIGTERM")])).toBe(143);
  }, 120_000);

  test("exits with 0 when nothing is in flight", async () => {
    using folder = temporaryFolder();
    await using server = await serve({ data: folder.path });
    expect(await server.stop()).toBe(0);
  });
});
