/** Ways to a database, and what a start makes of it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { SQL } from "bun";

import { databasePlace, prepareDatabase } from "../../../src/store/postgres/open.ts";
import { noPostgres, type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { CA_FILE } from "../../support/tls.ts";

setDefaultTimeout(120_000);

const PASSWORD = "p@ss/w%rd#? :x&=+";

/** Whether the way there is by TLS. */
async function reached(url: string): Promise<boolean> {
  await prepareDatabase({ url, session: true });
  await using sql = new SQL(url, { max: 1 });
  const [row] = (await sql`
    SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`) as { ssl: boolean }[];
  return row?.ssl === true;
}

if (noPostgres) {
  describe(`prepareDatabase (${noPostgres})`, () => {
    test.skip("takes every way to a database", () => {});
  });
} else {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ guarded: true });
    await server.run(`CREATE ROLE volley LOGIN SUPERUSER PASSWORD '${PASSWORD}'`);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const user = `volley:${encodeURIComponent(PASSWORD)}`;
  const refused = async (url: string): Promise<string> => {
    const error = (await prepareDatabase({ url, session: true }).catch((each) => each)) as Error;
    expect(error.message).not.toContain(PASSWORD);
    expect(error.message).not.toContain(encodeURIComponent(PASSWORD));
    return error.message;
  };

  describe("prepareDatabase", () => {
    test("goes by TLS, with a password of any characters, verified as far as asked for", async () => {
      const tcp = `postgres://${user}@localhost:${server.port}/postgres`;
      expect(await reached(`${tcp}?sslmode=require`)).toBeTrue();
      expect(await reached(`${tcp}?sslmode=verify-full&sslrootcert=${CA_FILE}`)).toBeTrue();
      expect(await refused(`${tcp}?sslmode=verify-full`)).toContain("has no acceptable TLS");
      expect(await refused(tcp)).toContain("refused the user");
      const wrong = tcp.replace("volley:", "volley:not-");
      expect(await refused(`${wrong}?sslmode=require`)).toContain(
        "refused the user name or the password",
      );
    });

    test("goes by a socket, by its path and by its folder", async () => {
      const path = `${server.socket}/.s.PGSQL.${server.port}`;
      for (const url of [
        `postgres://${user}@localhost/postgres?path=${path}`,
        `postgres://${user}@localhost:${server.port}/postgres?host=${server.socket}`,
      ]) {
        expect(await reached(url)).toBeFalse();
      }
    });

    test("waits only so long for another that migrates", async () => {
      const url = await server.createDatabase();
      await using other = new SQL(url, { max: 1 });
      const waiting = await other.begin(async (tx) => {
        await tx`SELECT pg_advisory_xact_lock(${0x766c7931})`;
        return prepareDatabase({ url, session: true, withinMs: 300 }).catch(String);
      });
      expect(waiting).toContain("does not answer");
      await prepareDatabase({ url, session: true });
    });
  });

  describe("databasePlace", () => {
    test("is where a database is, without credentials", () => {
      expect(databasePlace("postgres://u:secret@db.internal:5433/volley?sslmode=require")).toBe(
        "db.internal:5433/volley",
      );
      expect(databasePlace("postgres://u:secret@localhost/volley?host=/run/postgresql")).toBe(
        "/run/postgresql/volley",
      );
      expect(databasePlace("postgres:///volley?path=/run/.s.PGSQL.5432")).toBe(
        "/run/.s.PGSQL.5432/volley",
      );
      expect(databasePlace("postgres:///volley")).toBe("localhost/volley");
    });
  });
}
