import { describe, expect, test } from "bun:test";

import type { RunnerRequest } from "../../src/domain/run.ts";
import { fanoutJobs } from "../../src/orchestrator/fanout.ts";
import { random } from "../support/random.ts";

const A = "https://a.example";
const B = "https://b.example";
const runner = (name: string, url: string, region?: string): RunnerRequest => ({
  name,
  input: { url },
  ...(region === undefined ? {} : { region }),
});

/** `url region: names` per job. */
const outline = (runners: readonly RunnerRequest[]): string[] =>
  fanoutJobs(runners).map(
    ({ url, region, runners }) => `${url} ${region}: ${runners.map(({ name }) => name).join()}`,
  );

describe("fanoutJobs", () => {
  test("groups by url, then region, each in first-seen order", () => {
    expect(
      outline([
        runner("1", B, "us"),
        runner("2", A, "eu"),
        runner("3", B, "eu"),
        runner("4", A, "us"),
        runner("5", B, "us"),
        runner("6", A, "eu"),
      ]),
    ).toEqual([`${B} us: 1,5`, `${B} eu: 3`, `${A} eu: 2,6`, `${A} us: 4`]);
  });

  test("makes one job of all runners of a group, with their own inputs", () => {
    const runners = [
      { name: "x", region: "eu", input: { url: A, depth: 1 } },
      { name: "y", region: "eu", input: { url: A, depth: 2 } },
    ];
    expect(fanoutJobs(runners)).toEqual([
      {
        url: A,
        region: "eu",
        runners: [
          { name: "x", input: { url: A, depth: 1 } },
          { name: "y", input: { url: A, depth: 2 } },
        ],
      },
    ]);
  });

  test("finds the group of each of many regions", () => {
    const regions = Array.from({ length: 30 }, (_, index) => `region-${index}`);
    const twice = [...regions, ...regions.toReversed()];
    const runners = twice.flatMap((region, index) => [
      runner(`a${index}`, A, region),
      runner(`b${index}`, B, region),
    ]);
    const jobs = (url: string, name: string) =>
      regions.map((region, at) => `${url} ${region}: ${name}${at},${name}${59 - at}`);
    expect(outline(runners)).toEqual([...jobs(A, "a"), ...jobs(B, "b")]);
  });

  test("keeps a runner that is asked for twice twice", () => {
    expect(outline([runner("x", A, "eu"), runner("x", A, "eu")])).toEqual([`${A} eu: x,x`]);
  });

  test("keeps runners without a region apart from those of every region", () => {
    const plans = fanoutJobs([runner("1", A), runner("2", A, "undefined"), runner("3", A)]);
    expect(plans.map(({ runners }) => runners.map(({ name }) => name))).toEqual([
      ["1", "3"],
      ["2"],
    ]);
    expect(Object.hasOwn(plans[0]!, "region")).toBe(false);
  });

  test("takes urls literally", () => {
    expect(fanoutJobs([runner("1", A), runner("2", `${A}/`), runner("3", `${A}#x`)])).toHaveLength(
      3,
    );
  });

  test("is not confused by names that every object has", () => {
    const regions = ["constructor", "toString", "hasOwnProperty"];
    expect(fanoutJobs(regions.map((region) => runner("x", A, region)))).toHaveLength(3);
  });

  test("has no jobs for no runners", () => {
    expect(fanoutJobs([])).toEqual([]);
  });

  test("loses and doubles no runner, whatever is asked", () => {
    const seed = random.seed();
    const { pick, integer } = random(seed);
    for (let round = 0; round < 300; round++) {
      const runners = Array.from({ length: integer(0, 40) }, (_, index) =>
        runner(String(index), pick([A, B, `${A}/1`]), pick(["eu", "us", "ap", undefined])),
      );
      const plans = fanoutJobs(runners);
      const where = `seed ${seed}, round ${round}`;
      const groups = plans.map(({ url, region }) => `${url} ${region}`);
      expect(new Set(groups).size, where).toBe(plans.length);
      const first = plans.map(({ runners }) => Number(runners[0]?.name));
      for (const { region, runners: group, url } of plans) {
        const asked = runners.filter((it) => it.input?.url === url && it.region === region);
        expect(
          group.map(({ name }) => name),
          where,
        ).toEqual(asked.map(({ name }) => name));
      }
      // Jobs of one url stand together, urls and regions in the order they were first seen.
      const urls = [...new Set(runners.map(({ input }) => input!.url!))];
      const expected = urls.flatMap((url) => first.filter((at) => runners[at]?.input?.url === url));
      expect(first, where).toEqual(expected);
      const perUrl = urls.map((url) => first.filter((at) => runners[at]?.input?.url === url));
      expect(perUrl, where).toEqual(perUrl.map((ats) => ats.toSorted((a, b) => a - b)));
      expect(
        plans.reduce((sum, plan) => sum + plan.runners.length, 0),
        where,
      ).toBe(runners.length);
    }
  });
});
