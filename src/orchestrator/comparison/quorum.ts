/** Quorum: whether enough regions of a row answered as expected, and which did not. Pure. */
import { type ComparedCell, NO_REGION } from "../../domain/comparison.ts";
import { meetsPolicy, type Policy, type Verdict } from "../../domain/expectation.ts";

export interface Quorum {
  readonly verdict: Verdict;
  /** Regions that did not answer as expected although the policy was met, sorted. */
  readonly localized: readonly string[];
}

/**
 * The verdict on one row; undefined as long as a cell has none. A region that was asked twice
 * answers as expected if it does so both times.
 */
export function quorumOf(
  cells: readonly Pick<ComparedCell, "region" | "verdict">[],
  policy: Policy,
): Quorum | undefined {
  const regions = new Map<string, boolean>();
  for (const { region = NO_REGION, verdict } of cells) {
    if (verdict === undefined) return undefined;
    regions.set(region, (regions.get(region) ?? true) && verdict === "expected");
  }
  const below = [...regions].flatMap(([region, expected]) => (expected ? [] : [region]));
  const met = meetsPolicy(policy, regions.size - below.length, regions.size);
  return {
    verdict: met ? "expected" : "unexpected",
    localized: met ? below.toSorted() : [],
  };
}

/** The verdict on a run, row by row: expected if every row is. */
export class RunQuorum {
  verdict: Verdict = "expected";
  readonly #localized = new Set<string>();

  add({ localized, verdict }: Quorum): void {
    if (verdict === "unexpected") this.verdict = verdict;
    for (const region of localized) this.#localized.add(region);
  }

  /** Regions below the policy where it was met all the same, sorted. */
  get localized(): string[] {
    return [...this.#localized].toSorted();
  }
}
