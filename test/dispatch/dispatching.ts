/** A remote dispatcher for tests, and jobs for it. */
import { type AnswerBody, parseBody } from "../../src/dispatch/answer.ts";
import type { Dispatch, DispatchJob } from "../../src/dispatch/dispatch.ts";
import { remoteDispatch } from "../../src/dispatch/remote.ts";
import { present } from "../../src/lib/present.ts";
import { Redactor } from "../../src/lib/redactor.ts";

export const MAX_RESPONSE = 1024 ** 2;
/** The time of day for a dispatcher. */
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

export interface DispatchingOptions {
  readonly token?: string;
  readonly monotonic?: () => number;
  /** PEM text of the only authority trusted. */
  readonly ca?: string;
  readonly http1?: boolean;
}

/** A dispatcher whose regions are the given endpoints, by name. */
export function dispatcher(
  endpoints: Readonly<Record<string, string>>,
  { ca, http1 = false, monotonic = () => performance.now(), token }: DispatchingOptions = {},
): Dispatch {
  const more = present({ token, ca });
  const clock = { now: () => NOW, monotonic };
  const regions = Object.entries(endpoints).map(
    ([name, url]) => [name, { name, url, ...more }] as const,
  );
  return remoteDispatch({
    regions: new Map(regions),
    maxResponse: MAX_RESPONSE,
    secretKeys: [],
    clock,
    http1,
  });
}

const NO_SECRETS = new Redactor({ keys: [] });

/** The body of an endpoint that knows no secret. */
export const parsed = (text: string): AnswerBody => parseBody(text, NO_SECRETS);

let jobs = 0;

/** A job with an id of its own. */
export function job(
  region: string,
  runners: DispatchJob["runners"] = [{ name: "titleTest" }],
): DispatchJob {
  return { runId: "run_1", jobId: `job_${++jobs}`, url: "https://example.com/", region, runners };
}

/** A clock that stands until the test moves it. */
export function movableClock() {
  let at = 0;
  return { now: () => at, pass: (ms: number) => void (at += ms) };
}

export const never = (): AbortSignal => new AbortController().signal;

/** A hang, on however busy a machine. */
const HANG_MS = 60_000;

/** The promise's value; rejects if it hangs. */
export async function soon<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Not settled within ${HANG_MS} ms.`)), HANG_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
