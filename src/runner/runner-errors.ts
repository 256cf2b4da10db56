/**
 * Every way in which a runner can fail to give a result of its own: one table of stable codes,
 * with who is to blame. They are the `errorCode` of results, for programs and for the log.
 */
import type { ErrorSource } from "../domain/result.ts";

export const RUNNER_ERRORS = {
  /** The function did not end within the limit of one runner. */
  timed_out: "timeout",
  /** The file, or the schema of the input, was not ready within that limit. */
  load_timed_out: "timeout",
  /** The process ended before the function returned. */
  exited: "runner",
  too_much_output: "runner",
  result_too_large: "runner",
  result_too_deep: "runner",
  /** A result that JSON cannot express. */
  result_not_json: "runner",
  /** Nothing, no object, or no known status was returned. */
  invalid_result: "runner",
  thrown: "runner",
  unhandled_rejection: "runner",
  uncaught_exception: "runner",
  /** The file of the runner, or something it imports. */
  cannot_load: "runner",
  not_a_function: "runner",
  runner_not_found: "runner",
  /** The input breaks the schema of the runner. */
  invalid_input: "runner",
  /** The schema itself is missing or throws. */
  invalid_schema: "runner",
  browser_not_found: "runner",
  /** The browser is there and does not start. */
  browser_failed: "runner",
  browser_crashed: "runner",
  /** The page could not be opened: name, connection, certificate, or it never came to rest. */
  navigation_failed: "target",
  /** The process sent something that is no message. */
  host_nonsense: "runner",
  host_silent: "orchestrator",
  host_gone: "orchestrator",
  host_unavailable: "orchestrator",
} as const satisfies Readonly<Record<string, ErrorSource>>;

export type RunnerErrorCode = keyof typeof RUNNER_ERRORS;

/** Thrown inside of a host where the cause is known better than by its message alone. */
export class RunnerFault extends Error {
  readonly code: RunnerErrorCode;
  /** What programs may want to know beside the message. */
  readonly details: unknown;

  constructor(
    code: RunnerErrorCode,
    message: string,
    options: ErrorOptions & { readonly details?: unknown } = {},
  ) {
    super(message, options);
    this.name = "RunnerFault";
    this.code = code;
    this.details = options.details;
  }
}

export function isRunnerErrorCode(value: unknown): value is RunnerErrorCode {
  return typeof value === "string" && Object.hasOwn(RUNNER_ERRORS, value);
}
