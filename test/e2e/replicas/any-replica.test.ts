/** Behind a plain load balancer it does not matter which replica a client meets. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { type Endpoint, gate, pass, startEndpoint } from "../../support/endpoint.ts";
import { eventually } from "../../support/eventually.ts";
import { noPostgres, sharedPostgres } from "../../support/postgres.ts";
import { indexOf, jobs, type Serving } from "../serving.ts";
import { named, Rows, startReplica } from "./replicas.ts";

setDefaultTimeout(120_000);

const skip = noPostgres !== undefined;
/** Nothing here may owe its success to a lease that ended. */
const PATIENT = ["--lease", "10m", "--poll", "1m", "--drain", "20s"];

let endpoint: Endpoint;
let database: string;
let rows: Rows;
/** What jobs answer when; those without an entry pass at once. */
const held = new Map<string, ReturnType<typeof gate>>();

beforeEach(async () => {
  if (skip) return;
  endpoint = startEndpoint(async (received) => {
    await held.get(received.body.runId)?.opened;
    return pass(received);
  });
  database = await (await sharedPostgres()).createDatabase();
  rows = new Rows(database);
});

afterEach(async () => {
  if (skip) return;
  held.clear();
  endpoint[Symbol.dispose]();
  await rows[Symbol.asyncDispose]();
});

const start = (...args: string[]): Promise<Serving> =>
  startReplica({ database, regions: { eu: endpoint.base }, args: [...PATIENT, ...args] });

/** Both replicas know of each other: a lone one tells nobody anything. */
async function knownToEachOther(...servers: Serving[]): Promise<void> {
  for (const { origin } of servers) {
    await eventually("the replicas know each other", async () => {
      const text = await (await fetch(`${origin}/metrics`)).text();
      return text.includes(`volley_replicas ${servers.length}`);
    });
  }
}

describe(named("any replica"), () => {
  test.skipIf(skip)("tells of every run, and its end at once", async () => {
    const lease = ["--lease", "5s"];
    await using owner = await start(...lease);
    await using other = await start(...lease);
    await knownToEachOther(owner, other);
    const door = gate();
    held.set("told", door);
    await owner.api.submit(jobs(4, { runId: "told" }));
    expect(await rows.owner("told")).toBe(owner.pid);
    await eventually("its jobs are running", async () => {
      return (await other.api.status("told")).runningJobs === 4;
    });
    const waited = fetch(`${other.api.base}/told/status?wait=60`);
    const events = fetch(`${other.api.base}/told/events`).then((response) => response.text());
    door.open();
    expect(await (await waited).json()).toMatchObject({ state: "completed", completedJobs: 4 });
    const text = await events;
    expect(text.match(/^event: job\.finished$/gm)).toHaveLength(4);
    expect(text).toContain("event: run.finished");
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual([...ids].toSorted((a, b) => a - b));
    expect((await other.api.summary("told")).summary.passed).toBe(4);
    const list = (await (await fetch(other.api.base)).json()) as { runs: { runId: string }[] };
    expect(list.runs.map(({ runId }) => runId)).toContain("told");
    const again = await other.api.post(jobs(4, { runId: "told" }));
    expect([again.status, await again.json()]).toEqual([200, { runId: "told" }]);
  });

  test.skipIf(skip)("cancels a run of another one", async () => {
    await using owner = await start();
    await using other = await start();
    held.set("cancelled", gate());
    await owner.api.submit(jobs(5, { runId: "cancelled", concurrency: 2 }));
    await eventually("it is under way", async () => {
      return (await other.api.status("cancelled")).runningJobs === 2;
    });
    const answer = await fetch(`${other.api.base}/cancelled/cancel`, { method: "POST" });
    expect(answer.status).toBe(202);
    const { jobs: ended, state } = await other.api.ended("cancelled");
    expect(state).toBe("cancelled");
    expect(ended.every((job) => job.state === "cancelled")).toBeTrue();
  });

  test.skipIf(skip)("takes over at once what one that stops hands on", async () => {
    await using owner = await start();
    await using other = await start();
    const door = gate();
    held.set("handed", door);
    await owner.api.submit(jobs(6, { runId: "handed", concurrency: 2 }));
    await eventually("it is under way", async () => {
      return (await other.api.status("handed")).runningJobs === 2;
    });
    const stopped = owner.stop();
    await eventually("it accepts nothing more", async () => {
      return (await owner.api.post(jobs(1))).status === 503;
    });
    door.open();
    expect(await stopped).toBe(0);
    const { jobs: ended, state } = await other.api.ended("handed");
    expect(state).toBe("completed");
    // What was in flight has ended with its owner, the rest was never dispatched there.
    expect(ended.map(({ attempts }) => attempts)).toEqual(Array<number>(6).fill(1));
    const dispatched = endpoint.received.filter(({ body }) => body.runId === "handed");
    expect(dispatched.map(indexOf).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe(named("limits of a fleet"), () => {
  test.skipIf(skip)("are shared by its replicas", async () => {
    const lease = ["--lease", "3s", "--max-in-flight", "9", "--max-in-flight-per-region", "6"];
    await using replicas = new AsyncDisposableStack();
    const servers = [replicas.use(await start(...lease)), replicas.use(await start(...lease))];
    servers.push(replicas.use(await start(...lease)));
    await knownToEachOther(...servers);
    for (const [index, { api }] of servers.entries()) {
      held.set(`many-${index}`, gate());
      await api.submit(jobs(20, { runId: `many-${index}` }));
    }
    const running = async (): Promise<number[]> =>
      Promise.all(
        servers.map(async ({ api }, index) => (await api.status(`many-${index}`)).runningJobs),
      );
    // A third of six for each.
    await eventually("all have their share", async () => {
      return (await running()).every((count) => count === 2);
    });
    for (const [index] of servers.entries()) held.get(`many-${index}`)?.open();
    for (const [index, { api }] of servers.entries()) {
      expect((await api.ended(`many-${index}`)).summary.passed).toBe(20);
    }
  });
});
