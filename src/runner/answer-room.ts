/**
 * Room for the results of one job. Pure. An orchestrator reads no more than 1 MiB of an answer by
 * default; what is too much must cost logs and details, never a verdict.
 */
import type { Result } from "../domain/result.ts";

/** Bytes of JSON; what is left of a mebibyte is for what stands around the results. */
export const ANSWER_ROOM = 1024 ** 2 - 16 * 1024;

/** What goes first. The largest result gives first, and no more than needed is taken. */
const REDUCTIONS: readonly ((result: Result) => Result)[] = [
  withoutLogData,
  ({ logs: _logs, ...rest }) => rest,
  withoutDetails,
];

/** The results, shortened as far as they must be. */
export function fitResults(results: readonly Result[]): Result[] {
  const fitted = results.map((result) => ({ result, bytes: bytesOf(result) }));
  let excess = fitted.reduce((sum, { bytes }) => sum + bytes, 0) - ANSWER_ROOM;
  for (const reduce of REDUCTIONS) {
    for (const one of fitted.toSorted((a, b) => b.bytes - a.bytes)) {
      if (excess <= 0) return fitted.map(({ result }) => result);
      const result = reduce(one.result);
      const bytes = bytesOf(result);
      if (bytes >= one.bytes) continue;
      excess -= one.bytes - bytes;
      Object.assign(one, { result, bytes });
    }
  }
  return fitted.map(({ result }) => result);
}

function withoutLogData({ logs, ...rest }: Result): Result {
  if (!logs) return rest;
  return { ...rest, logs: logs.map(({ at, message }) => ({ at, message })) };
}

function withoutDetails(result: Result): Result {
  if (result.details === undefined) return result;
  const omitted = `The results of this job are larger than ${ANSWER_ROOM} bytes; these details were left out.`;
  return { ...result, details: { omitted } };
}

function bytesOf(result: Result): number {
  return Buffer.byteLength(JSON.stringify(result));
}
