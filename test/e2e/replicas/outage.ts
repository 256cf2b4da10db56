/** Load on replicas while their database fails them, and that nothing was lost or doubled by it. */
import { expect } from "bun:test";

import type { Endpoint } from "../../support/endpoint.ts";
import { random } from "../../support/random.ts";
import { dispatches, Ledger, randomRun } from "../promises.ts";
import type { Serving } from "../serving.ts";
import { LEASE_MS, Rows } from "./replicas.ts";

/** A lease that outlasts every outage: nothing is dispatched twice. */
export const PATIENT = ["--lease", `${20 * LEASE_MS}ms`];

/** Submits, a few at a time, until told to stop; what was not acknowledged is repeated. */
export class Load {
  readonly ledger = new Ledger();
  readonly #enough = new AbortController();
  readonly #work: Promise<void>[];

  constructor(servers: readonly Serving[], seed: number) {
    this.#work = [1, 2, 3, 4].map((each) => this.#keepSubmitting(servers, seed + each));
  }

  get accepted(): number {
    return this.ledger.acknowledged.size;
  }

  async stop(): Promise<void> {
    this.#enough.abort();
    await Promise.all(this.#work);
  }

  async #keepSubmitting(servers: readonly Serving[], seed: number): Promise<void> {
    const choices = random(seed);
    while (!this.#enough.signal.aborted) {
      const runId = this.ledger.nextId();
      const { body, count } = randomRun(runId, choices);
      for (let tries = 0; ; tries++) {
        const response = await choices.pick(servers).api.post(body);
        await response.text();
        if (response.status === 202 || response.status === 200) break;
        expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
        if (tries > 1_000) throw new Error("A submit is refused for ever.");
        await Bun.sleep(20);
      }
      this.ledger.acknowledged.set(runId, count);
    }
  }
}

/** Every run ends with all its results, each job of it was dispatched once, and the rows add up. */
export async function expectAllKept(
  { ledger }: Load,
  { api }: Serving,
  endpoint: Endpoint,
  database: string,
): Promise<void> {
  for (const [runId, total] of ledger.acknowledged) {
    const { jobs, state, summary } = await api.ended(runId);
    expect([runId, state, summary]).toEqual([
      runId,
      "completed",
      { total, passed: total, failed: 0, errored: 0 },
    ]);
    // Every job was dispatched once, and counts as dispatched once.
    expect(jobs.map(({ attempts }) => attempts)).toEqual(jobs.map(() => 1));
  }
  expect([...dispatches(endpoint)].filter(([, count]) => count !== 1)).toEqual([]);
  await using rows = new Rows(database);
  expect(await rows.miscounted()).toEqual([]);
}
