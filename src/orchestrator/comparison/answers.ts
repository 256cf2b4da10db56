/**
 * What cells answered, as far as it is to be compared: details without what is ignored, and
 * without the evidence that a runner which fails gets beside its own details. Pure.
 */
import type { Result } from "../../domain/result.ts";
import { type JsonPath, withoutPaths } from "../../lib/json-path.ts";
import type { Answered } from "./differences.ts";

export interface RegionResult {
  readonly region: string;
  readonly result: Result;
}

/** An `error` without details says nothing of the page; what there is to know is its cause. */
export function comparedDetails(
  cells: readonly RegionResult[],
  ignore: readonly JsonPath[],
): Answered[] {
  const told = cells.filter(
    ({ result: { details, status } }) => status !== "error" || details !== undefined,
  );
  // Gathered of failures alone: where all have it, it is worth comparing.
  const errors = told.every(({ result }) => Object.hasOwn(fieldsOf(result), "consoleErrors"));
  return told.map(({ region, result }) => {
    const details = withoutEvidence(
      result,
      errors ? ["screenshot"] : ["screenshot", "consoleErrors"],
    );
    const kept = withoutPaths({ details }, ignore) as { readonly details?: unknown };
    return { region, value: kept.details };
  });
}

/** Two screenshots are never the same; one that is no picture is the runner's own. */
function withoutEvidence(result: Result, names: readonly string[]): unknown {
  const fields = fieldsOf(result);
  const evidence = names.filter((name) => {
    const value = fields[name];
    return name === "screenshot" ? isPicture(value) : Array.isArray(value);
  });
  if (evidence.length === 0) return result.details;
  const rest = Object.entries(fields).filter(([name]) => !evidence.includes(name));
  return Object.fromEntries(rest);
}

function isPicture(value: unknown): boolean {
  return typeof value === "string" && value.startsWith("data:image/");
}

function fieldsOf({ details }: Result): Readonly<Record<string, unknown>> {
  const isObject = typeof details === "object" && details !== null && !Array.isArray(details);
  return isObject ? (details as Record<string, unknown>) : {};
}
