/**
 * Errors of PostgreSQL and of the way to it, as the rest of the store needs to tell them apart.
 *
 * No message of the driver reaches a caller: it may name hosts, users or statements.
 */
import { AppError } from "../../domain/errors.ts";

/** Nobody can know whether what was sent took effect: the connection ended before the answer. */
const LOST = new Set([
  "ERR_POSTGRES_CONNECTION_CLOSED",
  "ERR_POSTGRES_IDLE_TIMEOUT",
  "ERR_POSTGRES_LIFETIME_TIMEOUT",
]);
/** Nothing was sent: there is no connection. */
const UNREACHABLE = new Set([
  "ERR_POSTGRES_CONNECTION_REFUSED",
  "ERR_POSTGRES_CONNECTION_FAILED",
  "ERR_POSTGRES_CONNECTION_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "FailedToOpenSocket",
]);
const READ_ONLY = "25006";
/**
 * SQLSTATE classes that blame the moment, not the statement: connection (08), a user who is not let
 * in (28) or no longer to the tables (42501), transaction rollback (40), resources (53), a database
 * that takes no connections, or a lock that was waited for (55), intervention of an operator (57),
 * system (58), a server that became a standby (25006), a time limit of the role (25P03, 25P04), a
 * database that is being moved (3D000).
 */
const PASSING = /^(08|28|40|53|55|57|58|25P0[34])|^(25006|3D000|42501)$/;
/** Of those, what ended the connection. */
const CONNECTION = /^(08|57P0[1-5]|25P0[34])/;

interface DriverError {
  readonly code?: unknown;
  readonly errno?: unknown;
}

/** The SQLSTATE, if the server answered with one. */
export function sqlState(error: unknown): string | undefined {
  const { errno } = (error ?? {}) as DriverError;
  return typeof errno === "string" && /^[0-9A-Z]{5}$/.test(errno) ? errno : undefined;
}

/** Whether a code of the driver says that one side does not take the other's TLS. */
export function isTlsFault(code: string): boolean {
  return /TLS|SSL|CERT|UNABLE_TO_/.test(code);
}

/** Whether the same statement may succeed at once: on another connection, or after a deadlock. */
export function mayRepeat(error: unknown): boolean {
  if (error instanceof NoAnswer) return true;
  const state = sqlState(error);
  if (state !== undefined) return CONNECTION.test(state) || state.startsWith("40");
  const { code } = (error ?? {}) as DriverError;
  if (typeof code !== "string") return false;
  return LOST.has(code) || UNREACHABLE.has(code) || isTlsFault(code);
}

/** Whether the server has become a standby, or the database was made read-only. */
export function isReadOnly(error: unknown): boolean {
  return sqlState(error) === READ_ONLY;
}

/** A statement that took longer than anybody waits for one. */
export class NoAnswer extends Error {
  constructor(ms: number) {
    super(`The database did not answer within ${ms} ms.`);
    this.name = "NoAnswer";
  }
}

/** What the database cannot do now is `store_unavailable`; a defect of ours stays what it is. */
export function storeError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const state = sqlState(error);
  const passing = state === undefined ? mayRepeat(error) : PASSING.test(state);
  if (!passing) return error;
  return new AppError("store_unavailable", "The run store cannot be used now.", { cause: error });
}
