/**
 * What an endpoint's error comes to: a failure in one short line, whatever the endpoint sent. Pure.
 */
import { type EndpointError, failure } from "./answer.ts";
import type { JobOutcome } from "./dispatch.ts";

/** The errors of the SDK's runner server. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  ["RUNNER_NOT_FOUND", "runner_not_found"],
  ["INPUT_VALIDATION_FAILED", "invalid_input"],
  ["EXECUTION_FAILED", "execution_failed"],
]);
const MAX_FAULTS = 5;

/** The outcome of a job that its endpoint refused as a whole. */
export function refused({ code, data, message }: EndpointError): JobOutcome {
  const known = REFUSALS.get(code);
  const where = code === "INPUT_VALIDATION_FAILED" ? inputFaults(data) : "";
  const said = where || oneLine(message, 500) || oneLine(code, 100);
  const error = `The endpoint refused the job: ${said.replace(/\.$/, "")}.`;
  return failure(known ?? "endpoint_error", known ? "runner" : "transport", error);
}

function inputFaults({ issues, runnerName }: EndpointError["data"]): string {
  if (!Array.isArray(issues)) return "";
  const faults = issues.slice(0, MAX_FAULTS).map((issue: Issue | null) => {
    const path = ["input", ...segments(issue?.path)].join(".");
    return `${oneLine(path, 80)} ${oneLine(issue?.message, 80) || "is not valid"}`;
  });
  if (faults.length === 0) return "";
  return `runner "${oneLine(runnerName, 128)}": ${faults.join("; ")}`;
}

interface Issue {
  readonly path?: unknown;
  readonly message?: unknown;
}

/** The keys of a path; in Standard Schema a segment may also be an object that holds its key. */
function segments(path: unknown): string[] {
  const list: unknown[] = Array.isArray(path) ? path : [path];
  return list
    .map((segment) => oneLine((segment as { key?: unknown } | null)?.key ?? segment, 80))
    .filter((segment) => segment !== "");
}

/** Text or a number as one line of at most `max` characters; empty for anything else. */
export function oneLine(value: unknown, max: number): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") return "";
  const line = value
    .slice(0, 4 * max)
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}
