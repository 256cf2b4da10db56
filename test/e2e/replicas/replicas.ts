/** Replicas of `volley serve` on one database, and what its rows say of them. */
import { hostname } from "node:os";

import { SQL } from "bun";

import { noPostgres, sharedPostgres } from "../../support/postgres.ts";
import { serve, type Serving } from "../serving.ts";

/** Short, so that a test sees many take-overs; a loaded machine still renews in time. */
export const LEASE_MS = 3_000;
export const POLL_MS = 300;
const TIMES = ["--lease", `${LEASE_MS}ms`, "--poll", `${POLL_MS}ms`];

/** How long runs of a killed replica may be nobody's, with three times the promise for slack. */
export const TAKEOVER_MS = 3 * (LEASE_MS + POLL_MS);

/** The name of a describe block whose tests are skipped where there is no PostgreSQL. */
export const named = (name: string): string => (noPostgres ? `${name} (${noPostgres})` : name);

/** A new database in which some statements were run; its URL. */
export async function databaseWith(...statements: readonly string[]): Promise<string> {
  const url = await (await sharedPostgres()).createDatabase();
  await using sql = new SQL(url, { max: 1 });
  for (const statement of statements) await sql.unsafe(statement).simple();
  return url;
}

export interface ReplicaOptions {
  readonly database: string;
  readonly regions: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export function startReplica(options: ReplicaOptions): Promise<Serving> {
  const { args = [], database, regions } = options;
  return serve({ regions, args: [...TIMES, ...args], env: { VOLLEY_DATABASE: database } });
}

/** The rows of a database, read behind the replicas' backs. */
export class Rows {
  readonly sql: SQL;

  constructor(database: string) {
    this.sql = new SQL(database, { max: 1 });
  }

  /** Everything known of a run, as text; the same text means that nothing has changed. */
  async dump(runId: string): Promise<string> {
    const runs = await this.sql`SELECT * FROM runs WHERE run_id = ${runId}`;
    const jobs = await this.sql`
      SELECT jobs.* FROM jobs JOIN runs ON runs.key = jobs.run WHERE run_id = ${runId}
      ORDER BY position`;
    return JSON.stringify([[...runs], [...jobs]]);
  }

  /** The process that owns the run, if one does. */
  async owner(runId: string): Promise<number | undefined> {
    const [row] = (await this.sql`
      SELECT name FROM replicas JOIN runs ON runs.owner = replicas.id
      WHERE run_id = ${runId}`) as { name: string }[];
    return row && Number(row.name.slice(hostname().length + 1));
  }

  /** Unfinished runs that no living replica owns, were it known who lives. */
  async ownedBy(pid: number): Promise<number> {
    const [row] = (await this.sql`
      SELECT count(*)::int AS runs FROM runs LEFT JOIN replicas ON replicas.id = runs.owner
      WHERE completed_at IS NULL
        AND (owner IS NULL OR replicas.name = ${`${hostname()}:${pid}`})`) as { runs: number }[];
    return row?.runs ?? 0;
  }

  /** Runs whose counters are not those of their jobs, and ended ones with jobs that have not. */
  async miscounted(): Promise<string[]> {
    const rows = (await this.sql`
      SELECT run_id FROM runs
      WHERE (total_jobs, queued_jobs, running_jobs, completed_jobs, failed_jobs) IS DISTINCT FROM (
        SELECT (count(*)::int, (count(*) FILTER (WHERE state = 'queued'))::int,
          (count(*) FILTER (WHERE state = 'running'))::int,
          (count(*) FILTER (WHERE state = 'completed'))::int,
          (count(*) FILTER (WHERE state = 'failed'))::int)
        FROM jobs WHERE run = runs.key
      ) OR (completed_at IS NOT NULL AND (queued_jobs > 0 OR running_jobs > 0 OR owner IS NOT NULL))
    `) as { run_id: string }[];
    return rows.map(({ run_id }) => run_id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sql.close();
  }
}
