/**
 * A replica's life in the database, and what it owns.
 *
 * The lease is the replica's, one row however many runs it owns: a replica that is not renewed in
 * time is deleted by another, and the database takes its runs from it in the same moment. As long
 * as its row is there nobody else can have claimed a run of it, so a renewal that comes late, after
 * an outage of the database, still keeps everything.
 */
import { toStoredRun } from "../rows.ts";
import type { Renewal, StoredRun } from "../store.ts";
import type { Client } from "./client.ts";
import { sqlState } from "./errors.ts";
import { type RawRun, toRunRow } from "./rows.ts";

export interface ReplicaOptions {
  readonly client: Client;
  /** For the lease alone: it must not wait for anything else that is asked. */
  readonly leaseClient: Client;
  /** Who this is, for a person. */
  readonly name: string;
  readonly leaseMs: number;
}

/** A run under the epoch of a claim. */
type Claimed = Pick<StoredRun, "key" | "epoch">;

const FOREIGN_KEY_VIOLATION = "23503";

export class Replica {
  readonly #options: ReplicaOptions;
  #id: Promise<number> | undefined;
  /** The last renewal, and the first of those that came in time, by this process's own clock. */
  #renewedAt = -Infinity;
  #steadySince = Infinity;
  #strays: ReadonlySet<string> = new Set();
  #aheadMs = 0;

  constructor(options: ReplicaOptions) {
    this.#options = options;
  }

  /** How far the database's clock is ahead of this machine's, in milliseconds, as last seen. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  /** This replica's row; made if there is none. */
  id(): Promise<number> {
    const known = (this.#id ??= this.#register());
    known.catch(() => {
      if (this.#id === known) this.#id = undefined;
    });
    return known;
  }

  /** Does what needs the row; once more with a new one if another replica has deleted it. */
  async owning<Answer>(act: (id: number) => Promise<Answer>): Promise<Answer> {
    const id = this.id();
    try {
      return await act(await id);
    } catch (error) {
      if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
      if (this.#id === id) this.#id = undefined;
      return act(await this.id());
    }
  }

  async claim(limit: number): Promise<StoredRun[]> {
    await this.#bury();
    const rows = await this.owning((id) =>
      this.#options.client.query(
        (sql) =>
          sql`
          WITH free AS MATERIALIZED (
            SELECT key FROM runs WHERE owner IS NULL AND completed_at IS NULL
            ORDER BY key LIMIT ${limit}::int FOR NO KEY UPDATE SKIP LOCKED
          )
          UPDATE runs SET owner = ${id}::bigint, epoch = epoch + 1
          FROM free WHERE runs.key = free.key
          RETURNING runs.*` as Promise<RawRun[]>,
      ),
    );
    return rows
      .map((row) => toStoredRun(toRunRow(row), Number(row.epoch)))
      .toSorted((a, b) => a.key - b.key);
  }

  async renew(runs: readonly StoredRun[]): Promise<Renewal> {
    const sentAt = performance.now();
    const { id, replicas } = await this.#extend();
    const rows = (await this.#options.leaseClient.query(
      (sql) => sql`
        SELECT key, epoch, cancelled_at IS NOT NULL AS cancelled FROM runs
        WHERE owner = ${id}::bigint`,
    )) as { key: string; epoch: number; cancelled: boolean }[];
    const owned = rows.map((row) => ({ ...row, key: Number(row.key) }));
    this.#renewedInTime(sentAt);
    await this.#releaseStrays(runs, owned);
    const found = new Map(owned.map((row) => [row.key, row]));
    const isLost = ({ epoch, key }: StoredRun): boolean => found.get(key)?.epoch !== epoch;
    return {
      lost: runs.filter(isLost),
      cancelled: runs.filter((run) => !isLost(run) && found.get(run.key)?.cancelled),
      replicas,
    };
  }

  /** Makes the lease last again, and tells how many there are. */
  async #extend(): Promise<{ readonly id: number; readonly replicas: number }> {
    const { leaseClient, leaseMs } = this.#options;
    const known = this.id();
    const id = await known;
    const sentAt = Date.now();
    const [renewed] = (await leaseClient.query(
      (sql) => sql`
        UPDATE replicas
        SET renewed_at = clock_timestamp(),
          lease_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond'
        WHERE id = ${id}::bigint
        RETURNING (
          SELECT count(*)::int + 1 FROM replicas AS other
          WHERE other.id <> ${id}::bigint AND other.lease_until > clock_timestamp()
        ) AS replicas, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`,
    )) as { replicas: number; now: number }[];
    if (renewed) {
      this.#aheadMs = aheadOf(sentAt, Date.now(), renewed.now);
      return { id, replicas: renewed.replicas };
    }
    // Whoever deleted it has taken everything.
    if (this.#id === known) this.#id = undefined;
    return this.#extend();
  }

  /** Frees those of the runs that this replica still owns under their epochs. */
  async release(runs: readonly Claimed[]): Promise<void> {
    if (runs.length === 0) return;
    const id = await this.id();
    const claims = JSON.stringify(runs.map(({ epoch, key }) => ({ key, epoch })));
    await this.#options.client.query(
      (sql) => sql`
        UPDATE runs SET owner = NULL
        FROM json_to_recordset(${claims}::text::json) AS claim (key bigint, epoch integer)
        WHERE runs.key = claim.key AND runs.epoch = claim.epoch AND runs.owner = ${id}::bigint`,
    );
  }

