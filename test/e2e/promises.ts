/** What was promised to clients while servers were killed, to be held against what is there later. */
import type { RunSummary } from "../../src/domain/run.ts";
import type { Endpoint } from "../support/endpoint.ts";
import type { Api } from "../support/process.ts";
import { random } from "../support/random.ts";

const isOver = (state: string): boolean => state !== "queued" && state !== "running";

/** What the test knows, to be held against what the API says later. */
export class Ledger {
  /** Requested runners of each run that was acknowledged, by run. */
  readonly acknowledged = new Map<string, number>();
  /** Runs once seen in a terminal state, as they were. */
  readonly ended = new Map<string, string>();
  /** Jobs once shown finished, with how often they had been dispatched then. */
  readonly finished = new Map<string, number>();
  #submits = 0;

  nextId(): string {
    return `run-${++this.#submits}`;
  }

  /** Notes what a summary shows as final; throws if something final has changed. */
  note(summary: RunSummary): void {
    const { jobs, runId, state } = summary;
    for (const job of jobs) {
      if (!isOver(job.state)) continue;
      const before = this.finished.get(job.jobId);
      if (before !== undefined && before !== job.attempts) {
        throw new Error(`Job ${job.jobId} was dispatched again after its end.`);
      }
      this.finished.set(job.jobId, job.attempts);
    }
    if (!isOver(state)) return;
    const text = JSON.stringify(summary);
    const before = this.ended.get(runId);
    if (before !== undefined && before !== text) throw new Error(`${before} became ${text}`);
    this.ended.set(runId, text);
  }
}

/** A submit of a few random jobs for `eu` and `us`, and how many runners it asks for. */
export function randomRun(runId: string, { fraction, integer }: ReturnType<typeof random>) {
  const count = integer(1, 4);
  const runners = Array.from({ length: count }, (_, index) => ({
    name: `r${index}`,
    region: fraction() < 0.5 ? "eu" : "us",
    input: { url: `https://example.com/${integer(0, 2)}` },
  }));
  return { count, body: { mode: "remote", runners, runId, concurrency: integer(1, 4) } };
}

/** Submits one run after the other until the server is gone, or until told to stop. */
export async function submitUntilKilled(
  api: Api,
  ledger: Ledger,
  seed: number,
  stop?: AbortSignal,
): Promise<void> {
  const choices = random(seed);
  for (;;) {
    if (stop?.aborted) return;
    const runId = ledger.nextId();
    const { body, count } = randomRun(runId, choices);
    let response: Response;
    try {
      response = await api.post(body);
      await response.text();
    } catch {
      return;
    }
    if (response.status !== 202) throw new Error(`Submit answered ${response.status}.`);
    ledger.acknowledged.set(runId, count);
  }
}

/** Looks at runs that may be ending until the server is gone, or until told to stop. */
export async function lookUntilKilled(
  api: Api,
  ledger: Ledger,
  seed: number,
  stop?: AbortSignal,
): Promise<void> {
  const { pick } = random(seed);
  for (;;) {
    if (stop?.aborted) return;
    const open = [...ledger.acknowledged.keys()].slice(-30);
    if (open.length === 0) {
      await Bun.sleep(1);
      continue;
    }
    let summary: RunSummary;
    try {
      summary = await api.summary(pick(open));
    } catch {
      return;
    }
    ledger.note(summary);
  }
}

/** Idempotency keys of the calls an endpoint got, with how often each came. */
export function dispatches(endpoint: Endpoint, from = 0): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { headers } of endpoint.received.slice(from)) {
    const key = headers.get("idempotency-key") ?? "none";
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
