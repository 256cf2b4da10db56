/** What becomes of connections that fall silent, that were cut, and that lead to the wrong server. */
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";

import { SQL } from "bun";

import { silentLog } from "../../../src/lib/log.ts";
import { Client } from "../../../src/store/postgres/client.ts";
import { PostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import type { Hint } from "../../../src/store/store.ts";
import { eventually } from "../../support/eventually.ts";
import { inTime } from "../../support/in-time.ts";
import { startPostgresProxy } from "../../support/postgres-proxy.ts";
import { noPostgres, type PostgresServer, startPostgres } from "../../support/postgres.ts";

setDefaultTimeout(120_000);

const UNAVAILABLE = { code: "store_unavailable" };

/** Whether the store is told to be away; anything else that goes wrong is thrown. */
async function isAway(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return false;
  } catch (error) {
    expect(error).toMatchObject(UNAVAILABLE);
    return true;
  }
}

async function hears(store: PostgresStore, heard: Hint[]): Promise<void> {
  const before = heard.length;
  await eventually("a hint arrives", () => {
    store.sharing.hint({ type: "ended", runId: "r" });
    return heard.length > before;
  });
}

if (noPostgres) {
  describe(`connections (${noPostgres})`, () => {
    test.skip("are made anew", () => {});
  });
} else {
  let server: PostgresServer;
  const stores: PostgresStore[] = [];
  const open = async (url: string, leaseMs = 15_000): Promise<PostgresStore> => {
    const times = { leaseMs, pollMs: 2_000 };
    const store = new PostgresStore({ url, prepare: true, ...times, name: "t", log: silentLog });
    stores.push(store);
    await store.open();
    await store.renew([]);
    return store;
  };
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** What a store hears, once it hears anything. */
  async function listening(store: PostgresStore): Promise<Hint[]> {
    const heard: Hint[] = [];
    store.sharing.listen((hint) => heard.push(hint));
    await hears(store, heard);
    return heard;
  }

  describe("Client", () => {
    test("leaves connections on which no answer comes", async () => {
      const database = await server.createDatabase();
      const away = await inTime(
        500,
        async (answerWithinMs) => {
          using proxy = await startPostgresProxy({ port: server.port });
          const client = new Client({ url: proxy.url(database), session: true, answerWithinMs });
          const ask = async (): Promise<void> => {
            const rows = await client.query((sql) => sql`SELECT 1 AS one`);
            expect([...(rows as object[])]).toEqual([{ one: 1 }]);
          };
          const first = await Promise.all(Array.from({ length: 20 }, () => isAway(ask)));
          proxy.silence();
          const seen = [first.includes(true), await isAway(ask), await isAway(ask)];
          await client.close();
          return seen;
        },
        ([before, , after]) => !before && !after,
      );
      expect(away).toEqual([false, true, false]);
    });

    test("leaves a server that has become read-only: its name may be another's by now", async () => {
      const url = await server.createDatabase();
      const name = new URL(url).pathname.slice(1);
      const client = new Client({ url, session: true, maxConnections: 1 });
      const write = () => client.query((sql) => sql`UPDATE numbers SET n = n + 1 RETURNING n`);
      await client.query((sql) => sql`CREATE TABLE numbers AS SELECT 0 AS n`);
      await write();
      await server.run(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
      await server.run(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
      );
      await eventually("writes are refused", async () => isAway(write));
      await server.run(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
      await eventually("writes are taken", async () => !(await isAway(write)));
      await client.close();
    });

    const hindrances: readonly [what: string, hinder: string, end: string][] = [
      ["its role may not log in", "ALTER ROLE passing NOLOGIN", "ALTER ROLE passing LOGIN"],
      [
        "its database lets nobody in",
        "ALTER DATABASE :name ALLOW_CONNECTIONS false",
        "ALTER DATABASE :name ALLOW_CONNECTIONS true",
      ],
      [
        "it may not read",
        "REVOKE pg_read_all_data FROM passing",
        "GRANT pg_read_all_data TO passing",
      ],
      [
        "it has no time for a statement",
        "ALTER ROLE passing SET statement_timeout = '1ms'",
        "ALTER ROLE passing RESET statement_timeout",
      ],
      [
        "it has no time for a transaction",
        "ALTER ROLE passing SET transaction_timeout = '1ms'",
        "ALTER ROLE passing RESET transaction_timeout",
      ],
      [
        "it has no time between two statements",
        "ALTER ROLE passing SET idle_in_transaction_session_timeout = '1ms'",
        "ALTER ROLE passing RESET idle_in_transaction_session_timeout",
      ],
    ];

    test.each(hindrances)(
      "finds the store away, not itself at fault, as %s",
      async (_, hinder, end) => {
        const url = await server.createDatabase();
        const named = (sql: string) => sql.replace(":name", new URL(url).pathname.slice(1));
        await server.run("DROP ROLE IF EXISTS passing");
        await server.run("CREATE ROLE passing LOGIN IN ROLE pg_read_all_data");
        await using owner = new SQL(url, { max: 1 });
        await owner`CREATE TABLE numbers AS SELECT 1 AS n`;
        await owner.close();
        const its = url.replace("postgres@", "passing@");
        const client = new Client({ url: its, session: false, maxConnections: 1 });
        const ask = () =>
          client.query((sql) =>
            sql.begin(async (tx) => {
              await tx`SELECT n, pg_sleep(0.02) FROM numbers`;
              await Bun.sleep(20);
              await tx`SELECT n FROM numbers`;
            }),
          );
        const cut = () =>
          server.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'passing'",
          );
        await ask();
        await server.run(named(hinder));
        await cut();
        await eventually("it is hindered", () => isAway(ask));
        await server.run(named(end));
        await cut();
        await eventually("it is not", async () => !(await isAway(ask)));
        await client.close();
      },
    );
  });

  describe("a lease", () => {
    test("is renewed while every other connection waits", async () => {
      const url = await server.createDatabase();
      const store = await open(url);
      await using sql = new SQL(url, { max: 1 });
      await sql.begin(async (tx) => {
        await tx`LOCK TABLE facets`;
        const waiting = Array.from({ length: 40 }, () => store.listRuns({ tag: "t" }, 1));
        expect((await store.renew([])).replicas).toBe(1);
        for (const one of waiting) one.catch(() => {});
      });
    });

    test("is renewed in time after its connection fell silent, and hints come again", async () => {
      using proxy = await startPostgresProxy({ port: server.port });
      const url = await server.createDatabase();
      const other = await open(url);
      const { again, heard } = await inTime(
        3_000,
        async (leaseMs) => {
          const store = await open(proxy.url(url), leaseMs);
          const heard = await listening(store);
          proxy.silence();
          await expect(store.renew([])).rejects.toMatchObject(UNAVAILABLE);
          return { again: await isAway(() => store.renew([])), heard };
        },
        ({ again }) => !again,
      );
      expect(again).toBeFalse();
      await hears(other, heard);
    });
  });

  describe("hints", () => {
    test("come once the database is there, also if it was away at first", async () => {
      const store = await open(await server.createDatabase());
      await server.stop();
      const heard: Hint[] = [];
      store.sharing.listen((hint) => heard.push(hint));
      await expect(store.renew([])).rejects.toMatchObject(UNAVAILABLE);
      await server.start();
      await hears(store, heard);
      await server.crash();
      await hears(store, heard);
    });
  });
}