  /** Leaves: whatever is still owned becomes free. */
  async leave(): Promise<void> {
    const known = this.#id;
    if (!known) return;
    const id = await known;
    await this.#options.client.query((sql) => sql`DELETE FROM replicas WHERE id = ${id}::bigint`);
  }

  async #register(): Promise<number> {
    const { leaseClient, leaseMs, name } = this.#options;
    const [row] = (await leaseClient.query(
      (sql) => sql`
        INSERT INTO replicas (name, lease_until)
        VALUES (${name}, clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond')
        RETURNING id`,
    )) as { id: string }[];
    if (!row) throw new Error("The insert of a replica returned nothing.");
    return Number(row.id);
  }

  /**
   * Releases runs that the database says are this replica's and that nobody here knows: the answer
   * to their submit or claim was lost. Only those that were strays at the renewal before, too:
   * other answers are on their way.
   */
  async #releaseStrays(known: readonly StoredRun[], owned: readonly Claimed[]): Promise<void> {
    const keys = new Set(known.map(({ key }) => key));
    const strays = owned.filter(({ key }) => !keys.has(key));
    const before = this.#strays;
    this.#strays = new Set(strays.map(nameOf));
    await this.release(strays.filter((stray) => before.has(nameOf(stray))));
  }

  #renewedInTime(at: number): void {
    const { leaseMs } = this.#options;
    if (at - this.#renewedAt > leaseMs / 2) this.#steadySince = at;
    this.#renewedAt = at;
  }

  /**
   * Deletes replicas whose leases have passed. Only once this one has been renewed in time for a
   * while: after an outage all leases have passed, and each replica has its time to come back.
   */
  async #bury(): Promise<void> {
    const { client, leaseMs } = this.#options;
    const now = performance.now();
    if (now - this.#renewedAt > leaseMs / 2 || now - this.#steadySince < leaseMs / 2) return;
    await client.query(
      (sql) => sql`
        DELETE FROM replicas WHERE id IN (
          SELECT id FROM replicas WHERE lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED
        )`,
    );
  }
}

/**
 * Clocks that may well agree do: the time of day must not jump about with each renewal. Ours tells
 * whole milliseconds.
 */
function aheadOf(sentAt: number, receivedAt: number, between: number): number {
  return Math.round(Math.max(0, between - receivedAt - 1) + Math.min(0, between - sentAt));
}

function nameOf({ epoch, key }: Claimed): string {
  return `${key}/${epoch}`;
}
