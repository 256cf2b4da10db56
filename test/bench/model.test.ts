/** The model of a fleet, where what it must say can be told without it. */
import { describe, expect, test } from "bun:test";

import { fit } from "../../scripts/model/measure.ts";
import { predictFleet, predictRuns } from "../../scripts/model/predict.ts";
import { Agenda, type Cost, type Costs, Database } from "../../scripts/model/simulate.ts";
import { random } from "../support/random.ts";

const free: Cost = { work: 0, wait: 0 };
const costs = (record: Costs["record"]): Costs => ({
  record,
  submit: free,
  endRun: free,
  renew: free,
  claim: free,
});

describe("Agenda", () => {
  test("lets things happen in their order, those of one moment as they were planned", () => {
    const { integer } = random(7);
    const agenda = new Agenda();
    const seen: [number, number][] = [];
    for (let index = 0; index < 500; index++) {
      const at = integer(0, 50);
      agenda.after(at, () => seen.push([agenda.now, index]));
    }
    agenda.run();
    expect(seen).toHaveLength(500);
    expect(seen).toEqual(seen.toSorted(([a, i], [b, j]) => a - b || i - j));
  });
});

describe("Database", () => {
  test("works on as many statements as it has processors; all wait for the disk at once", () => {
    const agenda = new Agenda();
    const database = new Database(agenda, 2);
    const done: number[] = [];
    for (let index = 0; index < 4; index++) {
      database.execute({ work: 10, wait: 5 }, () => done.push(agenda.now));
    }
    agenda.run();
    expect(done).toEqual([15, 15, 25, 25]);
  });
});

describe("predictRuns", () => {
  const shape = { jobs: 100, concurrency: 10, endpointMs: () => 50 };

  test("is the window alone where records cost nothing", () => {
    expect(
      predictRuns(
        costs(() => free),
        3,
        2,
        shape,
      ),
    ).toBe(500);
  });

  test("adds a start and an end to every turn of the window", () => {
    // Ten slots move in step: each of their groups is one statement.
    expect(
      predictRuns(
        costs(() => ({ work: 2, wait: 3 })),
        1,
        1,
        shape,
      ),
    ).toBe(10 * 60);
  });

  test("is bound by the database once it has more to do than time", () => {
    const busy = predictRuns(
      costs((rows) => ({ work: rows, wait: 0 })),
      4,
      1,
      shape,
    );
    // 4 replicas, 100 jobs, a start and an end of each: 800 ms of work for one processor.
    expect(busy).toBeGreaterThanOrEqual(800);
    expect(busy).toBeLessThan(1_400);
  });
});

describe("predictFleet", () => {
  test("counts what replicas ask for, and takes over within lease and poll", () => {
    const { claims, renewals, takeoverMs } = predictFleet(
      costs(() => free),
      {
        replicas: 100,
        jobsPerDay: 1_000_000,
        jobsPerRun: 10,
        endpointMs: 100,
        leaseMs: 15_000,
        pollMs: 2_000,
        processors: 4,
        durationMs: 60_000,
        random: random(1).fraction,
      },
    );
    expect(claims).toBeCloseTo(50, 0);
    expect(renewals).toBeCloseTo(20, 0);
    expect(takeoverMs.median).toBeGreaterThan(10_000);
    expect(takeoverMs.worst).toBeLessThanOrEqual(17_000);
  });
});

describe("fit", () => {
  test("finds the line through points on a line", () => {
    const { base, perRow } = fit([1, 8, 32].map((x) => [x, 2 + 0.5 * x] as const));
    expect(base).toBeCloseTo(2);
    expect(perRow).toBeCloseTo(0.5);
  });
});
