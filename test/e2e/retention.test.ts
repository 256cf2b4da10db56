/** What is kept, and for how long, through the compiled binary: it looks at each start. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import type { RunList } from "../../src/domain/run.ts";
import { pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { jobs, serve, type Serving } from "./serving.ts";

async function listed({ api }: Serving): Promise<string[]> {
  const { runs } = (await (await fetch(`${api.base}?limit=100`)).json()) as typeof RunList.static;
  return runs.map(({ runId }) => runId);
}

const statusOf = async ({ api }: Serving, path: string): Promise<number> => {
  const response = await fetch(`${api.base}/${path}`);
  await response.body?.cancel();
  return response.status;
};

describe("volley serve", () => {
  test("removes ended runs past --keep-for, whole, and never one in progress", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint((received) =>
      received.body.runId === "open" ? new Promise<never>(() => {}) : pass(received),
    );
    const options = {
      data: folder.path,
      regions: { eu: endpoint.base },
      args: ["--drain", "0ms"],
    };
    await using first = await serve(options);
    const old: string[] = [];
    for (let index = 0; index < 5; index++) {
      old.push(await first.api.submit(jobs(300, { tags: ["old"] })));
    }
    const ends: number[] = [];
    for (const runId of old) {
      ends.push(Date.parse((await first.api.ended(runId)).completedAt ?? ""));
    }
    await first.api.submit(jobs(2, { runId: "open" }));
    await eventually("one is in progress", () => endpoint.inFlight() === 2);
    await eventually("they are old enough", () => Date.now() > Math.max(...ends) + 1_100);
    await first.stop();

    await using second = await serve({ ...options, args: [...options.args, "--keep-for", "1s"] });
    await eventually("the old ones are gone", async () => (await listed(second)).length === 1);
    expect(await listed(second)).toEqual(["open"]);
    for (const runId of old) {
      for (const path of [runId, `${runId}/status`, `${runId}/events`]) {
        expect([path, await statusOf(second, path)]).toEqual([path, 404]);
      }
      const cancel = await fetch(`${second.api.base}/${runId}/cancel`, { method: "POST" });
      expect(cancel.status).toBe(404);
    }
    expect(await (await fetch(`${second.api.base}?tag=old`)).json()).toEqual({ runs: [] });
    expect(await second.api.status("open")).toMatchObject({ state: "running", totalJobs: 2 });
    const path = join(folder.path, "volley.sqlite");
    await eventually("their jobs are gone, too", () => {
      using db = new Database(path, { readonly: true });
      return db.query("SELECT count(*) FROM jobs").values()[0]?.[0] === 2;
    });
    using db = new Database(path, { readonly: true });
    expect(db.query("SELECT count(*) FROM facets WHERE value = 'old'").values()).toEqual([[0]]);
    // An id that was removed may be used again.
    const again = await second.api.submit(jobs(1, { runId: old[0] ?? "" }));
    expect(await second.api.ended(again)).toMatchObject({ state: "completed" });
  }, 120_000);

  test("keeps the newest --keep-runs, and what has not ended beside them", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint((received) =>
      received.body.runId === "open" ? new Promise<never>(() => {}) : pass(received),
    );
    const options = {
      data: folder.path,
      regions: { eu: endpoint.base },
      args: ["--drain", "0ms"],
    };
    await using first = await serve(options);
    await first.api.submit(jobs(1, { runId: "open" }));
    const runs: string[] = [];
    for (let index = 0; index < 12; index++) {
      const runId = await first.api.submit(jobs(2));
      await first.api.ended(runId);
      runs.push(runId);
    }
    await first.stop();
    await using second = await serve({ ...options, args: [...options.args, "--keep-runs", "5"] });
    const kept = ["open", ...runs.slice(-5)].toReversed();
    await eventually("the others are gone", async () => (await listed(second)).length <= 6);
    expect(await listed(second)).toEqual(kept);
    for (const runId of runs.slice(-5)) {
      expect(await second.api.summary(runId)).toMatchObject({ summary: { total: 2, passed: 2 } });
    }
    expect(await second.api.status("open")).toMatchObject({ state: "running" });
  }, 120_000);
});
