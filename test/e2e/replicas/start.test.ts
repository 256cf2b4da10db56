/** Databases that a server must not be started on, and what commands say of one it runs on. */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { SQL } from "bun";

import { startEndpoint } from "../../support/endpoint.ts";
import { eventually } from "../../support/eventually.ts";
import { noPostgres, type PostgresServer, sharedPostgres } from "../../support/postgres.ts";
import { runToEnd } from "../../support/process.ts";
import { jobs } from "../serving.ts";
import { PASSWORD, refused, withPassword } from "./refused.ts";
import { databaseWith, named, startReplica } from "./replicas.ts";

setDefaultTimeout(120_000);

const skip = noPostgres !== undefined;
let server: PostgresServer;

beforeAll(async () => {
  if (!skip) server = await sharedPostgres();
});

/** A database made unfit by statements run in it; its URL with a password. */
async function database(...statements: string[]): Promise<string> {
  return withPassword(await databaseWith(...statements));
}

describe(named("a start on a database"), () => {
  test.skipIf(skip)("that cannot be reached is refused", async () => {
    expect(await refused(`postgres://u:${PASSWORD}@127.0.0.1:1/volley`)).toContain(
      "127.0.0.1:1/volley cannot be reached",
    );
  });

  test.skipIf(skip)("that is none is refused", async () => {
    const message = "VOLLEY_DATABASE must be a URL such as postgres://";
    expect(await refused(`mysql://u:${PASSWORD}@127.0.0.1/volley`)).toContain(message);
    expect(await refused(PASSWORD)).toContain(message);
  });

  test.skipIf(skip)("that does not know the user is refused", async () => {
    const url = server.url().replace("postgres@", `stranger:${PASSWORD}@`);
    expect(await refused(url)).toContain("refused the user");
  });

  test.skipIf(skip)("that does not exist is refused", async () => {
    expect(await refused(withPassword(server.url("nowhere")))).toContain("nowhere does not exist");
  });

  test.skipIf(skip)("that may only be read is refused", async () => {
    const url = await database();
    await server.run(
      `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`,
    );
    expect(await refused(url)).toContain("is read-only");
  });

  test.skipIf(skip)("that a newer volley wrote is refused", async () => {
    const url = await database(
      "CREATE TABLE volley_schema (version int); INSERT INTO volley_schema VALUES (99)",
    );
    expect(await refused(url)).toContain("was written by a newer volley (schema 99");
  });

  test.skipIf(skip)("that is somebody else's is refused and left alone", async () => {
    const url = await database("CREATE TABLE jobs (x int)");
    expect(await refused(url)).toContain('has a table "jobs" that is not volley\'s');
    await using sql = new SQL(url, { max: 1 });
    const tables = await sql`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`;
    expect([...tables]).toEqual([{ tablename: "jobs" }]);
  });

  test.skipIf(skip)("without TLS is refused where TLS is asked for", async () => {
    const url = (await database()).replace("sslmode=disable", "sslmode=require");
    expect(await refused(url)).toContain("has no acceptable TLS");
  });

  test.skipIf(skip)("happens once when several start together", async () => {
    const url = await database();
    const starts = Array.from({ length: 3 }, () => startReplica({ database: url, regions: {} }));
    for (const replica of await Promise.all(starts)) {
      expect(await replica.stop()).toBe(0);
    }
    await using sql = new SQL(url, { max: 1 });
    expect([...(await sql`SELECT version FROM volley_schema`)]).toEqual([{ version: 2 }]);
    expect([...(await sql`SELECT * FROM replicas`)]).toEqual([]);
  });

  test.skipIf(skip)("works without prepared statements, as behind a pooler", async () => {
    using endpoint = startEndpoint();
    await using replica = await startReplica({
      database: await database(),
      regions: { eu: endpoint.base },
      args: ["--database-prepare", "off"],
    });
    const { summary } = await replica.api.ended(await replica.api.submit(jobs(50)));
    expect(summary).toEqual({ total: 50, passed: 50, failed: 0, errored: 0 });
  });
});

describe(named("commands on a database"), () => {
  let url: string;
  beforeAll(async () => {
    if (!skip) url = await database();
  });
  const volley = (...args: string[]) => runToEnd({ args, env: { VOLLEY_DATABASE: url } });

  test.skipIf(skip)("doctor tells of replicas and leases", async () => {
    expect((await volley("doctor")).stdout).toContain("has no tables of volley's yet");
    await using replica = await startReplica({ database: url, regions: {} });
    const { code, stdout } = await eventually("the replica is there", async () => {
      const told = await volley("doctor");
      return told.stdout.includes("replica ") && told;
    });
    expect(code).toBe(0);
    expect(stdout).not.toContain(PASSWORD);
    expect(stdout).toMatch(
      /^ok {4}run store .* \(PostgreSQL 18\.4.*\): 0 runs, 0 unfinished, 0 of/m,
    );
    expect(stdout).toMatch(
      new RegExp(
        `^ok {4}replica \\S+:${replica.pid} +owns 0 runs, renewed [0-9.]+ s ago, lease`,
        "m",
      ),
    );
  });

  test.skipIf(skip)("doctor and key tell that it cannot be reached", async () => {
    const away = { VOLLEY_DATABASE: `postgres://u:${PASSWORD}@127.0.0.1:1/volley` };
    const said = "The database 127.0.0.1:1/volley cannot be reached";
    const told = await runToEnd({ args: ["doctor"], env: away });
    expect([told.code, told.stderr]).toEqual([1, ""]);
    expect(told.stdout).toContain(`FAIL  run store      ${said}`);
    const key = await runToEnd({ args: ["key", "ls"], env: away });
    expect([key.code, key.stdout]).toEqual([2, ""]);
    expect(key.stderr).toContain(said);
    expect(told.stdout + key.stderr).not.toContain(PASSWORD);
  });

  test.skipIf(skip)("key makes keys that every replica knows at once", async () => {
    await using one = await startReplica({ database: url, regions: {} });
    await using two = await startReplica({ database: url, regions: {} });
    expect((await fetch(two.api.base)).status).toBe(200);
    const key = (await volley("key", "create", "--name", "ci", "--scope", "admin")).stdout.trim();
    for (const { api } of [one, two]) {
      expect((await fetch(api.base)).status).toBe(401);
      const headers = { authorization: `Bearer ${key}` };
      expect((await fetch(api.base, { headers })).status).toBe(200);
    }
    expect((await volley("key", "ls")).stdout).toContain("ci");
  });
});
