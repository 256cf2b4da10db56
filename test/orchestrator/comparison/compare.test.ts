/** What holds of every comparison, over random runs; TEST_SEED repeats one. */
import { describe, expect, test } from "bun:test";

import { Comparison } from "../../../src/domain/comparison.ts";
import type { Policy } from "../../../src/domain/expectation.ts";
import type { ComparedJob } from "../../../src/orchestrator/comparison/rows.ts";
import { schemaFaultsOf } from "../../http/schema.ts";
import { random } from "../../support/random.ts";
import { compare, job, randomJobs, shuffled } from "./cells.ts";

const ROUNDS = 400;
const POLICIES: readonly Policy[] = ["all", "any", "majority", { atLeast: 2 }];

const sorted = (cells: readonly unknown[]): string[] =>
  cells.map((cell) => Bun.inspect(cell, { sorted: true })).toSorted();

const numbers = (from: number): number[] =>
  Array.from({ length: 10_000 }, (_, index) => index + from);

/** Runs a property on random jobs, and says with which seed it failed. */
function holds(
  property: (
    jobs: ReturnType<typeof randomJobs>,
    chance: ReturnType<typeof random>,
    policy: Policy,
  ) => void,
) {
  const seed = random.seed();
  for (let round = 0; round < ROUNDS; round++) {
    const chance = random(seed + round);
    const jobs = randomJobs(chance, chance.fraction() < 0.5);
    try {
      property(jobs, chance, chance.pick(POLICIES));
    } catch (error) {
      throw new Error(`TEST_SEED=${seed + round}`, { cause: error });
    }
  }
}

const failed = (region: string, line: string): ComparedJob =>
  job(region, [{ status: "fail", details: { title: "a", consoleErrors: [line] } }]);

const paths = (jobs: readonly ComparedJob[]) =>
  compare(jobs).rows[0]?.differences.map(({ path }) => path);

