/** Databases, and ways to them, that a server cannot be started on; each is told in one sentence. */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { SQL } from "bun";

import { startPostgresProxy } from "../../support/postgres-proxy.ts";
import { noPostgres, type PostgresServer, sharedPostgres } from "../../support/postgres.ts";
import { PASSWORD, refused } from "./refused.ts";
import { databaseWith, named, startReplica } from "./replicas.ts";

setDefaultTimeout(120_000);

const skip = noPostgres !== undefined;
let server: PostgresServer;

beforeAll(async () => {
  if (!skip) server = await sharedPostgres();
});

const nameOf = (url: string): string => new URL(url).pathname.slice(1);

describe(named("a start on a database that is unfit"), () => {
  test.skipIf(skip)("as its server is too old is refused", async () => {
    const url = await databaseWith(
      `CREATE SCHEMA old;
      CREATE FUNCTION old.current_setting(name text) RETURNS text LANGUAGE sql AS $$
        SELECT CASE name WHEN 'server_version_num' THEN '130014' WHEN 'server_version' THEN '13.14'
          ELSE pg_catalog.current_setting(name) END
      $$`,
    );
    await server.run(`ALTER DATABASE ${nameOf(url)} SET search_path = old, pg_catalog`);
    expect(await refused(url)).toContain("is PostgreSQL 13.14; 14 or newer is needed");
    await using sql = new SQL(url, { max: 1 });
    expect([...(await sql`SELECT FROM pg_tables WHERE schemaname = 'old'`)]).toEqual([]);
  });

  test.skipIf(skip)("as it keeps no text of every language is refused", async () => {
    for (const encoding of ["LATIN1", "SQL_ASCII"]) {
      const name = `encoded_${encoding.toLowerCase()}`;
      await server.run(`CREATE DATABASE ${name} ENCODING '${encoding}' TEMPLATE template0`);
      expect(await refused(server.url(name))).toContain(
        `${name} has the encoding ${encoding}; UTF8 is needed`,
      );
    }
  });

  test.skipIf(skip)("as it has no place for tables is refused", async () => {
    const url = await databaseWith();
    await server.run(`ALTER DATABASE ${nameOf(url)} SET search_path = nowhere`);
    expect(await refused(url)).toContain("has no schema of its search_path");
  });

  test.skipIf(skip)("as its user may make no tables is refused", async () => {
    const url = await databaseWith();
    await server.run("CREATE ROLE guest LOGIN");
    expect(await refused(url.replace("postgres@", `guest:${PASSWORD}@`))).toContain(
      "does not let the user create or read tables",
    );
  });
});

describe(named("a start on a database, by a way that is unfit,"), () => {
  test.skipIf(skip)("is refused for parameters that nobody knows", async () => {
    const url = await databaseWith();
    expect(await refused(`${url}&colour=${PASSWORD}`)).toContain(
      "does not know a parameter of the URL",
    );
    expect(await refused(url.replace("=disable", `=${PASSWORD}`))).toContain(
      "cannot be reached by this URL",
    );
  });

  test.skipIf(skip)("is refused for a password that is not encoded", async () => {
    const url = await databaseWith();
    expect(await refused(url.replace("postgres@", `postgres:50%${PASSWORD}@`))).toContain(
      "cannot be reached by this URL",
    );
  });

  test.skipIf(skip)("is refused by a pooler that was not told of", async () => {
    using proxy = await startPostgresProxy({
      port: server.port,
      refusal: `unsupported startup parameter: ${PASSWORD}`,
    });
    const url = proxy.url(await databaseWith());
    expect(await refused(url)).toContain("refuses settings of sessions; behind a pooler");
    await using replica = await startReplica({
      database: url,
      regions: {},
      args: ["--database-prepare", "off"],
    });
    expect(await replica.stop()).toBe(0);
  });
});
