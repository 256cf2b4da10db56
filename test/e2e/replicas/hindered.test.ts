/**
 * The database is there, and hinders its replicas under load: what operators and disks do. Nothing is
 * lost or doubled, submits are refused meanwhile, and the log says so, once.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chownSync, rmSync } from "node:fs";
import { join } from "node:path";

import { pass, startEndpoint } from "../../support/endpoint.ts";
import { eventually } from "../../support/eventually.ts";
import { temporaryFolder } from "../../support/folder.ts";
import {
  noPostgres,
  type PostgresServer,
  startPostgres,
  UNPRIVILEGED,
} from "../../support/postgres.ts";
import { random } from "../../support/random.ts";
import { canMount, fill, mountSmall } from "../../support/small-disk.ts";
import { expectAllKept, Load, PATIENT } from "./outage.ts";
import { named, startReplica } from "./replicas.ts";

setDefaultTimeout(120_000);

const skip = noPostgres !== undefined;
let server: PostgresServer;

beforeAll(async () => {
  if (!skip) server = await startPostgres();
});

afterAll(async () => {
  if (!skip) await server[Symbol.asyncDispose]();
});

/** Both replicas under load, `hinder`, until its answer ends that; the database is its `name`. */
async function hindered(
  name: string,
  hinder: () => Promise<() => unknown>,
  tablespace = "pg_default",
): Promise<void> {
  const seed = random.seed();
  const delays = random(seed);
  using endpoint = startEndpoint(async (received) => {
    await Bun.sleep(delays.integer(0, 200));
    return pass(received);
  });
  await server.run(`CREATE ROLE ${name} LOGIN`);
  await server.run(`CREATE DATABASE ${name} OWNER ${name} TABLESPACE ${tablespace}`);
  const database = server.url(name).replace("postgres@", `${name}@`);
  const options = { database, args: PATIENT, regions: { eu: endpoint.base, us: endpoint.base } };
  await using one = await startReplica(options);
  await using two = await startReplica(options);
  const load = new Load([one, two], seed);
  await eventually("runs are accepted", () => load.accepted > 10);

  const end = await hinder();
  // Large, and another one each time: a little may find room on a full disk.
  const padding = "x".repeat(50_000);
  await eventually("submits are refused", async () => {
    const input = { url: "https://example.com", padding };
    const runners = [{ name: "r", region: "eu", input }];
    return (await one.api.post({ mode: "remote", runners })).status === 503;
  });
  await eventually("what was in flight has been answered", () => endpoint.inFlight() === 0);
  expect((await fetch(`${one.origin}/healthz`)).status).toBe(200);
  await end();
  const before = load.accepted;
  await eventually("runs are accepted again", () => load.accepted > before + 10);
  await load.stop();
  await expectAllKept(load, one, endpoint, database);
  const log = one.log() + two.log();
  const errors = log.split("\n").filter((line) => line.includes('"level":"error"'));
  // Of each replica at most a line of runs, of renewals and of claims, and one more of each after 30 s.
  expect(errors.length).toBeLessThanOrEqual(12);
  expect(log).not.toContain("broken off");
  expect(log.includes("run store available again")).toBe(log.includes("run store unavailable"));
  for (const replica of [one, two]) expect(await replica.stop()).toBe(0);
}

const cut = (name: string): Promise<void> =>
  server.run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);

describe(named("a database that"), () => {
  const cases: readonly [what: string, name: string, hinder: string, end: string][] = [
    [
      "takes no connections",
      "closed",
      "ALTER DATABASE closed ALLOW_CONNECTIONS false",
      "ALTER DATABASE closed ALLOW_CONNECTIONS true",
    ],
    [
      "is read-only",
      "fixed",
      "ALTER DATABASE fixed SET default_transaction_read_only = on",
      "ALTER DATABASE fixed RESET default_transaction_read_only",
    ],
    [
      "has no connection left",
      "crowded",
      "ALTER ROLE crowded CONNECTION LIMIT 0",
      "ALTER ROLE crowded CONNECTION LIMIT -1",
    ],
    [
      "has no time for a transaction",
      "hurried",
      "ALTER ROLE hurried SET transaction_timeout = '1ms'",
      "ALTER ROLE hurried RESET transaction_timeout",
    ],
  ];

  test.skipIf(skip).each(cases)("%s loses and doubles nothing", (_, name, hinder, end) =>
    hindered(name, async () => {
      await server.run(hinder);
      await cut(name);
      return async () => {
        await server.run(end);
        await cut(name);
      };
    }),
  );

  test.skipIf(skip || !canMount)("has a full disk loses and doubles nothing", async () => {
    using folder = temporaryFolder();
    using _small = mountSmall(folder.path, 40);
    chownSync(folder.path, UNPRIVILEGED, UNPRIVILEGED);
    await server.run(`CREATE TABLESPACE small LOCATION '${folder.path}'`);
    const ballast = join(folder.path, "ballast");
    const full = async () => {
      fill(ballast);
      return () => rmSync(ballast);
    };
    await hindered("full_one", full, "small");
    await server.run("DROP DATABASE full_one WITH (FORCE)");
    await server.run("DROP TABLESPACE small");
  });
});
