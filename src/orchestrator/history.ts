/** History: the last answers of one cell, read from the runs that are kept. */
import type { PastResult } from "../domain/history.ts";
import { canonicalJson } from "../lib/canonical-json.ts";
import { present } from "../lib/present.ts";
import { nextTurn } from "../lib/turn.ts";
import type { PastJob, PastQuery } from "../store/answered.ts";
import type { RunStore } from "../store/store.ts";
import { inputBesideUrl, shownInput } from "./comparison/cell-key.ts";

/** Most answers of a cell that are told. */
const MOST_RESULTS = 50;
const PAGE_SIZE = 256;
/** Pages that are looked at: a url may have been asked by other runners a million times. */
const MOST_PAGES = 40;

export interface HistoryQuery {
  readonly runner: string;
  readonly url: string;
  /** Absent: of every region. */
  readonly region?: string;
  /** The input beside `url`. Absent: with any. */
  readonly input?: Readonly<Record<string, unknown>>;
}

/** Newest first. Of a url with a very long history only the newest part is looked at. */
export async function cellHistory(
  store: Pick<RunStore, "findPast">,
  query: HistoryQuery,
): Promise<PastResult[]> {
  const found: PastResult[] = [];
  let from: Pick<PastQuery, "from"> = {};
  for (let page = 0; page < MOST_PAGES && found.length < MOST_RESULTS; page++) {
    const past = { ...present({ region: query.region }), ...from };
    const { jobs, next } = await store.findPast(query.url, past, PAGE_SIZE);
    found.push(...jobs.flatMap((job) => resultsOf(job, query)));
    if (!next) break;
    from = { from: next };
    await nextTurn();
  }
  return found.slice(0, MOST_RESULTS);
}

function resultsOf(job: PastJob, { input: wanted, runner }: HistoryQuery): PastResult[] {
  const { endedAt, region, results, runId, runners } = job;
  return runners.flatMap(({ input, name }, index) => {
    const result = results[index];
    if (!result || name !== runner) return [];
    if (wanted && canonicalJson(inputBesideUrl(input) ?? {}) !== canonicalJson(wanted)) return [];
    const { durationMs, errorCode, errorMessage, errorSource, status, verdict } = result;
    const why = present({ verdict, durationMs, errorMessage, errorCode, errorSource });
    const at = new Date(endedAt).toISOString();
    return [{ runId, ...present({ region, input: shownInput(input) }), at, status, ...why }];
  });
}
