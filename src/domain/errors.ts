/**
 * AppError: the one error a caller may see.
 *
 * Its code is stable and part of the API; its message is a sentence that holds the offending
 * value and never a stack, a query or a secret. Everything else that is thrown is a defect and
 * reaches the outside only as `internal`.
 */

export const ERROR_CODES = [
  "malformed_json",
  "invalid_request",
  "unsupported_media_type",
  "payload_too_large",
  "unauthorized",
  "insufficient_scope",
  "cross_origin",
  "unknown_host",
  "rate_limited",
  "missing_region",
  "unknown_region",
  "missing_url",
  "local_mode_unavailable",
  "unknown_runner",
  "missing_runners",
  "callbacks_unavailable",
  "callback_refused",
  "callback_not_found",
  "callback_not_settled",
  "run_conflict",
  "run_ended",
  "run_not_ended",
  "nothing_to_rerun",
  "run_not_found",
  "key_not_found",
  "not_found",
  "method_not_allowed",
  "at_capacity",
  "draining",
  "store_unavailable",
  "lease_lost",
  "internal",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** One fault of a request: where (a JSON Pointer, RFC 6901) and what. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly faults: readonly Fault[];
  /** Seconds after which the same is worth repeating, if the code alone does not say. */
  readonly retryAfterS: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { faults?: readonly Fault[]; retryAfterS?: number } = {},
  ) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
    this.faults = options.faults ?? [];
    this.retryAfterS = options.retryAfterS;
  }
}

export function runNotFound(runId: string): AppError {
  return new AppError("run_not_found", `There is no run "${runId.slice(0, 128)}".`);
}

/** A start that cannot go on: every fault found, shown together, exit code 2. */
export class StartError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[], options?: ErrorOptions) {
    super(faults.join("\n"), options);
    this.name = "StartError";
    this.faults = faults;
  }
}
