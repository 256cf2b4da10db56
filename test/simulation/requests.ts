/** Valid requests by chance: every field there is, named or not, small and odd values included. */
import type { RunnerRequest, RunRequest } from "../../src/domain/run.ts";
import { present } from "../../src/lib/present.ts";
import type { Random } from "../support/random.ts";

export const REGIONS = ["eu", "us", "ap"] as const;
/** Names of the runners there are; some are what a careless map would trip over. */
export const RUNNERS = ["a", "b", "constructor", "é 名 😀"] as const;
const URLS = ["https://a.example", "https://a.example/", "http://b.example/#x"] as const;

export function randomRequest({ integer, pick }: Random): RunRequest {
  const some = <Value>(...values: readonly Value[]): Value | undefined =>
    integer(0, 1) ? pick(values) : undefined;
  const mode = pick(["remote", "remote", "remote", "local"] as const);
  const runner = (): RunnerRequest => ({
    name: pick(RUNNERS),
    input: { url: pick(URLS), ...present({ depth: some(1, 2) }) },
    ...present({ region: mode === "remote" ? pick(REGIONS) : some(...REGIONS, "mars") }),
  });
  return {
    mode,
    runners: Array.from({ length: integer(1, 14) }, runner),
    ...present({
      concurrency: some(1, 2, 3, 1_000),
      timeout: some(1, 40, 400, 3_000, 30_000),
      jobTimeout: some(1, 60, 1_000),
      retries: some(0, 1, 2, 5),
      tags: some([], ["t"], ["t", "u"]),
      expect: some({ "*": "pass" }, { "*": "fail" }),
      policy: some<NonNullable<RunRequest["policy"]>>("all", "any", "majority", { atLeast: 1 }),
    }),
  };
}
