/** Asking for a run to be cancelled, whoever owns it. */
import type { State } from "../../domain/job.ts";
import type { Client } from "./client.ts";

/** The state of the run then; undefined if there is no such run. */
export async function requestCancel(
  client: Client,
  runId: string,
  at: number,
): Promise<State | undefined> {
  const [asked] = (await client.query(
    (sql) => sql`
      UPDATE runs
      SET cancelled_at = coalesce(cancelled_at, ${at}::bigint),
        updated_at = greatest(updated_at, ${at}::bigint)
      WHERE run_id = ${runId} AND completed_at IS NULL
      RETURNING state`,
  )) as { state: State }[];
  if (asked) return asked.state;
  const [found] = (await client.query(
    (sql) => sql`SELECT state FROM runs WHERE run_id = ${runId}`,
  )) as { state: State }[];
  return found?.state;
}
