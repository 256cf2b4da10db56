/** A disk that runs full while runs are served: nothing acknowledged is lost, and it recovers. */
import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { RunSummary } from "../../src/domain/run.ts";
import { gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { canMount, mountSmall } from "../support/small-disk.ts";
import { jobs, serve } from "./serving.ts";

describe("volley serve on a full disk", () => {
  test.skipIf(!canMount)(
    "refuses submits with 503, goes on reading, and recovers when there is space",
    async () => {
      using folder = temporaryFolder();
      using _small = mountSmall(folder.path, 8);
      const { open, opened } = gate();
      using endpoint = startEndpoint(async (received) => {
        if (received.body.runId === "held") await opened;
        return pass(received);
      });
      const ballast = join(folder.path, "ballast");
      writeFileSync(ballast, Buffer.alloc(3 * 1024 ** 2));
      const data = join(folder.path, "data");
      const options = { data, regions: { eu: endpoint.base } };
      await using server = await serve(options);
      const held = await server.api.submit(jobs(20, { runId: "held" }));
      const acknowledged: string[] = [];
      const filler = jobs(20, { tags: ["filler"] });
      const runners = filler.runners.map((runner) => ({
        ...runner,
        input: { ...runner.input, padding: "x".repeat(3_000) },
      }));
      const refused = await eventually("a submit is refused", async () => {
        const response = await server.api.post({ ...filler, runners });
        if (response.status !== 202) return response;
        acknowledged.push(((await response.json()) as { runId: string }).runId);
        return false;
      });
      expect(refused.status).toBe(503);
      expect(refused.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
      const problem = (await refused.json()) as { code: string; detail: string };
      expect(problem.code).toBe("store_unavailable");
      expect(problem.detail).not.toMatch(/SQL|\/tmp/);
      expect(acknowledged.length).toBeGreaterThan(3);

      // Reads go on: of the run in progress, of those that ended, of the list.
      expect(await server.api.summary(held)).toMatchObject({ state: "running" });
      for (const runId of acknowledged) {
        const response = await fetch(`${server.api.base}/${runId}`);
        expect([runId, response.status]).toEqual([runId, 200]);
      }
      expect((await fetch(server.api.base)).status).toBe(200);
      expect((await fetch(`${server.origin}/healthz`)).status).toBe(200);
      // What ends now cannot be written; it waits.
      open();
      await eventually("all are answered", () => endpoint.inFlight() === 0);

      rmSync(ballast);
      const after = await eventually("submits are taken again", async () => {
        const response = await server.api.post(jobs(1));
        return response.status === 202 && ((await response.json()) as { runId: string }).runId;
      });
      for (const runId of [held, ...acknowledged, after]) {
        const { jobs: done, state, summary } = await server.api.ended(runId);
        expect([runId, state, summary.passed]).toEqual([runId, "completed", summary.total]);
        // What waited for space was not dispatched again for that.
        expect(done.every(({ attempts }) => attempts === 1)).toBeTrue();
      }
      expect(await server.stop()).toBe(0);
      await using again = await serve(options);
      for (const runId of [held, ...acknowledged, after]) {
        const summary: RunSummary = await again.api.summary(runId);
        expect(summary).toMatchObject({ runId, state: "completed" });
      }
    },
    120_000,
  );

  test.skipIf(!canMount)(
    "loses nothing of what it acknowledged when it is killed there",
    async () => {
      using folder = temporaryFolder();
      using _small = mountSmall(folder.path, 8);
      using endpoint = startEndpoint();
      const ballast = join(folder.path, "ballast");
      writeFileSync(ballast, Buffer.alloc(3 * 1024 ** 2));
      const options = { data: join(folder.path, "data"), regions: { eu: endpoint.base } };
      await using first = await serve(options);
      const acknowledged: string[] = [];
      await eventually("a submit is refused", async () => {
        const response = await first.api.post(jobs(200));
        if (response.status !== 202) return true;
        acknowledged.push(((await response.json()) as { runId: string }).runId);
        return false;
      });
      expect(acknowledged).not.toBeEmpty();
      expect(await first.stop("SIGKILL")).toBe(137);
      rmSync(ballast);
      await using second = await serve(options);
      for (const runId of acknowledged) {
        expect(await second.api.ended(runId)).toMatchObject({
          state: "completed",
          summary: { total: 200, passed: 200 },
        });
      }
    },
    120_000,
  );
});
