/** The state of a database that replicas share, for whoever looks after it. */
import { inspectDatabase } from "./open.ts";

export interface ReplicaHealth {
  /** Host and process id. */
  readonly name: string;
  /** Unfinished runs it owns. */
  readonly runs: number;
  /** Milliseconds since its last renewal, and until its lease ends; negative: since it ended. */
  readonly renewedMsAgo: number;
  readonly leaseLeftMs: number;
}

export interface SharedHealth {
  /** Of the server, such as `16.4`. */
  readonly version: string;
  readonly runs: number;
  readonly unfinished: number;
  /** Unfinished runs that nobody owns. */
  readonly unowned: number;
  readonly replicas: readonly ReplicaHealth[];
}

/** Undefined if the database has no schema of ours yet. Throws StartError if it cannot be used. */
export function sharedHealth(url: string): Promise<SharedHealth | undefined> {
  return inspectDatabase(url, async (sql) => {
    if (!sql) return undefined;
    const [counts] = (await sql`
      SELECT current_setting('server_version') AS version,
        (SELECT count(*) FROM runs)::float8 AS runs,
        (SELECT count(*) FROM runs WHERE completed_at IS NULL)::float8 AS unfinished,
        (SELECT count(*) FROM runs WHERE completed_at IS NULL AND owner IS NULL)::float8
          AS unowned`) as Omit<SharedHealth, "replicas">[];
    const replicas = (await sql`
      SELECT name, (SELECT count(*) FROM runs WHERE owner = replicas.id)::int AS runs,
        (extract(epoch FROM clock_timestamp() - renewed_at) * 1000)::float8 AS renewed_ms_ago,
        (extract(epoch FROM lease_until - clock_timestamp()) * 1000)::float8 AS lease_left_ms
      FROM replicas ORDER BY name`) as {
      name: string;
      runs: number;
      renewed_ms_ago: number;
      lease_left_ms: number;
    }[];
    if (!counts) throw new Error("Counting returned nothing.");
    return {
      ...counts,
      replicas: replicas.map((row) => ({
        name: row.name,
        runs: row.runs,
        renewedMsAgo: row.renewed_ms_ago,
        leaseLeftMs: row.lease_left_ms,
      })),
    };
  });
}