describe("Compare", () => {
  test("does not depend on the order of regions or of a region's runners", () => {
    holds((jobs, chance, policy) => {
      const other = shuffled(jobs, chance).map((one) => {
        const order = shuffled([...one.runners.keys()], chance);
        const pick = <Item>(items: readonly Item[]): Item[] => order.map((at) => items[at]!);
        return {
          ...one,
          runners: pick(one.runners),
          ...(one.expected && { expected: pick(one.expected) }),
          results: one.results.length > 0 ? pick(one.results) : [],
        };
      });
      expect(compare(other, { policy })).toEqual(compare(jobs, { policy }));
    });
  });

  test("has each requested runner in exactly one cell", () => {
    holds((jobs) => {
      const { rows } = compare(jobs);
      const told = rows.flatMap(({ cells, input = {}, runner }) =>
        cells.map(({ region, state, status }) => ({ runner, input, region, state, status })),
      );
      const asked = jobs.flatMap(({ region, results, runners, state }) =>
        runners.map(({ input, name }, index) => {
          const { url: _url, ...rest } = input ?? {};
          const status = results[index]?.status;
          return { runner: name, input: rest, region, state: status ? undefined : state, status };
        }),
      );
      expect(sorted(told)).toEqual(sorted(asked));
    });
  });

  test("loses no cell of a difference, and none is in two answers", () => {
    holds((jobs) => {
      for (const { cells, differences } of compare(jobs).rows) {
        const answered = cells.filter(({ status }) => status !== undefined);
        for (const { answers, path } of differences) {
          expect(answers.length).toBeGreaterThan(1);
          const counted = answers.reduce((sum, answer) => sum + answer.cells, 0);
          if (path === "status") expect(counted).toBe(answered.length);
          expect(counted).toBeLessThanOrEqual(answered.length);
          for (const answer of answers) {
            expect(answer.regions.length).toBeLessThanOrEqual(answer.cells);
            expect(answer.regions).toEqual([...new Set(answer.regions)].toSorted());
          }
        }
        const statuses = new Set(answered.map(({ status }) => status));
        expect(differences.some(({ path }) => path === "status")).toBe(statuses.size > 1);
      }
    });
  });

  test("counts each red cell for exactly one cause, and gives it a command", () => {
    holds((jobs) => {
      const { causes, changes, red, rows } = compare(jobs);
      const cells = rows.flatMap((row) => row.cells);
      const isRed = ({ expected = "pass", status }: (typeof cells)[number]) =>
        status !== undefined && status !== expected;
      expect(red).toBe(cells.filter(isRed).length);
      expect(causes.reduce((sum, cause) => sum + cause.cells, 0)).toBe(red);
      for (const cell of cells) expect(cell.rerun !== undefined).toBe(isRed(cell));
      expect(Object.values(changes).reduce((sum, count) => sum + count)).toBe(cells.length);
    });
  });

  test("an expectation never hides an error", () => {
    holds((jobs, _chance, policy) => {
      const { causes, rows } = compare(jobs, { policy });
      for (const { cells, localized = [], verdict } of rows) {
        for (const cell of cells.filter(({ status }) => status === "error")) {
          expect(cell.verdict ?? "unexpected").toBe("unexpected");
          expect(causes.flatMap(({ regions }) => regions)).toContain(cell.region as string);
          if (verdict === "expected") expect(localized).toContain(cell.region as string);
        }
      }
    });
  });

  test("is what the API says it is", () => {
    holds((jobs) => {
      const frame = { runId: "run_1", mode: "remote", state: "completed", ignore: [] };
      const summary = { total: 0, passed: 0, failed: 0, errored: 0 };
      const told = JSON.parse(JSON.stringify({ ...frame, summary, ...compare(jobs) }));
      expect(schemaFaultsOf(Comparison, told)).toEqual([]);
    });
  });

  test("tells what differs, grouped by equal answers", () => {
    const jobs = [
      job("us-east-1", [{ status: "fail", details: { visible: false, at: 1 } }]),
      job("eu-west-1", [{ details: { visible: true, at: 2 } }]),
      job("ap-southeast-1", [{ status: "fail", details: { at: 3, visible: false } }]),
    ];
    const { rows } = compare(jobs, { ignore: [["details", "at"]] });
    const overseas = { regions: ["ap-southeast-1", "us-east-1"], cells: 2 };
    expect(rows.map(({ differences }) => differences)).toEqual([
      [
        {
          path: "status",
          answers: [
            { value: "fail", ...overseas },
            { value: "pass", regions: ["eu-west-1"], cells: 1 },
          ],
        },
        {
          path: "details.visible",
          answers: [
            { value: false, ...overseas },
            { value: true, regions: ["eu-west-1"], cells: 1 },
          ],
        },
      ],
    ]);
  });

  test("leaves the picture of a failed page out, and errors without details", () => {
    const jobs = [
      job("eu", [{ details: { title: "a" } }]),
      job("us", [
        { status: "fail", details: { title: "a", screenshot: "data:image/png;base64,AA" } },
      ]),
      job("ap", [{ status: "error", errorMessage: "boom" }]),
    ];
    const [row] = compare(jobs).rows;
    expect(row?.differences.map(({ path }) => path)).toEqual(["status"]);
  });

  test("compares the console of failed pages where all have failed", () => {
    const passed = job("ap", [{ details: { title: "a" } }]);
    expect(paths([failed("eu", "x"), failed("us", "y"), passed])).toEqual(["status"]);
    expect(paths([failed("eu", "x"), failed("us", "y")])).toEqual(["details.consoleErrors[0]"]);
  });

  test("shortens long values without taking different ones for equal", () => {
    const long = "x".repeat(5_000);
    const jobs = [`${long}a`, `${long}b`, `${long}a`].map((text, index) =>
      job(`r${index}`, [{ details: { text } }]),
    );
    const [difference] = compare(jobs).rows[0]?.differences ?? [];
    expect(difference?.answers.map(({ regions }) => regions)).toEqual([["r0", "r2"], ["r1"]]);
    expect(JSON.stringify(difference).length).toBeLessThan(1_000);
    const digests = difference?.answers.map(({ shortened }) => shortened?.sha256);
    expect(new Set(digests).size).toBe(2);
  });

  test("stops listing differences when there are too many", () => {
    const jobs = [0, 1].map((from) => job(`r${from}`, [{ details: { numbers: numbers(from) } }]));
    const [row] = compare(jobs).rows;
    expect([row?.differences.length, row?.moreDifferences]).toEqual([100, true]);
  });

  test("compares local jobs under one name", () => {
    const { causes, regions } = compare([job(undefined, [{ status: "fail" }])]);
    expect(regions).toEqual(["local"]);
    expect(causes).toEqual([
      {
        cause: "banner answered fail",
        status: "fail",
        cells: 1,
        regions: ["local"],
        where: "local",
        runners: ["banner"],
      },
    ]);
  });
});
