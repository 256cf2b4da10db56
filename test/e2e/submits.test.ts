/** Thousands of submits over real HTTP. */
import { describe, expect, test } from "bun:test";

import type { RunList } from "../../src/domain/run.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { memory, openSockets } from "../support/proc.ts";
import { Scrape } from "../support/prometheus.ts";
import { random } from "../support/random.ts";
import { jobs, serve, type Serving } from "./serving.ts";

const SUBMITS = 5_000;
const KEYS = 700;

/** Sends one submit on a connection of its own: its status and run. */
async function submit(server: Serving, key: string, tag: string): Promise<[number, string]> {
  const response = await fetch(server.api.base, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify(jobs(1, { tags: [tag] })),
    keepalive: false,
  });
  return [response.status, ((await response.json()) as { runId: string }).runId];
}

async function runsOf(server: Serving, tag: string): Promise<string[]> {
  const found: string[] = [];
  for (let cursor = "", first = true; first || cursor !== ""; first = false) {
    const from = cursor === "" ? "" : `&cursor=${cursor}`;
    const response = await fetch(`${server.api.base}?limit=100&tag=${tag}${from}`);
    const page = (await response.json()) as typeof RunList.static;
    found.push(...page.runs.map(({ runId }) => runId));
    cursor = page.nextCursor ?? "";
  }
  return found;
}

describe("POST /api/orchestrator of volley serve", () => {
  const seed = random.seed();
  test(`makes one run per key of ${SUBMITS} submits at once (seed ${seed})`, async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const { integer } = random(seed);
    /** So many submits at once: the runs that were made, by key. */
    const storm = async (tag: string, count: number): Promise<Map<string, string>> => {
      const keys = Array.from({ length: count }, () => `${tag}-${integer(1, KEYS)}`);
      const answers = await Promise.all(keys.map((key) => submit(server, key, tag)));
      const runs = new Map<string, string>();
      let created = 0;
      for (const [index, key] of keys.entries()) {
        const [status, runId] = answers[index] ?? [0, ""];
        if (status === 202) created++;
        else if (status !== 200) throw new Error(`Seed ${seed}: ${key} was answered ${status}.`);
        expect([seed, key, runs.get(key) ?? runId]).toEqual([seed, key, runId]);
        runs.set(key, runId);
      }
      expect([seed, created]).toEqual([seed, runs.size]);
      return runs;
    };
    const settled = async (): Promise<void> => {
      await eventually("nothing is in progress", async () => {
        const text = await (await fetch(`${server.origin}/metrics`)).text();
        return new Scrape(text).value("volley_runs_active") === 0;
      });
    };
    await storm("warm", 500);
    await settled();
    await eventually("few sockets are open", () => openSockets(server.pid) < 100);
    const before = { memory: memory(server.pid).now, sockets: openSockets(server.pid) };

    const runs = await storm("storm", SUBMITS);
    await settled();
    const made = new Set(runs.values());
    expect((await runsOf(server, "storm")).toSorted()).toEqual([...made].toSorted());
    const dispatched = endpoint.received.filter(({ body }) => made.has(body.runId));
    expect([made.size, dispatched.length]).toEqual([runs.size, runs.size]);
    // Idle connections to the endpoint are kept for a while; none per submit is.
    await eventually("the sockets are closed", () => {
      return openSockets(server.pid) <= before.sockets + 70;
    });
    await eventually("the memory is given back", () => {
      return memory(server.pid).now < before.memory + 150;
    });
    expect(await server.stop()).toBe(0);
  }, 120_000);
});
