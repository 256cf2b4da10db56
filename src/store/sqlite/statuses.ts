/**
 * Statuses of runs, each looked up at most once between two commits: however many ask where a run
 * stands, it is read again only after something was written. Nobody else writes runs.
 */
import type { RunStatus } from "../../domain/run.ts";
import { toRunStatus } from "../rows.ts";
import type { Statements } from "./statements.ts";

/** Most that are kept: more runs than anybody watches at the same moment. */
const MOST_KEPT = 1_000;

export class Statuses {
  readonly #sql: Pick<Statements, "findStatus">;
  readonly #kept = new Map<string, RunStatus>();

  constructor(sql: Pick<Statements, "findStatus">) {
    this.#sql = sql;
  }

  find(runId: string): RunStatus | undefined {
    const kept = this.#kept.get(runId);
    if (kept) return kept;
    const row = this.#sql.findStatus.get(runId);
    if (!row) return undefined;
    const status = toRunStatus(row);
    if (this.#kept.size < MOST_KEPT) this.#kept.set(runId, status);
    return status;
  }

  /** To be called after every commit. */
  forget(): void {
    this.#kept.clear();
  }
}
