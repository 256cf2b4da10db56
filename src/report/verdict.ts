/**
 * What a result means for whoever reads a report: red needs a look. Every format asks here, so
 * that all of them agree.
 */
import type { Result } from "../domain/result.ts";

export function isRed({ status }: Pick<Result, "status">): boolean {
  return status !== "pass";
}

/** Who failed and how, as one word for machines: `transport/connection_refused`. */
export function blame({ errorCode, errorSource }: Result): string {
  return [errorSource, errorCode].filter((part) => part !== undefined).join("/");
}
