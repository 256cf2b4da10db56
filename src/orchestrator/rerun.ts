/**
 * Rerun: the request of a run, and the one that repeats it or some of it, read back from what was
 * kept.
 */
import { AppError, runNotFound } from "../domain/errors.ts";
import type { RunnerRequest, RunRequest } from "../domain/run.ts";
import { present } from "../lib/present.ts";
import { withoutSealed } from "../lib/secrets.ts";
import { nextTurn } from "../lib/turn.ts";
import type { AnsweredJob } from "../store/answered.ts";
import type { RunStore } from "../store/store.ts";

/** A cell of a run: a runner on a url in a region, with every input it was requested with. */
export interface RerunCell {
  readonly name: string;
  readonly region?: string;
  readonly url: string;
}

/**
 * `failed`: exactly the runners that are red: unexpected, or not `pass` in a run that is not
 * judged.
 */
export type RerunSelection = "failed" | "all" | readonly RerunCell[];

/** Results may be large, and others have their turn between two pages. */
const PAGE_SIZE = 32;

/**
 * Rejects with AppError `run_not_found`, `run_not_ended`, `nothing_to_rerun`, or `invalid_request`
 * for a cell that the run does not have.
 */
export async function rerunRequest(
  store: Pick<RunStore, "findSettings" | "findAnswers">,
  runId: string,
  selection: RerunSelection,
): Promise<RunRequest & { timeout: number }> {
  const settings = await store.findSettings(runId);
  if (!settings) throw runNotFound(runId);
  const { ended, policy, ...kept } = settings;
  if (!ended) throw new AppError("run_not_ended", `Run "${runId}" has not ended yet.`);
  const selected = new Selected(selection);
  const runners = await Array.fromAsync(runnersOf(store, runId, selected));
  selected.refuseUnknown(runId);
  if (runners.length === 0) {
    const all = policy === undefined ? "passed" : "answered as expected";
    throw new AppError("nothing_to_rerun", `All runners of run "${runId}" ${all}.`);
  }
  // Of some regions only, a policy over all of them says nothing.
  return { ...kept, ...(selection === "all" ? present({ policy }) : {}), runners };
}

/** A request as it was sent: everything but its runners, and these one at a time. */
export interface SentRequest {
  readonly settings: Omit<RunRequest, "runners">;
  readonly runners: AsyncIterable<RunnerRequest>;
}

/**
 * The request of a run, in fan-out order, with what is expected of each runner beside it; without
 * secrets, and without the callback's URL, which may hold one. Rejects with AppError `run_not_found`.
 */
export async function sentRequest(
  store: Pick<RunStore, "findSettings" | "findAnswers">,
  runId: string,
): Promise<SentRequest> {
  const found = await store.findSettings(runId);
  if (!found) throw runNotFound(runId);
  const { callbackUrl: _callbackUrl, ended: _ended, ...settings } = found;
  const shown = async function* () {
    for await (const { input, ...runner } of runnersOf(store, runId, new Selected("all"))) {
      yield { ...runner, ...present({ input: withoutSealed(input) as RunnerRequest["input"] }) };
    }
  };
  return { settings, runners: shown() };
}

async function* runnersOf(
  store: Pick<RunStore, "findAnswers">,
  runId: string,
  selected: Selected,
): AsyncGenerator<RunnerRequest> {
  for (let after = -1; ;) {
    const page = await store.findAnswers(runId, after, PAGE_SIZE);
    for (const job of page) {
      after = job.position;
      yield* again(job, selected);
    }
    if (page.length === 0) return;
    await nextTurn();
  }
}

/** The selected runners of a job, with what was expected of each. */
function again(job: AnsweredJob, selected: Selected): RunnerRequest[] {
  const { expected, region, runners } = job;
  return runners.flatMap((runner, index) => {
    if (!selected.has(job, index)) return [];
    const status = expected?.[index];
    const expect = status && { [region ?? "*"]: status };
    return { ...runner, ...present({ region, expect }) };
  });
}

class Selected {
  readonly #selection: RerunSelection;
  /** Cells by their text, which nobody has come across yet. */
  readonly #wanted: ReadonlyMap<string, number>;
  readonly #found = new Set<string>();

  constructor(selection: RerunSelection) {
    this.#selection = selection;
    const cells = typeof selection === "string" ? [] : selection;
    this.#wanted = new Map(cells.map((cell, index) => [cellText(cell), index]));
  }

  has({ region, results, runners, url }: AnsweredJob, index: number): boolean {
    if (this.#selection === "all") return true;
    if (this.#selection === "failed") return isRed(results[index]);
    const text = cellText({ name: runners[index]?.name ?? "", url, ...present({ region }) });
    if (!this.#wanted.has(text)) return false;
    this.#found.add(text);
    return true;
  }

  refuseUnknown(runId: string): void {
    const faults = [...this.#wanted].flatMap(([text, index]) =>
      this.#found.has(text)
        ? []
        : [{ path: `/cells/${index}`, message: `Run "${runId}" has no such cell.` }],
    );
    if (faults.length === 0) return;
    throw new AppError("invalid_request", "The request is not valid.", { faults });
  }
}

function isRed(result: AnsweredJob["results"][number] | undefined): boolean {
  return result?.verdict ? result.verdict === "unexpected" : result?.status !== "pass";
}

function cellText({ name, region = "", url }: RerunCell): string {
  return JSON.stringify([name, region, url]);
}

/** Tells two reruns of one run apart. */
export function selectionText(selection: RerunSelection): string {
  if (typeof selection === "string") return selection;
  const cells = selection.map(cellText).toSorted();
  return new Bun.CryptoHasher("sha256").update(cells.join("\n")).digest("hex");
}
