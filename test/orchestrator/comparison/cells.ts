/** Random runs to compare: some regions missing, some asked twice, answers of every kind. */
import type { ExpectedStatus } from "../../../src/domain/expectation.ts";
import { verdictOf } from "../../../src/domain/expectation.ts";
import type { RequestedRunner } from "../../../src/domain/job.ts";
import type { Result } from "../../../src/domain/result.ts";
import { Compare, type CompareOptions } from "../../../src/orchestrator/comparison/compare.ts";
import type { ComparedJob } from "../../../src/orchestrator/comparison/rows.ts";
import type { Random } from "../../support/random.ts";

export const REGIONS = ["ap-1", "eu-1", "eu-2", "sa", "us-1", "us-2"];
const URL = "https://example.com/";

/** Compares nothing with earlier runs and names no calls. */
export function compare(jobs: readonly ComparedJob[], change: Partial<CompareOptions> = {}) {
  const comparing = new Compare({
    policy: "all",
    ignore: [],
    changeOf: () => "unknown",
    callOf: () => ({ rerun: "again" }),
    ...change,
  });
  return { rows: [...comparing.rows(jobs)], ...comparing.totals() };
}

/** The job of one region, each runner with its result. */
export function job(
  region: string | undefined,
  results: readonly Partial<Result>[],
  more: Partial<ComparedJob> = {},
): ComparedJob {
  const full = results.map((result) => ({ name: "banner", status: "pass" as const, ...result }));
  return {
    url: URL,
    ...(region === undefined ? {} : { region }),
    state: "completed",
    runners: full.map(({ name }) => ({ name, input: { url: URL } })),
    results: full,
    ...more,
  };
}

function randomDetails({ fraction, integer, pick }: Random, depth = 0): unknown {
  const kind = integer(0, depth > 2 ? 2 : 4);
  if (kind === 0) return pick([1, 2, "a", "b", null, true, undefined]);
  if (kind === 1) return pick([0, "", []]);
  if (kind === 2) return fraction() < 0.5 ? {} : "x".repeat(integer(900, 1_200));
  const below = (): unknown => randomDetails({ fraction, integer, pick }, depth + 1);
  if (kind === 3) return Array.from({ length: integer(0, 3) }, () => below() ?? null);
  return Object.fromEntries(["a", "b c", "0"].map((key) => [key, below()]));
}

function randomResult(chance: Random, name: string, expected?: ExpectedStatus): Result {
  const { integer, pick } = chance;
  const status = pick(["pass", "fail", "error"] as const);
  return {
    name,
    status,
    ...(expected && { verdict: verdictOf(status, expected) }),
    ...(status === "error" && {
      errorMessage: pick([`Timeout after ${integer(1, 9)} ms`, "net::ERR_CERT_DATE_INVALID at x"]),
      errorSource: pick(["target", "transport"] as const),
    }),
    details: randomDetails(chance),
  };
}

/** The jobs of one url. `judged`: whether something is expected of them. */
export function randomJobs(chance: Random, judged: boolean): ComparedJob[] {
  const { integer, pick } = chance;
  const asked: RequestedRunner[] = Array.from({ length: integer(1, 3) }, () => ({
    name: pick(["banner", "title"]),
    input: { url: URL, ...pick([{}, { a: 1, b: [2] }, { b: [2], a: 1 }, { a: 2 }]) },
  }));
  const regions = REGIONS.filter(() => chance.fraction() < 0.7);
  return regions.map((region): ComparedJob => {
    const runners = asked.filter(() => chance.fraction() < 0.9);
    const expected = runners.map(() => pick(["pass", "fail"] as const));
    const state = pick(["completed", "completed", "completed", "failed", "queued"] as const);
    const results = runners.map(({ name }, index) =>
      randomResult(chance, name, judged ? expected[index] : undefined),
    );
    return {
      url: URL,
      region,
      state,
      runners,
      ...(judged && { expected }),
      results: state === "queued" ? [] : results,
    };
  });
}

export function shuffled<Item>(items: readonly Item[], { fraction }: Random): Item[] {
  return items
    .map((item) => ({ item, at: fraction() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
