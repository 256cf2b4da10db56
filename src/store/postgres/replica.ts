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
  /** Who this is, for a person. */
  readonly name: string;
  readonly leaseMs: number;
}

const FOREIGN_KEY_VIOLATION = "23503";

export class Replica {
  readonly #options: ReplicaOptions;
  #id: Promise<number> | undefined;
  /** The last renewal, and the first of those that came in time, by this process's own clock. */
  #renewedAt = -Infinity;
  #steadySince = Infinity;
  #strays: ReadonlySet<string> = new Set();

  constructor(options: ReplicaOptions) {
    this.#options = options;
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
          UPDATE runs SET owner = ${id}::bigint, epoch = epoch + 1
          WHERE key IN (
            SELECT key FROM runs WHERE owner IS NULL AND completed_at IS NULL
            ORDER BY key LIMIT ${limit}::int FOR NO KEY UPDATE SKIP LOCKED
          )
          RETURNING *` as Promise<RawRun[]>,
      ),
    );
    return rows
      .map((row) => toStoredRun(toRunRow(row), Number(row.epoch)))
      .toSorted((a, b) => a.key - b.key);
  }

  async renew(runs: readonly StoredRun[]): Promise<Renewal> {
    const { client, leaseMs } = this.#options;
    const id = await this.id();
    const sentAt = performance.now();
    const [renewed] = (await client.query(
      (sql) => sql`
        UPDATE replicas
        SET renewed_at = clock_timestamp(),
          lease_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond'
        WHERE id = ${id}::bigint
        RETURNING (
          SELECT count(*)::int + 1 FROM replicas AS other
          WHERE other.id <> ${id}::bigint AND other.lease_until > clock_timestamp()
        ) AS replicas`,
    )) as { replicas: number }[];
    if (!renewed) {
      // Whoever deleted it has taken everything.
      this.#id = undefined;
      await this.id();
      return { lost: runs, cancelled: [], replicas: 1 };
    }
    const owned = (await client.query(
      (sql) => sql`
        SELECT key, epoch, cancelled_at IS NOT NULL AS cancelled FROM runs
        WHERE owner = ${id}::bigint`,
    )) as { key: string; epoch: number; cancelled: boolean }[];
    this.#renewedInTime(sentAt);
    await this.#releaseStrays(runs, owned);
    const found = new Map(owned.map((row) => [Number(row.key), row]));
    const isLost = ({ epoch, key }: StoredRun): boolean => found.get(key)?.epoch !== epoch;
    return {
      lost: runs.filter(isLost),
      cancelled: runs.filter((run) => !isLost(run) && found.get(run.key)?.cancelled),
      replicas: renewed.replicas,
    };
  }

  async release(runs: readonly StoredRun[]): Promise<void> {
    await this.#release(runs.map(({ key }) => String(key)));
  }

  async #release(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const id = await this.id();
    await this.#options.client.query(
      (sql) => sql`
        UPDATE runs SET owner = NULL
        WHERE key = ANY (${`{${keys.join(",")}}`}::text::bigint[]) AND owner = ${id}::bigint`,
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
    const { client, leaseMs, name } = this.#options;
    const [row] = (await client.query(
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
  async #releaseStrays(
    known: readonly StoredRun[],
    owned: readonly { readonly key: string; readonly epoch: number }[],
  ): Promise<void> {
    const keys = new Set(known.map(({ key }) => String(key)));
    const strays = owned.filter(({ key }) => !keys.has(key));
    const before = this.#strays;
    this.#strays = new Set(strays.map(({ epoch, key }) => `${key}/${epoch}`));
    const lasting = strays.filter(({ epoch, key }) => before.has(`${key}/${epoch}`));
    await this.#release(lasting.map(({ key }) => key));
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
