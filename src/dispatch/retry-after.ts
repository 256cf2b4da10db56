/**
 * Whether an HTTP status is worth another attempt, and when: 429 and 5xx, not before `Retry-After`
 * (RFC 9110, 10.2.3: seconds or a date).
 */
import { present } from "../lib/present.ts";
import type { JobOutcome } from "./dispatch.ts";

/** `now`: milliseconds since the epoch. Empty if the status is final. */
export function retryAfter(response: Response, now: number): Pick<JobOutcome, "retry"> {
  const { headers, status } = response;
  if (status !== 429 && (status < 500 || status > 599)) return {};
  const header = headers.get("retry-after")?.trim() ?? "";
  const date = Date.parse(header);
  const afterMs = /^\d{1,9}$/.test(header)
    ? Number(header) * 1_000
    : Number.isNaN(date)
      ? undefined
      : Math.max(0, date - now);
  return { retry: present({ afterMs }) };
}
