/**
 * Rows as the driver gives them, as the rows that all stores share: it hands out every bigint as a
 * string, and ours are safe integers.
 */
import type { JobRow, PendingRow, RunRow } from "../rows.ts";

const BIGINTS = [
  "key",
  "concurrency",
  "timeout_ms",
  "job_timeout_ms",
  "created_at",
  "updated_at",
  "completed_at",
  "duration_ms",
  "cancelled_at",
  "last_event",
  "started_at",
  "started_event",
  "ended_event",
] as const;

type Raw<Row> = { [Column in keyof Row]: unknown };

export type RawRun = Raw<RunRow & { readonly epoch: number }>;
export type RawJob = Raw<Omit<JobRow, "key">>;
export type RawPending = Raw<Omit<PendingRow, "key">>;

export function toRunRow(raw: RawRun): RunRow & { readonly epoch: number } {
  return numbers(raw) as unknown as RunRow & { readonly epoch: number };
}

/** A job is named by its run and its position. */
export function toJobRow(raw: RawJob): JobRow {
  return { ...numbers(raw), key: raw.position } as unknown as JobRow;
}

export function toPendingRow(raw: RawPending): PendingRow {
  const { position: key, started_at: at } = raw;
  return { ...raw, key, started_at: at === null ? null : Number(at) } as PendingRow;
}

function numbers(raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const row = { ...raw };
  for (const column of BIGINTS) {
    const value = row[column];
    if (typeof value === "string") row[column] = Number(value);
  }
  return row;
}

/**
 * Text as PostgreSQL keeps it: without NUL, which has no place in its text, and without halves of
 * surrogate pairs, which have none in UTF-8.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\u{fffd}");
}

export function storableOrNull(text: string | undefined): string | null {
  return text === undefined ? null : storable(text);
}
